#!/usr/bin/env bash
# Installs what the tests of the agent run against on this machine: a PostgreSQL server from Debian's packages, without a cluster of its own,
# pgBackRest and pgBouncer, Python's venv, Prometheus for the tests of the alerts, checkov for those of the examples, and the programs of the test cluster. Does nothing where they are there.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

missing=()
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
command -v pgbackrest >/dev/null || missing+=(pgbackrest)
command -v pgbouncer >/dev/null || missing+=(pgbouncer)
python3 -c 'import ensurepip' >/dev/null 2>&1 || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
  [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || {
    echo "the tests need PostgreSQL's server programs below /usr/lib/postgresql, pgbackrest, pgbouncer and Python with venv; not here: ${missing[*]} (Debian's names)" >&2
    exit 1
  }
  apt-get update -qq
  # Debian would otherwise start a server for everybody.
  mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
fi

"$here/prometheus.sh"
"$here/checkov.sh" > /dev/null

exec "$here/cluster/cluster" build
