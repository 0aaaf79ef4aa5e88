package main

import (
	"flag"
	"log/slog"
	"os"
	"runtime"
	"time"
)

// runInit is PID 1: it runs one agent after the other, and between two of them nothing is alive in the container.
func runInit(args []string) int {
	flags := flag.NewFlagSet("init", flag.ContinueOnError)
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if flags.NArg() == 0 {
		return fail(exitUsage, "init: no command given; use `pgguard init -- COMMAND...`")
	}
	if pid := os.Getpid(); pid != 1 {
		return fail(exitUsage, "init: must be PID 1 of its container but is PID %d: as another process it could not kill "+
			"everything. Make it the container's entrypoint, without shareProcessNamespace, hostPID or another init", pid)
	}
	path, code, err := findCommand(flags.Arg(0))
	if err != nil {
		return fail(code, "init: cannot run the agent: %v", err)
	}

	// One thread in poll(2) and one for signals; more would only cost memory.
	runtime.GOMAXPROCS(2)
	flushLog := logInBackground()
	defer flushLog()
	locked, total := lockMemory()
	slog.Info("guard started", "version", version, "lockedKiB", locked/1024, "ofKiB", total/1024)

	s := &supervisor{signals: openSignalPipe(), path: path, argv: flags.Args()}
	return s.run()
}

// supervisor runs agents, one at a time, for as long as the container lives.
type supervisor struct {
	signals     int // read end of the signal pipe
	path        string
	argv        []string
	agent       *agent // nil while none runs
	dead        []string
	terminating bool // SIGTERM or SIGINT came: the next end of the agent is the end of the container
}

func (s *supervisor) run() int {
	var restarts backoff
	for {
		born := monotonic()
		code := s.oneLife()
		if s.terminating {
			slog.Info("guard ends", "code", code)
			return code
		}
		delay := restarts.next(time.Duration(monotonic() - born))
		slog.Info("new agent follows", "inMs", delay.Milliseconds())
		if !s.rest(delay) {
			slog.Info("guard ends: asked to stop while no agent was running", "code", code)
			return code
		}
	}
}

// oneLife starts an agent, guards it, and returns its exit code when it and all that came from it is dead.
func (s *supervisor) oneLife() int {
	a, err := startAgent(s.path, s.argv, s.dead)
	if err != nil {
		slog.Error("agent cannot be started", "command", s.path, "error", err.Error())
		return exitCannot
	}
	s.agent = a
	slog.Info("agent started", "pid", a.pid, "bootId", a.bootID, "deadBootIds", len(s.dead))

	reason := s.guard(a)
	s.killEverything(reason)

	// Only here is it proven: no child is left, and orphans would have become children of PID 1 (I4, I32).
	s.agent = nil
	s.dead = append(s.dead, a.bootID)
	a.deadman.close()
	return exitCode(a.status)
}

// rest waits before the next agent; false when the container was asked to stop meanwhile.
func (s *supervisor) rest(d time.Duration) bool {
	for until := monotonic() + int64(d); !s.terminating; {
		left := until - monotonic()
		if left <= 0 {
			return true
		}
		s.take(awaitSignals(s.signals, time.Duration(left)))
		reap(nil)
	}
	return false
}
