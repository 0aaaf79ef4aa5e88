package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// sourceTree is like the agent image: programs, libraries with links, read-only files and a read-only directory.
func sourceTree(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for path, mode := range map[string]fs.FileMode{
		"pgguard": 0o755, "agent.mjs": 0o644, "node/bin/node": 0o555, "node/lib/libc.so.6.0": 0o444, "private": 0o600,
	} {
		full := filepath.Join(root, path)
		check(t, os.MkdirAll(filepath.Dir(full), 0o755))
		check(t, os.WriteFile(full, []byte("content of "+path), mode))
		check(t, os.Chmod(full, mode))
	}
	check(t, os.Symlink("libc.so.6.0", filepath.Join(root, "node/lib/libc.so.6")))
	check(t, os.Chmod(filepath.Join(root, "node/lib"), 0o555))
	return root
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// describe lists a tree: path, type and mode, content.
func describe(t *testing.T, root string) string {
	t.Helper()
	var lines []string
	check(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		check(t, err)
		if path == root {
			return nil
		}
		info, err := entry.Info()
		check(t, err)
		content := ""
		switch info.Mode().Type() {
		case fs.ModeSymlink:
			content, err = os.Readlink(path)
		case 0:
			var bytes []byte
			bytes, err = os.ReadFile(path)
			content = string(bytes)
		}
		check(t, err)
		lines = append(lines, fmt.Sprintln(strings.TrimPrefix(path, root), info.Mode(), content))
		return nil
	}))
	return strings.Join(lines, "")
}

func TestInstallKeepsModesAndLinksAndCanBeRepeated(t *testing.T) {
	from, to := sourceTree(t), filepath.Join(t.TempDir(), "new", "place")
	for round := 1; round <= 2; round++ {
		if code, output := run(t, "install", "--from", from, "--to", to); code != 0 {
			t.Fatalf("round %d: %d %s", round, code, output)
		}
		if want, got := describe(t, from), describe(t, to); want != got {
			t.Errorf("round %d:\n%s\ninstead of\n%s", round, got, want)
		}
	}
}

func TestInstallReplacesWhatIsRunningAndWhatAnInterruptedRunLeft(t *testing.T) {
	from, to := sourceTree(t), t.TempDir()
	content, err := os.ReadFile("/bin/sleep")
	check(t, err)
	running := filepath.Join(to, "pgguard")
	check(t, os.WriteFile(running, content, 0o755))
	sleep := exec.Command(running, "60")
	check(t, sleep.Start())
	defer func() { _ = sleep.Process.Kill(); _ = sleep.Wait() }()
	check(t, os.WriteFile(filepath.Join(to, ".agent.mjs.installing"), []byte("half"), 0o400))

	if code, output := run(t, "install", "--from", from, "--to", to); code != 0 {
		t.Fatalf("%d %s", code, output)
	}
	if want, got := describe(t, from), describe(t, to); want != got {
		t.Errorf("\n%s\ninstead of\n%s", got, want)
	}
}

// As in an init container: root file system read-only, an ordinary uid, a volume that belongs to root and the fsGroup.
func TestInstallWorksForAnOrdinaryUserOnAReadOnlyRoot(t *testing.T) {
	from, to := sourceTree(t), t.TempDir()
	check(t, os.Remove(filepath.Join(from, "private"))) // root's, not readable for others
	for _, directory := range []string{filepath.Dir(from), from, filepath.Dir(to)} {
		check(t, os.Chmod(directory, 0o755))
	}
	check(t, os.Chown(to, 0, 1234))
	check(t, os.Chmod(to, 0o2775|fs.ModeSetgid))
	command := exec.Command("sh", "-ec", `mount --make-rprivate /
		mount --bind "$2" "$2"
		mount -o remount,bind,ro /
		exec setpriv --reuid 1234 --regid 1234 --clear-groups sh -ec '
			! touch "$3/may-not-write" 2>/dev/null
			exec "$0" install --from "$1" --to "$2"' "$0" "$1" "$2" "$3"`, program, from, to, filepath.Dir(to))
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, output)
	}
	if want, got := describe(t, from), describe(t, to); want != got {
		t.Errorf("\n%s\ninstead of\n%s", got, want)
	}
}

func TestInstallNamesWhatItCannotCopy(t *testing.T) {
	from, to := sourceTree(t), t.TempDir()
	check(t, unix.Mkfifo(filepath.Join(from, "pipe"), 0o600))
	if code, output := run(t, "install", "--from", from, "--to", to); code != exitFailure || !strings.Contains(output, "/pipe") {
		t.Errorf("%d %s", code, output)
	}
	if code, output := run(t, "install", "--from", "/no/such/tree", "--to", to); code != exitFailure || !strings.Contains(output, "/no/such/tree") {
		t.Errorf("%d %s", code, output)
	}
}
