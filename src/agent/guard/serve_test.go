package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestServeStartsWithTheConfigurationReloadsWithItAndEndsWhenTold(t *testing.T) {
	directory := t.TempDir()
	config, seen := filepath.Join(directory, "config"), filepath.Join(directory, "seen")
	said := func(word string) func() bool {
		return func() bool {
			text, _ := os.ReadFile(seen)
			return strings.Contains(string(text), word)
		}
	}
	script := `echo started >> ` + seen + `; trap 'echo reloaded >> ` + seen + `' HUP; trap 'echo ended >> ` + seen + `; exit 0' TERM
while :; do sleep 0.05; done`
	command := exec.Command(program, "serve", "--config", config, "--", "sh", "-c", script)
	must(command.Start())
	time.Sleep(600 * time.Millisecond)
	if said("started")() {
		t.Fatal("it started without its configuration")
	}
	must(os.WriteFile(config, []byte("one"), 0o600))
	eventually(t, generous, "the start", said("started"))
	must(os.WriteFile(config+".new", []byte("two"), 0o600))
	must(os.Rename(config+".new", config))
	eventually(t, generous, "the reload", said("reloaded"))
	must(command.Process.Signal(unix.SIGTERM))
	if err := command.Wait(); err != nil || !said("ended")() {
		t.Fatalf("%v", err)
	}
}

func TestAServerThatEndsIsStartedAgainAndItsContainerStays(t *testing.T) {
	directory := t.TempDir()
	config, seen := filepath.Join(directory, "config"), filepath.Join(directory, "seen")
	must(os.WriteFile(config, nil, 0o600))
	command := exec.Command(program, "serve", "--config", config, "--", "sh", "-c", "echo life >> "+seen+"; exit 3")
	must(command.Start())
	defer func() {
		_ = command.Process.Signal(unix.SIGTERM)
		_ = command.Wait()
	}()
	eventually(t, generous, "a second life", func() bool {
		text, _ := os.ReadFile(seen)
		return strings.Count(string(text), "life") >= 2
	})
}
