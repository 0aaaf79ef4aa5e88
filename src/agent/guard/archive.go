package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

const (
	// PostgreSQL ends its archiver on a command with this status, instead of trying twice more a second apart.
	exitArchiverEnds = 126
)

// runArchive is PostgreSQL's archive_command: it runs COMMAND only while the gate that the agent keeps is open, which
// is while its Lease is valid (I27). A gate is one line: `open <CLOCK_MONOTONIC ns>`; `closing <...>` while the server is
// being stopped, and then no longer than it is to wait for its archive; `closed <...>` when that is known to fail.
func runArchive(args []string) int {
	flags := flag.NewFlagSet("archive", flag.ContinueOnError)
	gate := flags.String("gate", "", "")
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if *gate == "" || flags.NArg() == 0 {
		return fail(exitUsage, "archive: use `pgguard archive --gate FILE -- COMMAND...`")
	}
	closing, err := readGate(*gate)
	if err != nil {
		return fail(refusal(closing), "archive: refused: %v", err)
	}
	err = runWhile(flags.Args(), func() (err error) {
		closing, err = readGate(*gate)
		return err
	})
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		// The command has said why.
		return refusal(closing)
	default:
		return fail(refusal(closing), "archive: ended: %v", err)
	}
}

// refusal: of a server that is being stopped nothing is tried again.
func refusal(closing bool) int {
	if closing {
		return exitArchiverEnds
	}
	return exitFailure
}

// readGate tells whether the server is being stopped; an error when nothing may be archived.
func readGate(path string) (closing bool, err error) {
	line, err := os.ReadFile(path)
	if err != nil {
		return false, fmt.Errorf("this instance does not hold the Lease: %w", err)
	}
	state, until, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
	deadline, err := strconv.ParseInt(until, 10, 64)
	if err != nil || (state != "open" && state != "closing" && state != "closed") {
		return false, fmt.Errorf("%s is no gate: %q", path, shorten(line))
	}
	closing = state != "open"
	late := monotonic() - deadline
	if late >= 0 && closing {
		return true, errors.New("the server is being stopped, and its archive is waited for no longer")
	}
	if late >= 0 {
		return false, fmt.Errorf("the Lease of this instance has not been valid for %v", time.Duration(late).Round(time.Millisecond))
	}
	if state == "closed" {
		return closing, errors.New("the server is being stopped, and its archive has been failing")
	}
	return closing, nil
}
