# What the person sees: steps with their time on stderr, errors that say what to do.
STARTED=$(date +%s%N)

say() { printf '[%6.1fs] %s\n' "$(($(($(date +%s%N) - STARTED)) / 100000000))e-1" "$*" >&2; }
die() { echo "cluster: $*" >&2; exit 1; }

need_root() { [ "$(id -u)" = 0 ] || die "this needs root (network namespaces, mounts, cgroups): run it with sudo"; }
need_running() { [ -e "$RUN/up" ] || die "the cluster '$NAME' is not up: run test/cluster/cluster up"; }
need_node() { [ -n "$(node_number "$1")" ] || die "no node '$1'; the nodes are: ${NODES[*]}"; }

# wait_for SECONDS WHAT COMMAND...: until COMMAND succeeds
wait_for() {
  local seconds=$1 what=$2 end
  shift 2
  end=$(($(date +%s) + seconds))
  until "$@" >/dev/null 2>&1; do
    [ "$(date +%s)" -lt "$end" ] || die "waited $seconds s in vain for $what; see test/cluster/cluster logs"
    sleep 0.1
  done
}
