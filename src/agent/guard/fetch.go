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

// How long an archive that failed is left alone.
const archiveRests = 20 * time.Second

// runFetch is the archive's part of PostgreSQL's restore_command. It never keeps recovery waiting: it asks only while the
// agent allows it by a FILE, ends when that FILE goes, gives up after --within, and leaves an archive that failed alone.
// COMMAND's status 1 means that the archive does not have the file. Every failure is 1 here: more than 125 would end
// PostgreSQL.
func runFetch(args []string) int {
	flags := flag.NewFlagSet("fetch", flag.ContinueOnError)
	when := flags.String("when", "", "")
	resting := flags.String("resting", "", "")
	within := flags.Duration("within", 0, "")
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if *when == "" || *resting == "" || *within <= 0 || flags.NArg() == 0 {
		return fail(exitUsage, "fetch: use `pgguard fetch --when FILE --resting FILE --within 10s -- COMMAND...`")
	}
	if !exists(*when) || rests(*resting) {
		return exitFailure
	}
	err := runWithin(*within, *when, flags.Args())
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUnwanted):
		return exitFailure
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		return exitFailure
	default:
		until := strconv.FormatInt(monotonic()+int64(archiveRests), 10)
		_ = os.WriteFile(*resting, []byte(until), 0o600)
		return fail(exitFailure, "fetch: the archive is left alone for %v: %v", archiveRests, err)
	}
}

func rests(path string) bool {
	text, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	until, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	// A time that lies further ahead was written under another kernel.
	left := until - monotonic()
	return err == nil && left > 0 && left <= int64(archiveRests)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

var errUnwanted = errors.New("no longer wanted")

func runWithin(limit time.Duration, when string, argv []string) error {
	until := monotonic() + int64(limit)
	return runWhile(argv, func() error {
		switch {
		case !exists(when):
			return errUnwanted
		case monotonic() >= until:
			return fmt.Errorf("no answer within %v", limit)
		default:
			return nil
		}
	})
}
