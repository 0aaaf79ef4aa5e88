package main

import (
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How often a command that runs is asked about whether it may go on.
const groupTick = 100 * time.Millisecond

// runWhile runs a command in a process group of its own until it ends, or until mayGoOn says why not; then nothing of it
// is left. The error is the command's or mayGoOn's.
func runWhile(argv []string, mayGoOn func() error) error {
	command := exec.Command(argv[0], argv[1:]...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case err := <-ended:
			return err
		case <-time.After(groupTick):
		}
		if err := mayGoOn(); err != nil {
			_ = unix.Kill(-command.Process.Pid, unix.SIGKILL)
			return err
		}
	}
}
