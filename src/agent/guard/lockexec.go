package main

import (
	"flag"
	"os"

	"golang.org/x/sys/unix"
)

// runLockExec takes the lock and becomes the command, with the same pid. It never waits.
func runLockExec(args []string) int {
	flags := flag.NewFlagSet("lock-exec", flag.ContinueOnError)
	lock := flags.String("lock", "", "")
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if *lock == "" || flags.NArg() == 0 {
		return fail(exitUsage, "lock-exec: use `pgguard lock-exec --lock FILE -- COMMAND...`")
	}
	path, code, err := findCommand(flags.Arg(0))
	if err != nil {
		return fail(code, "lock-exec: %v", err)
	}
	fd, err := openLock(*lock)
	if err != nil {
		return fail(exitFailure, "lock-exec: %v", err)
	}
	free, err := tryLock(fd)
	if err != nil {
		return fail(exitFailure, "lock-exec: %s: %v", *lock, err)
	}
	if !free {
		return fail(exitHeld, "lock-exec: %s is locked: a process of an earlier or another server still holds it", *lock)
	}
	err = unix.Exec(path, flags.Args(), os.Environ())
	return fail(exitCannot, "lock-exec: %s: %v", path, err)
}
