package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// cgroup is a cgroup (v2) of its own, to freeze a whole container as a runtime's pause does.
type cgroup struct {
	t    *testing.T
	path string
}

func newCgroup(t *testing.T) *cgroup {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(mounts), "\n") {
		if words := strings.Fields(line); len(words) > 2 && words[2] == "cgroup2" {
			path, err := os.MkdirTemp(words[1], "pgguard-test-")
			if err != nil {
				t.Fatalf("this test freezes a container and needs a writable cgroup2: %v", err)
			}
			g := &cgroup{t, path}
			t.Cleanup(func() { // runs after the container's own clean-up
				g.freeze(false)
				eventually(t, generous, "cgroup removed", func() bool { return os.Remove(path) == nil })
			})
			return g
		}
	}
	t.Fatal("this test freezes a container and needs a cgroup2 mount")
	return nil
}

func (g *cgroup) join(cmd *exec.Cmd) {
	directory, err := os.Open(g.path)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { _ = directory.Close() })
	cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(directory.Fd())
}

func (g *cgroup) freeze(frozen bool) {
	g.t.Helper()
	value, state := "0", "frozen 0"
	if frozen {
		value, state = "1", "frozen 1"
	}
	if err := os.WriteFile(filepath.Join(g.path, "cgroup.freeze"), []byte(value), 0); err != nil {
		g.t.Fatal(err)
	}
	eventually(g.t, generous, state, func() bool {
		events, _ := os.ReadFile(filepath.Join(g.path, "cgroup.events"))
		return strings.Contains(string(events), state)
	})
}
