package main

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// openLock opens the lock file without O_CLOEXEC: whoever inherits the descriptor holds the lock. flock belongs to the
// open file, not to a process, so it lives until the last of them is gone, across containers and PID namespaces (I37).
func openLock(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_CREAT|unix.O_RDWR, 0o600)
	if err != nil {
		return -1, fmt.Errorf("cannot open the lock file %s: %w; its directory must exist and be writable", path, err)
	}
	return fd, nil
}

// tryLock tells whether the lock could be taken right now.
func tryLock(fd int) (bool, error) {
	for {
		switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err {
		case nil:
			return true, nil
		case unix.EWOULDBLOCK:
			return false, nil
		case unix.EINTR:
		default:
			return false, fmt.Errorf("flock: %w", err)
		}
	}
}
