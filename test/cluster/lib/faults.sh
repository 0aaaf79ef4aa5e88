# Faults that tests make.

# The cable is pulled on the bridge's side: the node itself, and what runs on it, sees only that nobody answers any more.
partition_node() {
  need_node "${1-}"
  case ${2-} in
    on) in_network cp ip link set "$1" down ;;
    off) in_network cp ip link set "$1" up ;;
    *) die "partition needs: NODE on|off" ;;
  esac
}

# Packets of one direction are dropped in the node, both its own and its pods': mangle's hooks see them all.
cut_one_way() {
  need_node "${1-}"
  local node=$1 drop=(-m comment --comment one-way-cut -j DROP)
  case ${2-} in
    in) in_network "$node" iptables -w -t mangle -I PREROUTING -i eth0 "${drop[@]}" ;;
    out) in_network "$node" iptables -w -t mangle -I POSTROUTING -o eth0 "${drop[@]}" ;;
    off)
      while in_network "$node" iptables -w -t mangle -D PREROUTING -i eth0 "${drop[@]}" 2>/dev/null; do :; done
      while in_network "$node" iptables -w -t mangle -D POSTROUTING -o eth0 "${drop[@]}" 2>/dev/null; do :; done ;;
    *) die "oneway needs: NODE in|out|off" ;;
  esac
}

switch_apiserver() {
  case ${1-} in
    stop) kill_daemon kube-apiserver ;;
    start)
      is_running kube-apiserver || start_apiserver
      wait_for 60 "the API server" apiserver_ready ;;
    *) die "apiserver needs: stop|start" ;;
  esac
}

heal() {
  local node id
  for node in "${NODES[@]}"; do
    partition_node "$node" off
    cut_one_way "$node" off
    for id in $(node_ctr "$node" tasks list | awk '$3 == "PAUSED" {print $1}'); do node_ctr "$node" tasks resume "$id"; done
  done
  switch_apiserver start
}

exec_in_control_plane() {
  [ $# -gt 0 ] || die "exec-cp needs a command"
  # Cluster DNS names are resolved too: a resolv.conf of the command's own, in a mount namespace of its own.
  printf 'nameserver %s\nsearch svc.cluster.local cluster.local\noptions ndots:5\n' "$CP_ADDRESS" > "$RUN/resolv.conf"
  in_network cp unshare --mount -- sh -c 'mount --bind "$0" "$(readlink -f /etc/resolv.conf)" && exec "$@"' "$RUN/resolv.conf" "$@"
}
