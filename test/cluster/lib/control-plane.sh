# The control plane: etcd, the API server, the controllers and the scheduler; and beside them, as programs instead of pods so that no node's
# loss takes them along, DNS, the provisioner of local volumes, and a kube-proxy by which clients in the control plane's network reach Services.

start_etcd() {
  # Without fsync: a test cluster does not outlive its machine, and the disk's load is the database's under test.
  start etcd cp etcd --data-dir "$RUN/etcd" --unsafe-no-fsync \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380 --initial-advertise-peer-urls http://127.0.0.1:2380 --initial-cluster default=http://127.0.0.1:2380
}

start_apiserver() {
  start kube-apiserver cp "$BIN/kube-apiserver" \
    --etcd-servers=http://127.0.0.1:2379 \
    --secure-port=6443 --bind-address=0.0.0.0 --advertise-address="$CP_ADDRESS" \
    --client-ca-file="$PKI/ca.crt" --tls-cert-file="$PKI/apiserver.crt" --tls-private-key-file="$PKI/apiserver.key" \
    --kubelet-client-certificate="$PKI/apiserver-kubelet.crt" --kubelet-client-key="$PKI/apiserver-kubelet.key" \
    --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-key-file="$PKI/service-accounts.pub" --service-account-signing-key-file="$PKI/service-accounts.key" \
    --service-cluster-ip-range="$SERVICE_RANGE" \
    --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --allow-privileged=true --profiling=false
}

apiserver_ready() { in_network cp "$BIN/kubectl" --kubeconfig "$KUBECONFIG" --request-timeout=2s get --raw /readyz; }

start_controllers() {
  # The rates are those of a cluster with many test namespaces at once; all times are Kubernetes' own defaults.
  start kube-controller-manager cp "$BIN/kube-controller-manager" --kubeconfig="$PKI/controllers.kubeconfig" --leader-elect=false \
    --service-account-private-key-file="$PKI/service-accounts.key" --root-ca-file="$PKI/ca.crt" \
    --cluster-signing-cert-file="$PKI/ca.crt" --cluster-signing-key-file="$PKI/ca.key" \
    --use-service-account-credentials=true --kube-api-qps=200 --kube-api-burst=300 --profiling=false
  start kube-scheduler cp "$BIN/kube-scheduler" --kubeconfig="$PKI/scheduler.kubeconfig" --leader-elect=false
}

start_dns() {
  cat > "$RUN/Corefile" <<EOF
. {
  errors
  ready 127.0.0.1:8181
  kubernetes cluster.local in-addr.arpa {
    kubeconfig $PKI/coredns.kubeconfig
    pods insecure
    ttl 5
  }
  cache 5
}
EOF
  start coredns cp "$BIN/coredns" -conf "$RUN/Corefile"
}

start_provisioner() {
  local node paths=
  for node in "${NODES[@]}"; do
    mkdir -p "$RUN/$node/volumes"
    paths+="${paths:+,}{\"node\":\"$node\",\"paths\":[\"$RUN/$node/volumes\"]}"
  done
  printf '{"nodePathMap":[%s],"setupCommand":"/bin/volume","teardownCommand":"/bin/volume"}' "$paths" > "$RUN/volumes.json"
  cat > "$RUN/volume-helper.yaml" <<EOF
apiVersion: v1
kind: Pod
metadata: {name: volume-helper}
spec:
  terminationGracePeriodSeconds: 0
  containers: [{name: helper-pod, image: "$SYSTEM_IMAGE", imagePullPolicy: Never}]
EOF
  start local-path-provisioner cp "$BIN/local-path-provisioner" start --kubeconfig "$PKI/storage.kubeconfig" --provisioner-name rancher.io/local-path \
    --namespace kube-system --service-account-name local-path-provisioner --helper-image "$SYSTEM_IMAGE" --configmap-name local-path-provisioner \
    --config "$RUN/volumes.json" --helper-pod-file "$RUN/volume-helper.yaml" --worker-threads 8
}

# start_proxy NETWORK [NODE]: a proxy stands for a node; the one of the control plane, which is none, for the first
start_proxy() {
  cat > "$RUN/proxy-$1.yaml" <<EOF
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $PKI/proxy.kubeconfig}
mode: iptables
clusterCIDR: 10.244.0.0/16
conntrack: {maxPerCore: 0, min: 0}
hostnameOverride: ${2:-$1}
EOF
  start "kube-proxy-$1" "$1" "$BIN/kube-proxy" --config="$RUN/proxy-$1.yaml"
}
