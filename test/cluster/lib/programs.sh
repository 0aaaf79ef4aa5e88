# The programs built from Go modules (../programs): Kubernetes, CoreDNS, the local-path provisioner and two small ones of our own.

programs_key() { (cd "$HERE/programs" && find . -type f -print0 | sort -z | xargs -0 sha256sum; go version; echo "$PROVISIONER_VERSION") | sha256sum | cut -c1-16; }

build_programs() {
  mkdir -p "$BIN"
  install_packages
  command -v go >/dev/null || die "Go is not installed (1.25 or newer is needed to build Kubernetes $KUBERNETES_VERSION)"
  local key
  key=$(programs_key)
  [ "$(cat "$BIN/.key" 2>/dev/null)" = "$key" ] && return
  say "building Kubernetes $KUBERNETES_VERSION, CoreDNS and the provisioner from Go modules (minutes when cold)"
  local v=$KUBERNETES_VERSION set="-s -w"
  set+=" -X k8s.io/component-base/version.gitVersion=$v -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=34"
  set+=" -X k8s.io/client-go/pkg/version.gitVersion=$v"
  (cd "$HERE/programs" && CGO_ENABLED=0 go build -trimpath -ldflags "$set" -o "$BIN/new/" ./kube ./pause ./volume)
  # The provisioner is a program, not a library: built as its own module says.
  CGO_ENABLED=0 GOBIN="$BIN/new" go install -trimpath -ldflags "-s -w" "github.com/rancher/local-path-provisioner@$PROVISIONER_VERSION"
  local program
  for program in kube-apiserver kube-controller-manager kube-scheduler kube-proxy kubelet kubectl coredns; do ln -sfn kube "$BIN/new/$program"; done
  # A running program's file is replaced, never written into.
  mv -f "$BIN"/new/* "$BIN/"
  rmdir "$BIN/new"
  echo "$key" > "$BIN/.key"
}
