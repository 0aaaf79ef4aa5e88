package main

import (
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

// awaitSignals waits for signals, no longer than told, and returns those that came. SIGCHLD only wakes: the callers reap
// after every wake-up.
func awaitSignals(pipe int, longest time.Duration) []unix.Signal {
	fds := []unix.PollFd{{Fd: int32(pipe), Events: unix.POLLIN}}
	// Rounded up: a rest of less than a millisecond must not spin.
	_, _ = unix.Poll(fds, int((longest+time.Millisecond-1)/time.Millisecond))
	return arrived(pipe)
}

func arrived(pipe int) (signals []unix.Signal) {
	var buffer [64]byte
	n, _ := unix.Read(pipe, buffer[:])
	for _, number := range buffer[:max(n, 0)] {
		if received := unix.Signal(number); received != unix.SIGCHLD {
			signals = append(signals, received)
		}
	}
	return signals
}

func endsUs(signal unix.Signal) bool { return signal == unix.SIGTERM || signal == unix.SIGINT }
