#!/usr/bin/env bash
# An image with a real S3 server for the scenarios with backups: versitygw, built from its Go module, on nothing.
# Written as a docker-archive beside the others, where test/cluster/cluster loads it from; not again while it is the same. Prints the archive's path.
set -euo pipefail
VERSION=v1.8.0
IMAGE=localhost/cdk8s-postgres-test-s3:$VERSION
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../cluster" && pwd)
for part in settings say system-image; do
  # shellcheck source=/dev/null
  . "$HERE/lib/$part.sh"
done

mkdir -p "$IMAGES"
exec 5>"$CACHE/s3-image.lock"
flock 5
key=$(cat "${BASH_SOURCE[0]}" "$HERE/lib/system-image.sh" | sha256sum | cut -c1-16)
archive=$IMAGES/s3.tar
[ "$(cat "$IMAGES/s3.id" 2>/dev/null)" = "$key" ] && [ -f "$archive" ] && { echo "$archive"; exit; }
command -v go >/dev/null || die "Go is not installed"
say "building the S3 server (versitygw $VERSION) from its Go module"
work=$(mktemp -d "$CACHE/s3.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/root/bin" "$work/root/tmp"
CGO_ENABLED=0 GOBIN="$work/root/bin" go install -trimpath -ldflags "-s -w" "github.com/versity/versitygw/cmd/versitygw@$VERSION"
# Not the folder of the cluster's own image, which may be built at the same time.
CACHE=$work docker_archive "$work/root" '["/bin/versitygw"]' "$IMAGE" "$work/s3.tar"
rm -f "$IMAGES/s3.id"
mv "$work/s3.tar" "$archive"
echo "$key" > "$IMAGES/s3.id"
echo "$archive"
