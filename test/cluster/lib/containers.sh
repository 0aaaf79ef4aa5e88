# Containers as the nodes know them: these commands also work while the API server is stopped or the node is cut off.

node_ctr() { local node=$1; shift; ctr --address "$(node_socket "$node")" --namespace k8s.io "$@"; }

# running_on NODE NAMESPACE POD [CONTAINER]: ids of the containers with a task there
running_on() {
  local node=$1 filter
  filter="labels.\"io.kubernetes.pod.namespace\"==$2,labels.\"io.kubernetes.pod.name\"==$3,labels.\"io.cri-containerd.kind\"==container"
  [ -z "${4-}" ] || filter+=",labels.\"io.kubernetes.container.name\"==$4"
  comm -12 <(node_ctr "$node" containers list -q "$filter" | sort) <(node_ctr "$node" tasks list | awk 'NR > 1 && $3 != "STOPPED" {print $1}' | sort)
}

running_container() {
  [ $# = 3 ] || die "containerd-id needs: NAMESPACE POD CONTAINER"
  local node id found=
  for node in "${NODES[@]}"; do
    for id in $(running_on "$node" "$@"); do echo "$node $id"; found=1; done
  done
  [ -n "$found" ] || die "no container $3 of pod $1/$2 runs on any node"
}

node_of_pod() {
  [ $# = 2 ] || die "node-of needs: NAMESPACE POD"
  local node
  for node in "${NODES[@]}"; do
    [ -z "$(running_on "$node" "$@")" ] || { echo "$node"; return; }
  done
  die "no container of pod $1/$2 runs on any node"
}

# freeze_container pause|resume NAMESPACE POD CONTAINER
freeze_container() {
  [ $# = 4 ] || die "$1 needs: NAMESPACE POD CONTAINER"
  local containers node id
  containers=$(running_container "${@:2}")
  while read -r node id; do node_ctr "$node" tasks "$1" "$id"; done <<< "$containers"
}
