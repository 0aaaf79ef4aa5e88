package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	bootIDVariable = "PGGUARD_BOOT_ID"
	deadVariable   = "PGGUARD_DEAD_BOOT_IDS"
	// An environment variable may be 128 KiB long, and an agent that dies for days must still be startable. A boot id
	// that fell out of the list only means that the agent waits for the lease to expire (I4).
	deadRemembered = 100
)

// agent is one life of the agent process; a boot id belongs to exactly one.
type agent struct {
	bootID  string
	pid     int
	deadman *deadman
	exited  bool
	status  unix.WaitStatus
}

// startAgent gives the agent our stdin, stdout and stderr, and the deadman pipe as descriptor 3.
func startAgent(path string, argv, dead []string) (*agent, error) {
	bootID, err := newBootID()
	if err != nil {
		return nil, err
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("deadman pipe: %w", err)
	}
	defer unix.Close(pipe[1])
	deadman, err := newDeadman(pipe[0])
	if err != nil {
		unix.Close(pipe[0])
		return nil, err
	}
	_ = unix.SetNonblock(pipe[0], true)
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Env:   agentEnvironment(os.Environ(), bootID, dead),
		Files: []uintptr{0, 1, 2, uintptr(pipe[1])},
	})
	if err != nil {
		deadman.close()
		return nil, err
	}
	return &agent{bootID: bootID, pid: pid, deadman: deadman}, nil
}

func agentEnvironment(inherited []string, bootID string, dead []string) []string {
	var env []string
	for _, variable := range inherited {
		if !strings.HasPrefix(variable, bootIDVariable+"=") && !strings.HasPrefix(variable, deadVariable+"=") {
			env = append(env, variable)
		}
	}
	remembered := dead[max(0, len(dead)-deadRemembered):]
	return append(env, bootIDVariable+"="+bootID, deadVariable+"="+strings.Join(remembered, ","))
}

// newBootID is a random UUID (version 4).
func newBootID() (string, error) {
	var b [16]byte
	if _, err := unix.Getrandom(b[:], 0); err != nil {
		return "", fmt.Errorf("random boot id: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
