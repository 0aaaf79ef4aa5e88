#!/usr/bin/env bash
# Installs Prometheus and promtool from Debian's packages, without a service of its own. Does nothing where they are there.
set -euo pipefail
command -v prometheus >/dev/null && command -v promtool >/dev/null && exit
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "the tests of the metrics need prometheus and promtool: install your distribution's prometheus package" >&2; exit 1; }
# The package's service must not start. 101 = "not allowed" to Debian's invoke-rc.d.
guard=''
[ -e /usr/sbin/policy-rc.d ] || { guard=1; printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; }
trap '[ -z "$guard" ] || rm -f /usr/sbin/policy-rc.d' EXIT
apt-get -o DPkg::Lock::Timeout=300 update -qq
DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends prometheus > /dev/null
