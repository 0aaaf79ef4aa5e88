# The cluster's keys: a CA, the API server's certificate, and one client certificate for each program, as a kubeconfig of its own.
# So every program has the rights that it has in a real cluster (the Node authorizer and RBAC), and no more.
PKI=$RUN/pki

make_certificates() {
  mkdir -p "$PKI"
  new_key ca
  openssl req -x509 -new -key "$PKI/ca.key" -subj /CN=cdk8s-postgres-test -days 3650 -out "$PKI/ca.crt"
  new_key service-accounts
  openssl pkey -in "$PKI/service-accounts.key" -pubout -out "$PKI/service-accounts.pub"
  certificate apiserver /CN=kube-apiserver serverAuth "DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local,DNS:localhost,IP:127.0.0.1,IP:$CP_ADDRESS,IP:$KUBERNETES_SERVICE"
  client_certificate apiserver-kubelet /O=system:masters/CN=kube-apiserver-kubelet-client
  client_certificate admin /O=system:masters/CN=kubernetes-admin
  client_certificate controllers /CN=system:kube-controller-manager
  client_certificate scheduler /CN=system:kube-scheduler
  client_certificate proxy /CN=system:kube-proxy
  client_certificate coredns /CN=cluster:coredns
  client_certificate storage /CN=cluster:storage
  local node
  for node in "${NODES[@]}"; do client_certificate "$node" "/O=system:nodes/CN=system:node:$node"; done
  cp "$PKI/admin.kubeconfig" "$KUBECONFIG"
}

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$PKI/$1.key" 2>/dev/null; }

# certificate NAME SUBJECT USAGE [ALTERNATIVE-NAMES]
certificate() {
  new_key "$1"
  openssl req -new -key "$PKI/$1.key" -subj "$2" |
    openssl x509 -req -CA "$PKI/ca.crt" -CAkey "$PKI/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 3650 -out "$PKI/$1.crt" \
      -extfile <(printf 'extendedKeyUsage=%s\n%s' "$3" "${4:+subjectAltName=$4}") 2>/dev/null
}

client_certificate() {
  certificate "$1" "$2" clientAuth
  cat > "$PKI/$1.kubeconfig" <<EOF
apiVersion: v1
kind: Config
clusters:
- name: test
  cluster: {server: "https://$CP_ADDRESS:6443", certificate-authority-data: $(base64 -w0 "$PKI/ca.crt")}
users:
- name: $1
  user: {client-certificate-data: $(base64 -w0 "$PKI/$1.crt"), client-key-data: $(base64 -w0 "$PKI/$1.key")}
contexts:
- name: test
  context: {cluster: test, user: $1}
current-context: test
EOF
}
