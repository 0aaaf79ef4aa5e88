// The provisioner's helper on a node: makes a volume's folder and removes it.
// The provisioner gives its arguments: -p PATH -s SIZE -m MODE -a create|delete. A new disk is empty and root's, so the folder is too.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	path := flag.String("p", "", "the folder")
	action := flag.String("a", "", "create or delete")
	flag.String("s", "", "size: a folder has none")
	flag.String("m", "", "mode: always a filesystem")
	flag.Parse()
	var err error
	switch *action {
	case "create":
		err = os.MkdirAll(*path, 0o755)
	case "delete":
		err = os.RemoveAll(*path)
	default:
		err = fmt.Errorf("unknown action %q", *action)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "volume:", err)
		os.Exit(1)
	}
}
