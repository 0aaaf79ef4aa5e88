# The Debian packages that the cluster is made of.
PACKAGES=(etcd-server etcd-client containerd runc containernetworking-plugins buildah debootstrap busybox-static
  iptables ipset conntrack iproute2 ca-certificates openssl curl jq procps util-linux)

install_packages() {
  local missing=() package
  for package in "${PACKAGES[@]}"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "this needs a Debian machine (12 or 13); missing here: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  # A package's service must not start: the cluster runs its own etcd and containerd. 101 = "not allowed" to Debian's invoke-rc.d.
  local guard=
  [ -e /usr/sbin/policy-rc.d ] || { guard=1; printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
  local failed=
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } \
    > "$CACHE/apt.log" 2>&1 || failed=1
  [ -z "$guard" ] || rm -f /usr/sbin/policy-rc.d
  [ -z "$failed" ] || { tail -20 "$CACHE/apt.log" >&2; die "installing Debian packages failed; the whole log: $CACHE/apt.log"; }
}
