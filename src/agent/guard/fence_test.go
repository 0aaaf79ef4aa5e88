package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lateness is what pgguard itself measured: how long after the deadline it killed.
func (c *container) lateness() time.Duration {
	c.t.Helper()
	var found []string
	eventually(c.t, generous, "the kill in the log", func() bool {
		found = regexp.MustCompile(`deadline passed (-?[0-9.]+) ms ago`).FindStringSubmatch(c.logged())
		return found != nil
	})
	late, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return time.Duration(late * 1e6)
}

// startBusy starts the busy grandchild and waits for its first beat.
func (c *container) startBusy() {
	c.t.Helper()
	c.order("busy")
	eventually(c.t, generous, "first heartbeat", func() bool { return c.beats.last() != 0 })
}

// assertSucceeded: everything of the old agent was dead before the new one began, which knows the old one as dead.
func (c *container) assertSucceeded(old, successor event) {
	c.t.Helper()
	if last := c.beats.last(); last >= successor.At {
		c.t.Errorf("the busy grandchild lived %v into the life of the new agent", time.Duration(last-successor.At))
	}
	if successor.BootID == old.BootID || len(successor.Dead) != 1 || successor.Dead[0] != old.BootID {
		c.t.Errorf("old %s; new %s with dead list %v", old.BootID, successor.BootID, successor.Dead)
	}
	if others := c.processes(); len(others) != 2 {
		c.t.Errorf("more than pgguard and the agent: %+v", others)
	}
}

func TestExpiryKillsABusyGrandchildInASessionOfItsOwn(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	first := c.await("start", 1)
	c.startBusy()
	c.order("arm 400")
	deadline := c.await("armed", 1).Value
	second := c.await("start", 2)

	if late := c.lateness(); late < 0 || late > time.Second {
		t.Errorf("killed %v after the deadline", late)
	}
	if second.At < deadline {
		t.Errorf("new agent %v before the deadline", time.Duration(deadline-second.At))
	}
	if over := time.Duration(c.beats.last() - deadline); over > time.Second {
		t.Errorf("grandchild lived %v past the deadline", over)
	}
	c.assertSucceeded(first, second)
	t.Logf("pgguard acted %v after the deadline; the grandchild's last beat was at %+v",
		c.lateness(), time.Duration(c.beats.last()-deadline))
}

func TestAStoppedAgentIsKilledAtTheDeadlineWithAllItsOwn(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	first := c.await("start", 1)
	c.startBusy()
	c.order("arm 400")
	deadline := c.await("armed", 1).Value
	c.signalAgent(first, unix.SIGSTOP)
	second := c.await("start", 2)
	if second.At < deadline || c.lateness() < 0 {
		t.Errorf("acted before the deadline")
	}
	c.assertSucceeded(first, second)
}

func TestAKilledAgentTakesAllItsOwnWithIt(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	first := c.await("start", 1)
	c.startBusy()
	killed := monotonic()
	c.signalAgent(first, unix.SIGKILL)
	second := c.await("start", 2)
	if over := time.Duration(c.beats.last() - killed); over > time.Second {
		t.Errorf("grandchild lived %v longer than the agent", over)
	}
	c.assertSucceeded(first, second)
}

func TestAnAgentThatClosesTheDeadmanPipeIsKilled(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	first := c.await("start", 1)
	c.startBusy()
	c.order("close")
	c.assertSucceeded(first, c.await("start", 2))
}

func TestAMalformedLineKills(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	first := c.await("start", 1)
	c.startBusy()
	c.order("write arm soon")
	c.assertSucceeded(first, c.await("start", 2))
	eventually(t, generous, "the reason in the log", func() bool {
		return strings.Contains(c.logged(), `malformed line from the agent: \"arm soon\"`)
	})
}

func TestDisarmReallyDisarmsAndArmReplacesTheDeadline(t *testing.T) {
	t.Parallel()
	c := startContainer(t, nil)
	c.await("start", 1)
	c.order("arm 500")
	c.await("armed", 1)
	c.order("write disarm")
	c.await("write", 1)
	time.Sleep(700 * time.Millisecond)
	c.order("arm 300")
	c.await("armed", 2)
	c.order("arm 1000")
	deadline := c.await("armed", 3).Value
	time.Sleep(600 * time.Millisecond)
	if n := c.count("start"); n != 1 {
		t.Fatalf("agent was replaced although disarmed or re-armed: %d starts", n)
	}
	if second := c.await("start", 2); second.At < deadline {
		t.Errorf("new agent %v before the last deadline", time.Duration(deadline-second.At))
	}
}

// A frozen poll(2) or ppoll(2) goes on with the time that was left when it froze; only an absolute timer does not.
func TestAfterAThawThePassedDeadlineKillsAtOnce(t *testing.T) {
	t.Parallel()
	group := newCgroup(t)
	c := startContainer(t, nil, group.join)
	first := c.await("start", 1)
	c.startBusy()
	c.order("arm 1500")
	deadline := c.await("armed", 1).Value
	group.freeze(true)
	time.Sleep(time.Duration(deadline-monotonic()) + 500*time.Millisecond)
	if beat := c.beats.last(); beat >= deadline {
		t.Fatal("was not frozen")
	}
	thawed := monotonic()
	group.freeze(false)
	second := c.await("start", 2)
	alive := time.Duration(c.beats.last() - thawed)
	if alive > 100*time.Millisecond {
		t.Errorf("grandchild lived %v after the thaw", alive)
	}
	c.assertSucceeded(first, second)
	t.Logf("grandchild lived %v after the thaw", alive)
}

func TestALogPipeThatNobodyReadsDoesNotDelayTheKill(t *testing.T) {
	t.Parallel()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	full := int(write.Fd())
	_ = unix.SetNonblock(full, true)
	for n := 1; n > 0; {
		n, _ = unix.Write(full, make([]byte, 4096))
	}
	_ = unix.SetNonblock(full, false)

	c := startContainer(t, nil, func(cmd *exec.Cmd) { cmd.Stderr = write })
	first := c.await("start", 1)
	c.startBusy()
	c.order("arm 300")
	deadline := c.await("armed", 1).Value
	second := c.await("start", 2)
	if late := time.Duration(second.At - deadline); late < 0 || late > time.Second {
		t.Errorf("new agent %v after the deadline", late)
	}
	c.assertSucceeded(first, second)
}

func TestNobodyEscapesByForking(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "flee")
	if err := os.WriteFile(script, []byte("setsid sh $0 &\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := startContainer(t, nil)
	first := c.await("start", 1)
	for i := 0; i < 3; i++ {
		c.order("shell sh %s", script)
		c.await("shell", i+1)
	}
	c.order("exit 0")
	c.assertSucceeded(first, c.await("start", 2))
}

func TestAnOrdinaryUserWithoutCapabilitiesCanFenceAndLockItsMemory(t *testing.T) {
	t.Parallel()
	c := startContainer(t, []string{"sh", "-c", `echo '{"Event":"start","BootID":"'$(id -u)'"}'; echo x >&3; sleep 60`},
		func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "PGGUARD_TEST_UID=1234") })
	if e := c.await("start", 2); e.BootID != "1234" {
		t.Errorf("ran as uid %s", e.BootID)
	}
	size, err := os.Stat(program)
	if err != nil {
		t.Fatal(err)
	}
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.pid))
	locked := regexp.MustCompile(`VmLck:\s+(\d+) kB`).FindStringSubmatch(string(status))
	if kib, _ := strconv.ParseInt(locked[1], 10, 64); kib*1024 < size.Size() {
		t.Errorf("%d KiB are locked, less than the program", kib)
	}
}
