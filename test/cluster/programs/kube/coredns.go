package main

import (
	"github.com/coredns/coredns/coremain"
	// Only the plugins that the test cluster's Corefile names: the full set pulls in the SDKs of three clouds.
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
)

func runCoreDNS() { coremain.Run() }
