#!/usr/bin/env bash
# Builds the images and writes them as docker-archives: images/build.sh [agent|postgres|all]
# With docker or podman where one works; else with buildah on a base image made from Debian's packages, so that no image registry is needed.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
REPO=$(dirname "$HERE")
CACHE=${CLUSTER_CACHE:-/var/cache/cdk8s-postgres}
IMAGES=$CACHE/images
# shellcheck source=base.sh
. "$HERE/base.sh"

die() { echo "images/build.sh: $*" >&2; exit 1; }

# A client may be installed whose service does not answer: ask it.
builder() {
  local client
  for client in docker podman; do
    if command -v "$client" >/dev/null && "$client" info >/dev/null 2>&1; then echo "$client"; return; fi
  done
  command -v buildah >/dev/null || die "there is neither a working docker or podman nor buildah (apt-get install buildah debootstrap)"
  echo buildah
}

own_buildah() {
  BUILDAH_ISOLATION=chroot buildah --root "$CACHE/buildah/storage" --runroot "$CACHE/buildah/run" --storage-driver overlay "$@"
}

# build NAME ARCHIVE IMAGE INPUT...: not again while its inputs are the same. The archive is replaced in one step: who loads it sees the old one or the new one.
build() {
  local name=$1 id=$IMAGES/$2.id log=$IMAGES/$2.log archive=$IMAGES/$2.tar image=$3 builder key
  shift 3
  key=$(cat "$HERE/$name/Dockerfile" "$HERE/base.sh" "$@" | sha256sum | cut -c1-16)
  [ "$(cat "$id" 2>/dev/null)" = "$key" ] && [ -f "$archive" ] && return
  builder=$(builder)
  rm -f "$id" "$archive.new"
  if [ "$builder" = buildah ]; then
    make_base
    own_buildah build --quiet --layers --pull-never --tag "$image" --file "$HERE/$name/Dockerfile" "$REPO" > "$log" 2>&1 ||
      { cat "$log" >&2; die "building $image failed"; }
    own_buildah push --quiet "$image" "docker-archive:$archive.new:$image"
  else
    "$builder" build --quiet --tag "$image" --file "$HERE/$name/Dockerfile" "$REPO" > /dev/null
    "$builder" save --output "$archive.new" "$image"
  fi
  mv "$archive.new" "$archive"
  echo "$key" > "$id"
  echo "built $image with $builder: $archive ($(du -m "$archive" | cut -f1) MB)" >&2
}

build_postgres() { build postgres postgres localhost/cdk8s-postgres:17; }

build_agent() {
  local file parts=()
  for file in node pgguard agent.cjs; do
    [ -s "$REPO/dist/agent/$file" ] || die "dist/agent/$file is missing: run npm run build:agent"
    parts+=("$REPO/dist/agent/$file")
  done
  # AGENT_TAG keeps the images of several checkouts on one machine apart.
  build agent "agent${AGENT_TAG:+-$AGENT_TAG}" "localhost/cdk8s-postgres-agent:${AGENT_TAG:-dev}" "${parts[@]}"
}

mkdir -p "$IMAGES"
exec 5>"$CACHE/images.lock"
flock 5
case ${1:-all} in
  agent) build_agent ;;
  postgres) build_postgres ;;
  all) build_postgres; build_agent ;;
  *) die "usage: images/build.sh [agent|postgres|all]" ;;
esac
