package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// generous is an upper limit for what takes milliseconds, on a machine that has other things to do.
const generous = 5 * time.Second

// program is the real pgguard, built once, exactly as it is shipped.
var program string

func TestMain(m *testing.M) {
	if role := os.Getenv("PGGUARD_TEST_ROLE"); role != "" {
		roles[role]()
		os.Exit(0)
	}
	directory, err := os.MkdirTemp("", "pgguard-test-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(directory, "pgguard")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version=9.8.7", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("%v\n%s", err, output))
	}
	_ = os.Chmod(directory, 0o755)
	code := m.Run()
	_ = os.RemoveAll(directory)
	os.Exit(code)
}

// run runs pgguard to its end and returns its exit code and what it printed.
func run(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	command := exec.Command(program, args...)
	printed, err := command.CombinedOutput()
	if err != nil && command.ProcessState == nil {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), string(printed)
}

// event is what the scripted agent reports on stdout; At is CLOCK_MONOTONIC, the same in all namespaces.
type event struct {
	Event  string
	At     int64
	Pid    int
	BootID string
	Dead   []string
	Value  int64
	Text   string
}

// container is a real PID namespace with its own /proc, pgguard as PID 1 and the scripted agent below it.
type container struct {
	t      *testing.T
	cmd    *exec.Cmd
	pid    int // of pgguard, seen from outside
	orders io.Writer
	beats  *heartbeat
	ended  chan struct{}

	mutex  sync.Mutex
	events []event
	log    bytes.Buffer
}

type option func(*exec.Cmd)

// startContainer runs `pgguard init -- <agent>`; without an agent it is the scripted one of roles_test.go.
func startContainer(t *testing.T, agent []string, options ...option) *container {
	t.Helper()
	if agent == nil {
		agent = []string{"env", "PGGUARD_TEST_ROLE=agent", os.Args[0]}
	}
	c := &container{t: t, beats: newHeartbeat(t), ended: make(chan struct{})}
	c.cmd = exec.Command(os.Args[0], append([]string{program, "init", "--"}, agent...)...)
	c.cmd.Env = append(os.Environ(), "PGGUARD_TEST_ROLE=pid1", "PGGUARD_TEST_BEATS="+c.beats.path)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS}
	orders, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.orders = orders
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd.Stderr = lockedWriter{c}
	for _, apply := range options {
		apply(c.cmd)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c.pid = c.cmd.Process.Pid
	go func() {
		c.collect(stdout)
		_ = c.cmd.Wait()
		close(c.ended)
	}()
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		<-c.ended
		if t.Failed() {
			t.Logf("events: %+v\nlog:\n%s", c.events, c.logged())
		}
	})
	return c
}

type lockedWriter struct{ c *container }

func (w lockedWriter) Write(p []byte) (int, error) {
	w.c.mutex.Lock()
	defer w.c.mutex.Unlock()
	return w.c.log.Write(p)
}

func (c *container) logged() string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.log.String()
}

func (c *container) collect(stdout io.Reader) {
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) == nil {
			c.mutex.Lock()
			c.events = append(c.events, e)
			c.mutex.Unlock()
		}
	}
}

// await returns the nth (from 1) event of that name.
func (c *container) await(name string, nth int) event {
	c.t.Helper()
	var found event
	eventually(c.t, generous+15*time.Second, fmt.Sprintf("event %q number %d", name, nth), func() bool {
		c.mutex.Lock()
		defer c.mutex.Unlock()
		count := 0
		for _, e := range c.events {
			if e.Event == name {
				if count++; count == nth {
					found = e
					return true
				}
			}
		}
		return false
	})
	return found
}

func (c *container) count(name string) (n int) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, e := range c.events {
		if e.Event == name {
			n++
		}
	}
	return n
}

// order makes the running agent do something; see roles_test.go.
func (c *container) order(format string, args ...any) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.orders, format+"\n", args...); err != nil {
		c.t.Fatal(err)
	}
}

func (c *container) exitCode() int {
	c.t.Helper()
	select {
	case <-c.ended:
	case <-time.After(generous):
		c.t.Fatal("pgguard did not end")
	}
	return c.cmd.ProcessState.ExitCode()
}

func (c *container) signal(s syscall.Signal) {
	c.t.Helper()
	if err := c.cmd.Process.Signal(s); err != nil {
		c.t.Fatal(err)
	}
}

// signalAgent signals the agent itself, from outside, as a node's OOM killer or an operator would.
func (c *container) signalAgent(e event, s syscall.Signal) {
	c.t.Helper()
	for _, p := range c.processes() {
		if p.inside == e.Pid {
			_ = syscall.Kill(p.outside, s)
			return
		}
	}
	c.t.Fatalf("agent %d not found", e.Pid)
}

type process struct {
	outside, inside, parent int
	state                   string
}

// processes lists who is in the container, pgguard and zombies included.
func (c *container) processes() []process { return processesIn(c.pid) }

func processesIn(pid1 int) (found []process) {
	own, _ := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid1))
	entries, _ := os.ReadDir("/proc")
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		status, _ := os.ReadFile("/proc/" + entry.Name() + "/status")
		p := process{outside: pid}
		for _, line := range strings.Split(string(status), "\n") {
			words := strings.Fields(line)
			if len(words) < 2 {
				continue
			}
			switch words[0] {
			case "State:":
				p.state = words[1]
			case "PPid:":
				p.parent, _ = strconv.Atoi(words[1])
			case "NSpid:":
				p.inside, _ = strconv.Atoi(words[len(words)-1])
			}
		}
		// A zombie has no namespace link any more, but it still has a parent.
		namespace, _ := os.Readlink("/proc/" + entry.Name() + "/ns/pid")
		if namespace == own && own != "" || p.parent == pid1 {
			found = append(found, p)
		}
	}
	return found
}

func eventually(t *testing.T, limit time.Duration, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !condition(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}

// heartbeat is a page shared with a busy process, which writes the time into it without end: the last value is the
// moment of its death, to the microsecond.
type heartbeat struct {
	path string
	page []byte
}

func newHeartbeat(t *testing.T) *heartbeat {
	t.Helper()
	path := filepath.Join(t.TempDir(), "beats")
	if err := os.WriteFile(path, make([]byte, 4096), 0o666); err != nil {
		t.Fatal(err)
	}
	page, err := mapPage(path)
	if err != nil {
		t.Fatal(err)
	}
	return &heartbeat{path, page}
}
