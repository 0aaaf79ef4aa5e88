package main

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// guard waits in one poll(2) for signals, the agent's lines and the deadline, and returns why everything must die.
func (s *supervisor) guard(a *agent) string {
	fds := []unix.PollFd{
		{Fd: int32(s.signals), Events: unix.POLLIN},
		{Fd: int32(a.deadman.pipe), Events: unix.POLLIN},
		{Fd: int32(a.deadman.timer), Events: unix.POLLIN},
	}
	for {
		_, err := unix.Poll(fds, -1)
		// The clock comes first: a deadline that has passed is final, no line that arrives later takes it back.
		if late, passed := a.deadman.passed(); passed {
			return fmt.Sprintf("deadline passed %.3f ms ago", float64(late)/1e6)
		}
		if err != nil && err != unix.EINTR {
			return "poll failed: " + err.Error()
		}
		s.take(arrived(s.signals))
		reap(a)
		if a.exited {
			return fmt.Sprintf("agent ended with code %d", exitCode(a.status))
		}
		if fds[1].Revents != 0 {
			if reason := a.deadman.read(); reason != "" {
				return reason
			}
		}
	}
}

// killEverything returns when nobody is left. As PID 1, kill(-1) reaches all of the PID namespace but ourselves, and
// whoever loses its parent becomes our child: no children left means that all descendants of the agent are gone.
// Killed again and again, because a process may still enter (kubectl exec) and leave an orphan behind.
func (s *supervisor) killEverything(reason string) {
	_ = unix.Kill(-1, unix.SIGKILL)
	began := monotonic()
	slog.Warn("killing everything", "reason", reason, "bootId", s.agent.bootID)
	for complain := began + int64(time.Second); reap(s.agent); {
		s.take(awaitSignals(s.signals, 5*time.Millisecond))
		_ = unix.Kill(-1, unix.SIGKILL)
		if now := monotonic(); now >= complain {
			slog.Error("still not dead after SIGKILL; no new agent before they are (state D: a volume hangs; "+
				"another uid: end it by hand)", "processes", survivors())
			complain = now + int64(10*time.Second)
		}
	}
	slog.Info("everything is dead", "tookMs", float64(monotonic()-began)/1e6, "agentExitCode", exitCode(s.agent.status))
}

// reap takes the exit status of every child that has died; false when there are no children at all.
func reap(a *agent) (childrenLeft bool) {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		switch {
		case err == unix.EINTR:
		case err != nil: // ECHILD
			return false
		case pid == 0:
			return true
		case a != nil && pid == a.pid:
			a.exited, a.status = true, status
		}
	}
}

// exitCode is what a shell would report.
func exitCode(status unix.WaitStatus) int {
	if status.Signaled() {
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// survivors names who is in the PID namespace besides us, with its state and uid, for the log.
func survivors() []string {
	var found []string
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err != nil || pid == 1 {
			continue
		}
		status, _ := os.ReadFile("/proc/" + entry.Name() + "/status")
		who := "pid " + entry.Name()
		for _, line := range strings.Split(string(status), "\n") {
			for _, key := range []string{"Name:", "State:", "Uid:"} {
				if rest, ok := strings.CutPrefix(line, key); ok {
					who += " " + strings.Fields(rest)[0]
				}
			}
		}
		found = append(found, who)
	}
	return found
}

// take notes an order to end, and passes on what has arrived.
func (s *supervisor) take(signals []unix.Signal) {
	for _, received := range signals {
		s.terminating = s.terminating || endsUs(received)
		if s.agent != nil && !s.agent.exited {
			_ = unix.Kill(s.agent.pid, received)
		}
		slog.Info("signal received", "signal", unix.SignalName(received), "forwarded", s.agent != nil)
	}
}
