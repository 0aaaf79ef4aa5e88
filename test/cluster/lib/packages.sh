# The Debian packages that the cluster is made of, each with the program that it is needed for: where that is there already, from wherever
# it came, nothing is installed (docker's own packages of containerd and runc would be removed by Debian's).
PROGRAMS=(etcd=etcd-server containerd=containerd runc=runc /usr/lib/cni/ptp=containernetworking-plugins buildah=buildah debootstrap=debootstrap
  iptables=iptables conntrack=conntrack ip=iproute2 openssl=openssl curl=curl jq=jq nsenter=util-linux
  /etc/ssl/certs/ca-certificates.crt=ca-certificates)

install_packages() {
  local missing=() program
  for program in "${PROGRAMS[@]}"; do
    [ -e "${program%=*}" ] || command -v "${program%=*}" >/dev/null || missing+=("${program#*=}")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null || die "this needs a Debian machine (12 or 13); missing here: ${missing[*]}"
  say "installing Debian packages: ${missing[*]}"
  # A package's service must not start: the cluster runs its own etcd and containerd. 101 = "not allowed" to Debian's invoke-rc.d.
  local guard='' failed=''
  [ -e /usr/sbin/policy-rc.d ] || { guard=1; printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
  export DEBIAN_FRONTEND=noninteractive
  { apt-get -o DPkg::Lock::Timeout=300 update -qq &&
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${missing[@]}"; } > "$CACHE/apt.log" 2>&1 || failed=1
  [ -z "$guard" ] || rm -f /usr/sbin/policy-rc.d
  [ -z "$failed" ] || { tail -20 "$CACHE/apt.log" >&2; die "installing Debian packages failed; the whole log: $CACHE/apt.log"; }
}
