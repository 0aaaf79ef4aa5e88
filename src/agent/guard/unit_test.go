package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func newTestDeadman(t *testing.T) (d *deadman, write func(string)) {
	t.Helper()
	var pipe [2]int
	check(t, unix.Pipe2(pipe[:], unix.O_CLOEXEC|unix.O_NONBLOCK))
	d, err := newDeadman(pipe[0])
	check(t, err)
	t.Cleanup(func() { d.close(); _ = unix.Close(pipe[1]) })
	return d, func(s string) {
		_, err := unix.Write(pipe[1], []byte(s))
		check(t, err)
	}
}

func TestTheLastOfSeveralLinesHoldsHoweverTheyAreCut(t *testing.T) {
	d, write := newTestDeadman(t)
	at := monotonic() + int64(time.Minute)
	whole := fmt.Sprintf("arm %d\ndisarm\narm %d\n", at-1, at)
	for i := range whole {
		write(whole[i : i+1])
		if reason := d.read(); reason != "" {
			t.Fatalf("after %q: %s", whole[:i+1], reason)
		}
	}
	if d.deadline != at {
		t.Errorf("deadline %d instead of %d", d.deadline, at)
	}
	write(whole + "disarm\n")
	if reason := d.read(); reason != "" || d.deadline != 0 {
		t.Errorf("not disarmed: %d %s", d.deadline, reason)
	}
}

func TestEveryLineThatIsNotExactlyRightCountsAsExpiry(t *testing.T) {
	hourAndABit := monotonic() + int64(time.Hour+time.Minute)
	for _, line := range []string{
		"\n", "arm\n", "arm \n", "arm 0\n", "arm -1\n", "arm +1\n", "arm 1.5\n", "arm 1e9\n", "arm 0x10\n", "arm 1_0\n", " arm 1\n",
		"arm  1\n", "arm 1 \n", "arm 1\r\n", "ARM 1\n", "disarm \n", "disarmed\n", "\x00\n", "arm 99999999999999999999\n",
		fmt.Sprintf("arm %d\n", hourAndABit), fmt.Sprintf("arm %d\n", time.Now().UnixNano()),
		"disarm\nx\ndisarm\n", strings.Repeat("arm ", 20), // no end of line in sight
	} {
		d, write := newTestDeadman(t)
		write(line)
		if reason := d.read(); !strings.HasPrefix(reason, "malformed line from the agent: ") {
			t.Errorf("%q: %q", line, reason)
		}
	}
}

func TestADeadlineInThePastHasPassedAtOnce(t *testing.T) {
	d, write := newTestDeadman(t)
	write("arm 1\n")
	if reason := d.read(); reason != "" {
		t.Fatal(reason)
	}
	fds := []unix.PollFd{{Fd: int32(d.timer), Events: unix.POLLIN}}
	if n, err := unix.Poll(fds, 1000); n != 1 || err != nil {
		t.Errorf("timer did not fire: %d %v", n, err)
	}
	if late, passed := d.passed(); !passed || late < 0 {
		t.Errorf("%v %v", late, passed)
	}
}

func TestBackOffGrowsToTenSecondsAndStartsAnewAfterTenSecondsOfLife(t *testing.T) {
	var b backoff
	want := []int{0, 1, 2, 4, 8, 10, 10, 10}
	for _, seconds := range want {
		if got := b.next(9 * time.Second); got != time.Duration(seconds)*time.Second {
			t.Errorf("%v instead of %d s", got, seconds)
		}
	}
	for i, lived := range []time.Duration{10 * time.Second, 0, time.Hour} {
		if got := b.next(lived); got != []time.Duration{0, time.Second, 0}[i] {
			t.Errorf("%v after a life of %v", got, lived)
		}
	}
}

func TestTheDeadListStaysShortEnoughToStartAProcess(t *testing.T) {
	var dead []string
	for i := 0; i < 10_000; i++ {
		dead = append(dead, fmt.Sprintf("%036d", i))
	}
	env := agentEnvironment([]string{"A=1", "PGGUARD_BOOT_ID=forged", "PGGUARD_DEAD_BOOT_IDS=forged", "B=2"}, "me", dead)
	list, found := strings.CutPrefix(env[len(env)-1], "PGGUARD_DEAD_BOOT_IDS=")
	if !found || len(list) > 128*1024 || !strings.HasSuffix(list, ","+dead[9_999]) {
		t.Errorf("%d bytes", len(list))
	}
	if rest := strings.Join(env[:len(env)-1], " "); rest != "A=1 B=2 PGGUARD_BOOT_ID=me" {
		t.Error(rest)
	}
}

func TestABootIdIsARandomUuid(t *testing.T) {
	first, err := newBootID()
	check(t, err)
	second, err := newBootID()
	check(t, err)
	if first == second || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(first) {
		t.Error(first, second)
	}
}

func TestHelpVersionAndWrongUse(t *testing.T) {
	if code, output := run(t, "--help"); code != 0 || output != usage {
		t.Errorf("%d %s", code, output)
	}
	if code, output := run(t, "--version"); code != 0 || output != "pgguard 9.8.7\n" {
		t.Errorf("%d %s", code, output)
	}
	for _, args := range [][]string{
		{}, {"start"}, {"init"}, {"init", "--force", "--", "true"}, {"lock-exec", "--", "true"}, {"lock-exec", "--lock", "x"},
		{"lock-free"}, {"lock-free", "--lock", "x", "y"}, {"lock-free", "--lock", "x", "--timeout", "5"}, {"install", "--from", "/"},
	} {
		if code, output := run(t, args...); code != exitUsage || output == "" {
			t.Errorf("%v: %d %s", args, code, output)
		}
	}
}
