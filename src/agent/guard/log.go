package main

import (
	"bytes"
	"log/slog"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// logInBackground makes slog write JSON lines to stderr from a thread of its own: a log pipe that nobody reads must
// never delay a kill. Lines that do not fit are dropped. The function returned waits a moment for the rest.
func logInBackground() (flush func()) {
	writer := backgroundWriter{lines: make(chan []byte, 64), done: make(chan struct{})}
	go writer.run()
	slog.SetDefault(slog.New(slog.NewJSONHandler(writer, &slog.HandlerOptions{ReplaceAttr: likeTheAgentsLog})))
	return func() {
		close(writer.lines)
		select {
		case <-writer.done:
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// likeTheAgentsLog: level in lower case, time in UTC with milliseconds.
func likeTheAgentsLog(groups []string, attribute slog.Attr) slog.Attr {
	switch attribute.Key {
	case slog.LevelKey:
		return slog.String(slog.LevelKey, strings.ToLower(attribute.Value.String()))
	case slog.TimeKey:
		return slog.String(slog.TimeKey, attribute.Value.Time().UTC().Format("2006-01-02T15:04:05.000Z"))
	}
	return attribute
}

type backgroundWriter struct {
	lines chan []byte
	done  chan struct{}
}

func (w backgroundWriter) Write(line []byte) (int, error) {
	select {
	case w.lines <- bytes.Clone(line):
	default:
	}
	return len(line), nil
}

func (w backgroundWriter) run() {
	for line := range w.lines {
		_, _ = unix.Write(2, line)
	}
	close(w.done)
}
