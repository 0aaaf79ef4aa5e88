#!/usr/bin/env bash
# The image of the peer, made by buildah beside the others; not again while it is the same.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
CACHE=${CLUSTER_CACHE:-/var/cache/cdk8s-postgres}
IMAGE=localhost/cdk8s-postgres-bench-patroni:17
archive=$CACHE/images/bench-patroni.tar
"$HERE/../../../images/build.sh" postgres >&2
key=$(cat "$HERE/Dockerfile" "$CACHE/images/postgres.id" | sha256sum | cut -c1-16)
if [ "$(cat "$CACHE/images/bench-patroni.id" 2>/dev/null)" != "$key" ] || [ ! -f "$archive" ]; then
  buildah() { BUILDAH_ISOLATION=chroot command buildah --root "$CACHE/buildah/storage" --runroot "$CACHE/buildah/run" --storage-driver overlay "$@"; }
  buildah build --quiet --layers --pull-never --tag "$IMAGE" --file "$HERE/Dockerfile" "$HERE" >&2
  rm -f "$archive" "$CACHE/images/bench-patroni.id"
  buildah push --quiet "$IMAGE" "docker-archive:$archive:$IMAGE" >&2
  echo "$key" > "$CACHE/images/bench-patroni.id"
fi
echo "$archive"
