# Up and down. "Up" is idempotent: a healthy cluster is reused; whatever else is found under its name is taken away first.

cluster_up() { with_cluster_lock up_locked; }

up_locked() {
  refuse_if_used_by_others
  with_build_lock build_images
  # A killed test may have left a fault behind; where somebody is using the cluster, the fault is his.
  ! [ -e "$RUN/up" ] || in_use || heal_quietly
  if is_healthy; then
    own
    load_built_images
    say "the cluster '$NAME' is up already: 3 nodes, Kubernetes $KUBERNETES_VERSION"
    return
  fi
  ! in_use || die "the cluster '$NAME' is in use and not healthy just now (a test may be making a fault): wait for it, or run test/cluster/cluster down"
  anything_left && { say "taking away what an earlier run left of the cluster '$NAME'"; take_down; }
  own
  bring_up
}

# For who has nothing but what was printed: what each node's programs said last.
last_words() { tail -n 3 "$RUN"/logs/{containerd,kubelet}-*.log | cut -c1-400; }

# What the running cluster was started from: another checkout does not reuse what it would have built otherwise.
recipe() { (cd "$HERE" && cat cluster lib/*.sh manifests/* "$BIN/.key" "$IMAGES/system.id"; echo "$KUBERNETES_VERSION") | sha256sum | cut -c1-16; }

is_healthy() {
  [ -e "$RUN/up" ] || return 1
  all_run || return 1
  # A kubelet that has lost the API server looks at its node again up to a minute after it is back (a reflector waits up to 30 s, doubled by
  # chance), and until then it renews its heartbeat without taking back that it was said to be away.
  wait_quietly 90 nodes_ready || { say "not all nodes are ready"; last_words >&2; return 1; }
  [ "$(cat "$RUN/recipe")" != "$(recipe)" ] || return 0
  [ "$(owner)" = "$REPO" ] || { say "the running cluster was started by another checkout, from other scripts"; return 1; }
  say "note: the running cluster was started by an older state of test/cluster; 'cluster down' first to have the new one"
}

heal_quietly() { (heal) > "$RUN/logs/heal.log" 2>&1 || true; }

all_run() {
  local daemon
  for daemon in $(daemons); do is_running "$daemon" || { say "$daemon does not run"; return 1; }; done
}

wait_quietly() { (wait_for "$1" "" "${@:2}") 2>/dev/null; }

bring_up() {
  say "starting the cluster '$NAME': Kubernetes $KUBERNETES_VERSION, ${NODES[*]}"
  mkdir -p "$RUN"
  make_cgroups
  make_network
  make_certificates
  start_etcd
  start_apiserver
  local node
  for node in "${NODES[@]}"; do start_containerd "$node"; done
  wait_for 120 "the API server" apiserver_ready
  say "the API server is ready"
  start_controllers
  for node in "${NODES[@]}"; do start_kubelet "$node"; start_proxy "$node"; done
  start_proxy cp "${NODES[0]}"
  start_dns
  in_network cp "$BIN/kubectl" --kubeconfig "$KUBECONFIG" apply --server-side -f "$HERE/manifests/base.yaml" > "$RUN/logs/base.log"
  start_provisioner
  (wait_for 120 "the nodes to be ready" nodes_ready) || { last_words >&2; exit 1; }
  wait_for 120 "DNS" in_network cp curl -sf http://127.0.0.1:8181/ready
  all_run || die "not all programs stay alive; see test/cluster/cluster logs"
  recipe > "$RUN/recipe"
  touch "$RUN/up"
  load_built_images
  say "the cluster '$NAME' is up; its shell variables: eval \"\$(test/cluster/cluster env)\""
}

anything_left() { [ -e "$RUN" ] || [ -n "$(cluster_pids)" ] || ip netns list 2>/dev/null | grep -q "^$PREFIX-"; }

cluster_down_for_user() { with_cluster_lock down_locked; }
down_locked() {
  refuse_if_used_by_others
  take_down
  rm -f "$(owner_file)"
  say "the cluster '$NAME' is down"
}

# From the top down: without the programs nothing is started anew, without processes nothing keeps a mount or a network.
take_down() {
  rm -f "$RUN/up"
  kill_all_processes
  remove_mounts
  remove_network
  remove_cgroups
  remove_shim_sockets
  rm -rf --one-file-system "$RUN"
}

# The sockets of the containers' shims are in a folder of the whole machine; the shims' own notes tell which ones are ours.
remove_shim_sockets() {
  local note
  for note in "$RUN"/node-*/state/io.containerd.runtime.v2.task/k8s.io/*/address; do
    [ ! -e "$note" ] || rm -f "$(sed 's,^unix://,,' "$note")"
  done
}

remove_mounts() {
  local try mounts
  for try in 1 2 3 4 5; do
    mounts=$(awk -v run="$RUN/" 'index($2, run) == 1 {print $2}' /proc/self/mounts | tac)
    [ -n "$mounts" ] || return 0
    while read -r mount; do umount "$mount" 2>/dev/null || umount -l "$mount" || true; done <<< "$mounts"
  done
  die "these mounts cannot be taken away: $mounts"
}

cluster_status() {
  [ -e "$RUN/up" ] || { echo "the cluster '$NAME' is not up"; return 1; }
  need_root
  local bad=0
  echo "cluster '$NAME' of $(owner)"
  all_run || bad=1
  in_network cp "$BIN/kubectl" --kubeconfig "$KUBECONFIG" get nodes -L topology.kubernetes.io/zone || bad=1
  in_network cp "$BIN/kubectl" --kubeconfig "$KUBECONFIG" get pods -A -o wide || bad=1
  nodes_ready || bad=1
  return $bad
}

cluster_env() {
  cat <<EOF
export KUBECONFIG=$RUN/kubeconfig
export CLUSTER_NAME=$NAME
export CLUSTER_RUN=$RUN
export CLUSTER_CACHE=$CACHE
export CLUSTER_NETNS=/var/run/netns/$(namespace_of cp)
export KUBECTL=$BIN/kubectl
EOF
}
