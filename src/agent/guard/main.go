// Command pgguard is what stands below the agent: PID 1 of the container and its deadman (invariant I6), and the
// helper for the lock that allows one postgres per data directory (I37). It knows neither Kubernetes nor PostgreSQL.
package main

import (
	"fmt"
	"os"
)

// version is set by the build: -ldflags "-X main.version=1.2.3".
var version = "0.0.0"

const usage = `pgguard: init, deadman and lock helper of a PostgreSQL pod

  pgguard init -- COMMAND...                        run as PID 1: keep the agent COMMAND alive; kill everything when its
                                                    deadline passes, it dies, or it closes descriptor 3
  pgguard lock-exec --lock FILE -- COMMAND...       become COMMAND while holding the lock; its children hold it too
  pgguard lock-free --lock FILE [--kill] [--timeout 5s]
                                                    wait until nobody holds the lock; --kill ends those who have FILE open
  pgguard serve --config FILE -- COMMAND...         once FILE is there keep the server COMMAND running; SIGHUP when FILE is replaced
  pgguard archive --gate FILE -- COMMAND...         run COMMAND while the gate is open; refuse, or end it, when it is not
  pgguard fetch --when FILE --resting FILE --within 10s -- COMMAND...
                                                    run COMMAND while FILE is there, for so long at most, and rarely while it fails
  pgguard install --from DIR --to DIR               copy a directory tree, file by file atomically
  pgguard --help | --version

Exit codes: 64 wrong use, 75 the lock is held by somebody else, 126/127 COMMAND cannot be run.
`

const (
	exitFailure = 1
	exitUsage   = 64 // EX_USAGE
	exitHeld    = 75 // EX_TEMPFAIL
	exitCannot  = 126
	exitMissing = 127
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprint(os.Stderr, usage)
		os.Exit(exitUsage)
	}
	switch args := os.Args[2:]; os.Args[1] {
	case "init":
		os.Exit(runInit(args))
	case "lock-exec":
		os.Exit(runLockExec(args))
	case "lock-free":
		os.Exit(runLockFree(args))
	case "serve":
		os.Exit(runServe(args))
	case "archive":
		os.Exit(runArchive(args))
	case "fetch":
		os.Exit(runFetch(args))
	case "install":
		os.Exit(runInstall(args))
	case "--help", "-h", "help":
		fmt.Print(usage)
	case "--version", "version":
		fmt.Println("pgguard " + version)
	default:
		os.Exit(fail(exitUsage, "unknown command %q; `pgguard --help` lists the commands", os.Args[1]))
	}
}
