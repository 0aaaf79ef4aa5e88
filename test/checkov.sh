#!/usr/bin/env bash
# Installs checkov from PyPI into the tests' cache, and says where it is. Does nothing else where this version of it is there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
versions=$here/checkov.txt
# With pip alone it takes minutes: it reads the hundred packages one after the other.
UV=uv==0.13.9

if [ "$(id -u)" = 0 ]; then cache=/var/cache/cdk8s-postgres; else cache=${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-postgres; fi
venv=${CLUSTER_CACHE:-$cache}/checkov

install() {
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check "$UV"
  "$venv/bin/uv" pip install --quiet --no-cache --python "$venv/bin/python" --requirement "$versions"
  # Last, so that what was broken off is not taken for whole.
  cp "$versions" "$venv/versions.txt"
}

mkdir -p "$(dirname "$venv")"
exec 9>"$venv.lock"
flock 9
cmp -s "$versions" "$venv/versions.txt" || install >&2
echo "$venv/bin/checkov"
