# Where everything is. One cluster is known by its name: its folder, its network namespaces and its cgroup carry it.
NAME=${CLUSTER_NAME:-dev}
CACHE=${CLUSTER_CACHE:-/var/cache/cdk8s-postgres}
REPO=$(cd "$HERE/../.." && pwd)

BIN=$CACHE/bin          # programs built from Go modules
IMAGES=$CACHE/images    # docker-archives
RUN=$CACHE/clusters/$NAME
PREFIX=cpg-$NAME        # of network namespaces, and the name of the cgroup
KUBECONFIG=$RUN/kubeconfig
PATH=$BIN:$PATH:/usr/sbin:/sbin

KUBERNETES_VERSION=v1.34.4
PROVISIONER_VERSION=v0.0.30
SYSTEM_IMAGE=localhost/cdk8s-postgres-test-system:dev

NODES=(node-a node-b node-c)
CP_ADDRESS=10.99.0.1
SERVICE_RANGE=10.96.0.0/16
KUBERNETES_SERVICE=10.96.0.1
DNS_SERVICE=10.96.0.10

# The nodes are numbered from 1; addresses follow from the number.
node_number() { local i; for i in "${!NODES[@]}"; do [ "${NODES[$i]}" = "$1" ] && echo $((i + 1)); done; }
node_address() { echo "10.99.0.$((10 + $(node_number "$1")))"; }
node_pods() { echo "10.244.$(node_number "$1").0/24"; }
node_zone() { echo "${1#node-}"; }
node_socket() { echo "$RUN/$1/containerd.sock"; }

[[ $NAME =~ ^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$ ]] || { echo "cluster: CLUSTER_NAME=$NAME: use 1 to 20 of a-z, 0-9 and -" >&2; exit 2; }
