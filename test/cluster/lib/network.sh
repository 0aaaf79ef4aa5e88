# The network: one namespace per node and one for the control plane, joined by a bridge in the latter. Pods have 10.244.N.0/24 on node N,
# routed, so that a node can be cut off by pulling its cable (the host side of its veth) and nothing leaves these namespaces.

namespace_of() { echo "$PREFIX-$1"; }
in_network() { local where=$1; shift; nsenter --net="/var/run/netns/$(namespace_of "$where")" -- "$@"; }

make_network() {
  local node other
  ip netns add "$(namespace_of cp)"
  in_network cp sh -euc "
    ip link set lo up
    ip link add nodes type bridge forward_delay 0
    ip addr add $CP_ADDRESS/24 dev nodes
    ip link set nodes up
    ip route add default via $CP_ADDRESS       # without a default route the API server finds no address of its own
    echo 1 > /proc/sys/net/ipv4/ip_forward"
  for node in "${NODES[@]}"; do
    ip netns add "$(namespace_of "$node")"
    in_network cp sh -euc "
      ip link add $node type veth peer name eth0 netns $(namespace_of "$node")
      ip link set $node master nodes up
      ip route add $(node_pods "$node") via $(node_address "$node")"
    in_network "$node" sh -euc "
      ip link set lo up
      ip addr add $(node_address "$node")/24 dev eth0
      ip link set eth0 up
      ip route add default via $CP_ADDRESS
      echo 1 > /proc/sys/net/ipv4/ip_forward"
    for other in "${NODES[@]}"; do
      [ "$other" = "$node" ] || in_network "$node" ip route add "$(node_pods "$other")" via "$(node_address "$other")"
    done
  done
}

remove_network() {
  local where
  for where in "${NODES[@]}" cp; do
    ip netns list 2>/dev/null | grep -q "^$(namespace_of "$where")\b" || continue
    ip netns delete "$(namespace_of "$where")"
  done
}
