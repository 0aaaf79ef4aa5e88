package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// roles are what this test program becomes inside a container.
var roles = map[string]func(){
	"pid1":   becomePid1,
	"agent":  scriptedAgent,
	"orphan": startOrphan,
	"busy":   beatForEver,
}

// becomePid1 does what a container runtime does (own /proc, the uid), then becomes pgguard.
func becomePid1() {
	must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(unix.Mount("proc", "/proc", "proc", 0, ""))
	if uid, err := strconv.Atoi(os.Getenv("PGGUARD_TEST_UID")); err == nil {
		limit := unix.Rlimit{Cur: 8 << 20, Max: 8 << 20} // the usual one of container runtimes
		must(unix.Setrlimit(unix.RLIMIT_MEMLOCK, &limit))
		must(syscall.Setgroups(nil))
		must(syscall.Setgid(uid))
		must(syscall.Setuid(uid))
	}
	must(syscall.Exec(os.Args[1], os.Args[1:], os.Environ()))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "test role:", err)
		os.Exit(99)
	}
}

var stdout sync.Mutex

func report(e event) {
	stdout.Lock()
	defer stdout.Unlock()
	e.At, e.Pid = monotonic(), os.Getpid()
	line, _ := json.Marshal(e)
	_, _ = os.Stdout.Write(append(line, '\n'))
}

// scriptedAgent obeys one order a line from stdin and reports each when it is done.
func scriptedAgent() {
	received := make(chan os.Signal, 16)
	signal.Notify(received, unix.SIGTERM, unix.SIGINT, unix.SIGHUP, unix.SIGUSR1, unix.SIGUSR2, unix.SIGQUIT)
	go func() {
		for s := range received {
			report(event{Event: "signal", Text: unix.SignalName(s.(unix.Signal))})
		}
	}()
	unix.CloseOnExec(3) // as Node does with what it inherits
	deadman := os.NewFile(3, "deadman")
	var dead []string
	if list := os.Getenv("PGGUARD_DEAD_BOOT_IDS"); list != "" {
		dead = strings.Split(list, ",")
	}
	report(event{Event: "start", BootID: os.Getenv("PGGUARD_BOOT_ID"), Dead: dead})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		order, argument, _ := strings.Cut(lines.Text(), " ")
		switch order {
		case "arm": // milliseconds from now
			milliseconds, _ := strconv.Atoi(argument)
			deadline := monotonic() + int64(milliseconds)*int64(time.Millisecond)
			fmt.Fprintf(deadman, "arm %d\n", deadline)
			report(event{Event: "armed", Value: deadline})
			continue
		case "write":
			fmt.Fprintln(deadman, argument)
		case "close":
			report(event{Event: "close"})
			_ = deadman.Close()
			continue
		case "busy":
			orphan(os.Args[0], "PGGUARD_TEST_ROLE=busy")
		case "shell":
			orphan("sh", "PGGUARD_TEST_ROLE=none", "-c", argument)
		case "exit":
			report(event{Event: "exit"})
			code, _ := strconv.Atoi(argument)
			os.Exit(code)
		}
		report(event{Event: order})
	}
}

// orphan starts a grandchild in a session of its own whose parent is gone when this returns.
func orphan(name, role string, args ...string) {
	middle := exec.Command(os.Args[0], append([]string{name}, args...)...)
	middle.Env = append(os.Environ(), "PGGUARD_TEST_ROLE=orphan", "ORPHAN_"+role)
	must(middle.Run())
}

func startOrphan() {
	command := exec.Command(os.Args[1], os.Args[2:]...)
	command.Env = append(os.Environ(), "PGGUARD_TEST_ROLE="+os.Getenv("ORPHAN_PGGUARD_TEST_ROLE"))
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	must(command.Start())
}

// beatForEver is a backend in a busy loop: it looks at nothing and nobody, and ignores what can be ignored.
func beatForEver() {
	signal.Ignore(unix.SIGTERM, unix.SIGINT, unix.SIGHUP)
	page, err := mapPage(os.Getenv("PGGUARD_TEST_BEATS"))
	must(err)
	for {
		atomic.StoreInt64((*int64)(unsafe.Pointer(&page[0])), monotonic())
	}
}

func mapPage(path string) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return unix.Mmap(int(file.Fd()), 0, 4096, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
}

func (h *heartbeat) last() int64 {
	return atomic.LoadInt64((*int64)(unsafe.Pointer(&h.page[0])))
}
