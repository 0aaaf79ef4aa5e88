package main

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// A deadline further away than this is a mistake in its unit or clock, and would disarm the deadman for good.
const farthestDeadline = int64(time.Hour)

// deadman holds the deadline that the agent moves forward by lines on a pipe: `arm <CLOCK_MONOTONIC ns>`, `disarm`.
// The clock is monotonic (I2, I3). The timer is a timerfd with an absolute time and not poll's timeout, because a
// system call that is restarted after a freeze or SIGSTOP would wait for what was left of it when the freeze began.
type deadman struct {
	pipe     int // read end; the agent has the other one as descriptor 3
	timer    int
	deadline int64 // 0: disarmed
	partial  []byte
}

func newDeadman(pipe int) (*deadman, error) {
	timer, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	return &deadman{pipe: pipe, timer: timer}, nil
}

func (d *deadman) passed() (late int64, passed bool) {
	late = monotonic() - d.deadline
	return late, d.deadline != 0 && late >= 0
}

// read takes what the agent wrote. A reason to kill comes back for whatever is not understood: failing is safe here.
func (d *deadman) read() (reason string) {
	var buffer [512]byte
	n, err := unix.Read(d.pipe, buffer[:])
	switch {
	case err == unix.EINTR || err == unix.EAGAIN:
		return ""
	case err != nil:
		return "deadman pipe cannot be read: " + err.Error()
	case n == 0:
		return "agent closed the deadman pipe or ended"
	}
	d.partial = append(d.partial, buffer[:n]...)
	for {
		line, rest, complete := bytes.Cut(d.partial, []byte{'\n'})
		if !complete {
			break
		}
		if err := d.obey(string(line)); err != nil {
			return fmt.Sprintf("malformed line from the agent: %q: %v", shorten(line), err)
		}
		d.partial = rest
	}
	if len(d.partial) > 64 {
		return fmt.Sprintf("malformed line from the agent: %q: longer than any command", shorten(d.partial))
	}
	return ""
}

func (d *deadman) obey(line string) error {
	if line == "disarm" {
		return d.set(0)
	}
	number, isArm := bytes.CutPrefix([]byte(line), []byte("arm "))
	if !isArm {
		return errors.New("neither `arm <nanoseconds>` nor `disarm`")
	}
	// 63 bits, digits only: ParseUint takes no sign, no space and no underscore.
	at, err := strconv.ParseUint(string(number), 10, 63)
	if err != nil || at == 0 {
		return errors.New("not a time in nanoseconds")
	}
	if int64(at) > monotonic()+farthestDeadline {
		return errors.New("more than an hour ahead; it must be CLOCK_MONOTONIC in nanoseconds, not the wall clock")
	}
	return d.set(int64(at))
}

// set moves the deadline; one that lies in the past makes the timer fire at once.
func (d *deadman) set(deadline int64) error {
	d.deadline = deadline
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(deadline)}
	if err := unix.TimerfdSettime(d.timer, unix.TFD_TIMER_ABSTIME, &at, nil); err != nil {
		return fmt.Errorf("timer: %w", err)
	}
	return nil
}

func (d *deadman) close() {
	_ = unix.Close(d.pipe)
	_ = unix.Close(d.timer)
}

func shorten(line []byte) []byte { return line[:min(len(line), 64)] }

// monotonic is CLOCK_MONOTONIC in nanoseconds, the clock of Node's process.hrtime.bigint().
func monotonic() int64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err) // cannot happen on Linux; without a clock PID 1, and so the container, must end
	}
	return now.Nano()
}
