#!/usr/bin/env bash
# Builds the images and writes them as docker-archives: images/build.sh [agent|postgres|all]
# With docker or podman where one works; else with buildah on a base image made from Debian's packages, so that no image registry is needed.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
REPO=$(dirname "$HERE")
CACHE=${CLUSTER_CACHE:-/var/cache/cdk8s-postgres}
IMAGES=$CACHE/images
BASE=docker.io/library/debian:trixie-slim
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

# build NAME IMAGE: the archive is replaced in one step, so that whoever loads it sees the old or the new one
build() {
  local archive=$IMAGES/$1.tar builder
  builder=$(builder)
  mkdir -p "$IMAGES"
  case $builder in
    buildah)
      make_base
      own_buildah build --quiet --layers --pull-never --tag "$2" --file "$HERE/$1/Dockerfile" "$REPO" > "$IMAGES/$1.log" 2>&1 || { cat "$IMAGES/$1.log" >&2; die "building $2 failed"; }
      rm -f "$archive.new"
      own_buildah push --quiet "$2" "docker-archive:$archive.new:$2" ;;
    *)
      "$builder" build --quiet --tag "$2" --file "$HERE/$1/Dockerfile" "$REPO" > /dev/null
      "$builder" save --output "$archive.new" "$2" ;;
  esac
  mv "$archive.new" "$archive"
  echo "built $2 with $builder: $archive ($(du -m "$archive" | cut -f1) MB)" >&2
}

build_agent() {
  local file
  for file in node pgguard agent.cjs; do
    [ -s "$REPO/dist/agent/$file" ] || die "dist/agent/$file is missing: run npm run build:agent"
  done
  build agent localhost/cdk8s-postgres-agent:dev
}

# Its inputs are these files alone, so it is built again only when they change.
build_postgres() {
  local key
  key=$(cat "$HERE/postgres/Dockerfile" "$HERE/base.sh" | sha256sum | cut -c1-16)
  [ "$(cat "$IMAGES/postgres.id" 2>/dev/null)" = "$key" ] && [ -f "$IMAGES/postgres.tar" ] && return
  build postgres localhost/cdk8s-postgres:17
  echo "$key" > "$IMAGES/postgres.id"
}

case ${1:-all} in
  agent) build_agent ;;
  postgres) build_postgres ;;
  all) build_postgres; build_agent ;;
  *) die "usage: images/build.sh [agent|postgres|all]" ;;
esac
