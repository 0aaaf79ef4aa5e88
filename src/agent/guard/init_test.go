package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestSignalsAreForwardedAndTheExitCodeIsKept(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	c.await("start", 1)
	for i, s := range []syscall.Signal{unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGQUIT, unix.SIGINT, unix.SIGTERM} {
		c.signal(s)
		if got := c.await("signal", i+1).Text; got != unix.SignalName(s) {
			t.Errorf("sent %v, agent got %s", s, got)
		}
	}
	c.order("exit 42")
	if code := c.exitCode(); code != 42 {
		t.Errorf("exit code %d", code)
	}
	if n := c.count("start"); n != 1 {
		t.Errorf("%d agents were started", n)
	}
}

func TestAnAgentEndedByTheForwardedSignalGivesTheShellsCode(t *testing.T) {
	t.Parallel()
	c := startContainer(t, []string{"sh", "-c", `echo '{"Event":"start"}'; exec sleep 60`})
	c.await("start", 1)
	c.signal(unix.SIGTERM)
	if code := c.exitCode(); code != 128+15 {
		t.Errorf("exit code %d", code)
	}
}

func TestTheDeadlineStillHoldsDuringTermination(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	c.await("start", 1)
	c.signal(unix.SIGTERM)
	c.await("signal", 1)
	c.order("arm 200")
	deadline := c.await("armed", 1).Value
	if code := c.exitCode(); code != 128+9 || monotonic() < deadline {
		t.Errorf("exit code %d", code)
	}
	if n := c.count("start"); n != 1 {
		t.Errorf("a new agent was started although the container was asked to stop")
	}
}

func TestOrphansThatEndDoNotStayZombies(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	c.await("start", 1)
	c.order("shell for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do sleep 0.5 & done")
	c.await("shell", 1)
	eventually(t, generous, "20 orphans are children of PID 1", func() bool {
		orphans := 0
		for _, p := range c.processes() {
			if p.parent == c.pid {
				orphans++
			}
		}
		return orphans >= 20
	})
	eventually(t, generous, "only pgguard and the agent are left, no zombie", func() bool { return len(c.processes()) == 2 })
	if n := c.count("start"); n != 1 {
		t.Errorf("the agent was replaced")
	}
}

func TestAgentsThatDieYoungAreFollowedAtOnceThenAfterOneThenTwoSeconds(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	for i, delay := range []time.Duration{0, time.Second, 2 * time.Second} {
		c.await("start", i+1)
		c.order("exit 1")
		died := c.await("exit", i+1).At
		next := c.await("start", i+2)
		if waited := time.Duration(next.At - died); waited < delay || waited > delay+900*time.Millisecond {
			t.Errorf("death %d was followed after %v instead of %v", i+1, waited, delay)
		}
		if len(next.Dead) != i+1 {
			t.Errorf("dead list after %d deaths: %v", i+1, next.Dead)
		}
	}
}

func TestAskedToStopBetweenTwoAgentsItEndsWithTheLastCode(t *testing.T) {
	t.Parallel()
	c := startContainer(t, []string{"sh", "-c", "exit 7"})
	eventually(t, generous, "a pause", func() bool { return strings.Contains(c.logged(), `"inMs":2000`) })
	c.signal(unix.SIGTERM)
	if code := c.exitCode(); code != 7 {
		t.Errorf("exit code %d", code)
	}
}

func TestInitRefusesWhatCannotWork(t *testing.T) {
	if code, output := run(t, "init", "--", "true"); code != exitUsage || !strings.Contains(output, "must be PID 1") {
		t.Errorf("not PID 1: %d %s", code, output)
	}
	c := startContainer(t, []string{"/no/such/agent"})
	if code := c.exitCode(); code != exitMissing || !strings.Contains(c.logged(), "/no/such/agent") {
		t.Errorf("missing command: %d %s", code, c.logged())
	}
}
