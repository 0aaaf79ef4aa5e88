package main

import (
	"flag"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// runLockFree waits until nobody holds the lock, which is what "postgres is gone" means (I32).
func runLockFree(args []string) int {
	flags := flag.NewFlagSet("lock-free", flag.ContinueOnError)
	lock := flags.String("lock", "", "")
	kill := flags.Bool("kill", false, "")
	timeout := flags.Duration("timeout", 5*time.Second, "")
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if *lock == "" || flags.NArg() != 0 {
		return fail(exitUsage, "lock-free: use `pgguard lock-free --lock FILE [--kill] [--timeout 5s]`")
	}
	fd, err := openLock(*lock)
	if err != nil {
		return fail(exitFailure, "lock-free: %v", err)
	}
	deadline := monotonic() + int64(*timeout)
	for pause := time.Millisecond; ; pause = min(2*pause, 16*time.Millisecond) {
		if *kill {
			if err := killHolders(fd); err != nil {
				return fail(exitFailure, "lock-free: %v", err)
			}
		}
		free, err := tryLock(fd)
		if err != nil {
			return fail(exitFailure, "lock-free: %s: %v", *lock, err)
		}
		if free {
			return 0 // and released, as this process ends
		}
		if monotonic() >= deadline {
			return fail(exitHeld, "lock-free: %s is still locked after %v: by a process that does not end, or one in "+
				"another container", *lock, *timeout)
		}
		time.Sleep(pause)
	}
}

// killHolders kills every visible process but this one that has the file open. A process's descriptors are gone before
// it is a zombie, so a killed one that waits to be reaped holds nothing.
func killHolders(fd int) error {
	var want unix.Stat_t
	if err := unix.Fstat(fd, &want); err != nil {
		return err
	}
	processes, err := os.ReadDir("/proc")
	if err != nil {
		return err
	}
	for _, process := range processes {
		pid, err := strconv.Atoi(process.Name())
		if err == nil && pid != os.Getpid() && hasOpen(pid, want) {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
	}
	return nil
}

func hasOpen(pid int, want unix.Stat_t) bool {
	directory := "/proc/" + strconv.Itoa(pid) + "/fd/"
	descriptors, _ := os.ReadDir(directory) // gone, or another uid's
	for _, descriptor := range descriptors {
		var got unix.Stat_t
		if unix.Stat(directory+descriptor.Name(), &got) == nil && got.Dev == want.Dev && got.Ino == want.Ino {
			return true
		}
	}
	return false
}
