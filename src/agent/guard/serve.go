package main

import (
	"flag"
	"log/slog"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// How often the configuration is looked at.
	serveTick = 500 * time.Millisecond
	// A server that ends is started again here and not by the kubelet: a container that restarts makes its pod unready,
	// and no trouble of a side container may take a database out of service.
	serveAgain = 2 * time.Second
)

// runServe waits for a configuration file, then keeps a server running that reads it, and tells it by SIGHUP when the
// file was replaced. As PID 1 it also buries what the server leaves behind.
func runServe(args []string) int {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	config := flags.String("config", "", "")
	if err := parse(flags, args); err != nil {
		return fail(exitUsage, "%v", err)
	}
	if *config == "" || flags.NArg() == 0 {
		return fail(exitUsage, "serve: use `pgguard serve --config FILE -- COMMAND...`")
	}
	flushLog := logInBackground()
	defer flushLog()
	s := &served{config: *config, argv: flags.Args(), signals: openSignalPipe()}
	return s.run()
}

type served struct {
	config  string
	argv    []string
	signals int
	pid     int // 0 while the server does not run
	read    unix.Stat_t
	ending  bool
	startAt int64
}

func (s *served) run() int {
	slog.Info("waiting for the configuration", "file", s.config)
	for {
		s.bury()
		if s.ending && s.pid == 0 {
			slog.Info("ends")
			return 0
		}
		s.keep()
		s.rest()
	}
}

// keep starts the server when it should run, and tells it when its configuration is another one.
func (s *served) keep() {
	var now unix.Stat_t
	if s.ending || unix.Stat(s.config, &now) != nil {
		return
	}
	switch {
	case s.pid == 0 && monotonic() >= s.startAt:
		s.start(now)
	case s.pid != 0 && (now.Ino != s.read.Ino || now.Mtim != s.read.Mtim):
		s.read = now
		slog.Info("the configuration changed: reloading")
		_ = unix.Kill(s.pid, unix.SIGHUP)
	}
}

func (s *served) start(config unix.Stat_t) {
	s.startAt = monotonic() + int64(serveAgain)
	path, _, err := findCommand(s.argv[0])
	if err == nil {
		s.pid, err = syscall.ForkExec(path, s.argv, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	}
	if err != nil {
		s.pid = 0
		slog.Error("the server cannot be started", "command", s.argv[0], "error", err.Error())
		return
	}
	s.read = config
	slog.Info("server started", "pid", s.pid)
}

func (s *served) bury() {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
		if err != nil || pid <= 0 {
			return
		}
		if pid == s.pid {
			s.pid = 0
			s.startAt = monotonic() + int64(serveAgain)
			slog.Warn("the server ended", "code", exitCode(status))
		}
	}
}

// rest waits for the next tick or a signal, which goes on to the server.
func (s *served) rest() {
	for _, received := range awaitSignals(s.signals, serveTick) {
		s.ending = s.ending || endsUs(received)
		if s.pid != 0 {
			_ = unix.Kill(s.pid, received)
		}
	}
}
