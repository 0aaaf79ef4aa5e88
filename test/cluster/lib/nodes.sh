# A node: containerd, kubelet and kube-proxy in a network of its own.

start_containerd() {
  local node=$1 root=$RUN/$1/containerd
  seed_containerd "$root"
  mkdir -p "$RUN/$node/cni"
  cat > "$RUN/$node/cni/10-pods.conflist" <<EOF
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "ptp", "ipMasq": false,
   "ipam": {"type": "host-local", "dataDir": "$RUN/$node/addresses", "ranges": [[{"subnet": "$(node_pods "$node")"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
EOF
  containerd_config "$root" "$RUN/$node/state" "$(node_socket "$node")" "$RUN/$node/cni" > "$RUN/$node/containerd.toml"
  start "containerd-$node" "$node" containerd --config "$RUN/$node/containerd.toml"
}

# containerd_config ROOT STATE SOCKET CNI
containerd_config() {
  cat <<EOF
version = 2
root = "$1"
state = "$2"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$3"
[plugins."io.containerd.internal.v1.opt"]
  path = "$1/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$SYSTEM_IMAGE"
  netns_mounts_under_state_dir = true     # so that the pods' networks can be told from those of others
  restrict_oom_score_adj = true     # lowering it needs CAP_SYS_RESOURCE, which a machine within a machine may lack
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        Root = "$2/runc"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$4"
EOF
}

start_kubelet() {
  local node=$1
  # As in a real cluster but for: no eviction and no image collection (a developer's full disk is no test),
  # cgroups of our own, changes of mounted ConfigMaps and Secrets seen within seconds, and errors of missing capabilities (KubeletInUserNamespace) borne.
  cat > "$RUN/$node/kubelet.yaml" <<EOF
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $PKI/ca.crt}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix://$(node_socket "$node")
cgroupDriver: cgroupfs
cgroupRoot: /$PREFIX/$node
enforceNodeAllocatable: []
oomScoreAdj: 0
failSwapOn: false
featureGates: {KubeletInUserNamespace: true}
localStorageCapacityIsolation: false
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%", imagefs.inodesFree: "0%"}
imageGCHighThresholdPercent: 100
syncFrequency: 5s
podLogsDir: "$RUN/$node/pod-logs"     # a kubelet removes the logs of pods that it does not know: those of the other nodes
nodeStatusUpdateFrequency: 5s
clusterDNS: ["$DNS_SERVICE"]
clusterDomain: cluster.local
EOF
  start "kubelet-$node" "$node" "$BIN/kubelet" --kubeconfig="$PKI/$node.kubeconfig" --config="$RUN/$node/kubelet.yaml" \
    --root-dir="$RUN/$node/kubelet" --cert-dir="$RUN/$node/pki" --hostname-override="$node" --node-ip="$(node_address "$node")" \
    --node-labels="topology.kubernetes.io/zone=$(node_zone "$node")"
}

nodes_ready() {
  [ "$(in_network cp "$BIN/kubectl" --kubeconfig "$KUBECONFIG" --request-timeout=3s get nodes --no-headers | grep -c ' Ready ')" = ${#NODES[@]} ]
}
