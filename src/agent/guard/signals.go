package main

import (
	"log/slog"
	"os"
	"os/signal"
	"time"

	"golang.org/x/sys/unix"
)

// openSignalPipe turns signals into bytes on a pipe, so that one poll(2) waits for everything.
func openSignalPipe() (readEnd int) {
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		panic(err) // out of descriptors at start: nothing can work
	}
	_ = unix.SetNonblock(pipe[0], true)

	// A channel of its own for SIGCHLD: a storm of them merges into one and never displaces a SIGTERM.
	children := make(chan os.Signal, 1)
	signal.Notify(children, unix.SIGCHLD)
	orders := make(chan os.Signal, 16)
	signal.Notify(orders, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGQUIT)
	// Caught and not looked at: a closed stderr must not end PID 1, and an ignored SIGPIPE would be inherited.
	signal.Notify(make(chan os.Signal, 1), unix.SIGPIPE)

	go func() {
		for {
			var received os.Signal
			select {
			case received = <-children:
			case received = <-orders:
			}
			_, _ = unix.Write(pipe[1], []byte{byte(received.(unix.Signal))})
		}
	}()
	return pipe[0]
}

// takeSignals passes on what has arrived. SIGCHLD only wakes us; the callers reap after every wake-up.
func (s *supervisor) takeSignals() {
	var buffer [64]byte
	n, _ := unix.Read(s.signals, buffer[:])
	for _, number := range buffer[:max(n, 0)] {
		received := unix.Signal(number)
		if received == unix.SIGCHLD {
			continue
		}
		if received == unix.SIGTERM || received == unix.SIGINT {
			s.terminating = true
		}
		if s.agent != nil && !s.agent.exited {
			_ = unix.Kill(s.agent.pid, received)
		}
		slog.Info("signal received", "signal", unix.SignalName(received), "forwarded", s.agent != nil)
	}
}

func (s *supervisor) waitForSignal(longest time.Duration) {
	fds := []unix.PollFd{{Fd: int32(s.signals), Events: unix.POLLIN}}
	// Rounded up: a rest of less than a millisecond must not spin.
	_, _ = unix.Poll(fds, int((longest+time.Millisecond-1)/time.Millisecond))
	s.takeSignals()
}
