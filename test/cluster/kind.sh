#!/usr/bin/env bash
# The same three zones with docker and kind, for machines that have docker: the demo and the tests use it by the same verbs as ./cluster.
# Images are loaded from archives, so no registry holds the product's own; kind's node image is pulled by docker.
set -euo pipefail
HERE=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" && pwd)
REPO=$(cd "$HERE/../.." && pwd)
CACHE=${CLUSTER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/cdk8s-postgres}
NAME=cdk8s-postgres-${CLUSTER_NAME:-dev}
export CLUSTER_CACHE=$CACHE KUBECONFIG=$CACHE/$NAME.kubeconfig

die() { echo "kind.sh: $*" >&2; exit 1; }
kind() { if command -v kind >/dev/null; then command kind "$@"; else go run sigs.k8s.io/kind@v0.30.0 "$@"; fi; }
kubectl() { if command -v kubectl >/dev/null; then command kubectl "$@"; else docker exec -i "$NAME-control-plane" kubectl --kubeconfig /etc/kubernetes/admin.conf "$@"; fi; }

config() {
  echo 'kind: Cluster'
  echo 'apiVersion: kind.x-k8s.io/v1alpha4'
  echo 'nodes:'
  echo '  - role: control-plane'
  for zone in a b c; do printf '  - role: worker\n    labels: {topology.kubernetes.io/zone: %s}\n' "$zone"; done
}

up() {
  mkdir -p "$CACHE"
  kind get clusters 2>/dev/null | grep -qx "$NAME" || config | kind create cluster --name "$NAME" --kubeconfig "$KUBECONFIG" --config - --wait 120s
  kind export kubeconfig --name "$NAME" --kubeconfig "$KUBECONFIG"
  "$REPO/images/build.sh" all
  load postgres agent
}

load() {
  local image
  for image in "$@"; do
    [ -f "$image" ] || image=$CACHE/images/$image.tar
    [ -f "$image" ] || die "no archive $image: images/build.sh makes agent and postgres"
    kind load image-archive "$image" --name "$NAME"
  done
}

docker info >/dev/null 2>&1 || die "docker does not answer (is its service running, and may you use it?)"
command=${1-}
shift || true
case $command in
  up) up ;;
  down) kind delete cluster --name "$NAME" --kubeconfig "$KUBECONFIG" && rm -f "$KUBECONFIG" ;;
  load) load "$@" ;;
  kubectl) kubectl "$@" ;;
  env) echo "export KUBECONFIG=$KUBECONFIG" ;;
  *) die "usage: test/cluster/kind.sh up | down | load TAR|NAME... | kubectl ARGS... | env" ;;
esac
