package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
)

// fail says in one line what went wrong and hands the exit code back.
func fail(code int, format string, args ...any) int {
	fmt.Fprintf(os.Stderr, "pgguard: "+format+"\n", args...)
	return code
}

// parse reads a command's flags; everything after `--` is left for flags.Args().
func parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%s: %w; see `pgguard --help`", flags.Name(), err)
	}
	return nil
}

// findCommand resolves a command as a shell would, and tells "not there" from "not executable" by the exit code.
func findCommand(name string) (path string, code int, err error) {
	path, err = exec.LookPath(name)
	switch {
	case err == nil:
		return path, 0, nil
	case errors.Is(err, fs.ErrPermission):
		return "", exitCannot, err
	default:
		return "", exitMissing, err
	}
}
