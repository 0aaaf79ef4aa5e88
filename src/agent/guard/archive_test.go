package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func gateFile(t *testing.T, line string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gate")
	if line != "" {
		must(os.WriteFile(path, []byte(line), 0o600))
	}
	return path
}

func ahead(d time.Duration) int64 { return monotonic() + int64(d) }

func TestNothingIsArchivedWithoutAValidLease(t *testing.T) {
	for name, line := range map[string]string{
		"no gate":             "",
		"a Lease that ended":  fmt.Sprintf("open %d\n", ahead(-time.Second)),
		"an unreadable gate":  "open soon\n",
		"a gate of no state":  fmt.Sprintf("ajar %d\n", ahead(time.Minute)),
		"closing, and it ran": fmt.Sprintf("closing %d\n", ahead(-time.Millisecond)),
	} {
		t.Run(name, func(t *testing.T) {
			pushed := filepath.Join(t.TempDir(), "pushed")
			code, output := run(t, "archive", "--gate", gateFile(t, line), "--", "touch", pushed)
			if _, err := os.Stat(pushed); err == nil || code == 0 || !strings.Contains(output, "refused") {
				t.Fatalf("code %d, pushed: %v, %q", code, err == nil, output)
			}
		})
	}
}

func TestWhileTheLeaseIsValidTheCommandsEndIsPostgresAnswer(t *testing.T) {
	gate := gateFile(t, fmt.Sprintf("open %d\n", ahead(time.Minute)))
	for script, want := range map[string]int{"exit 0": 0, "exit 82": exitFailure, "kill -9 $$": exitFailure} {
		if code, output := run(t, "archive", "--gate", gate, "--", "sh", "-c", script); code != want {
			t.Fatalf("%q: code %d, want %d: %q", script, code, want, output)
		}
	}
}

func TestAPushEndsWithTheLease(t *testing.T) {
	gate := gateFile(t, fmt.Sprintf("open %d\n", ahead(300*time.Millisecond)))
	began := time.Now()
	code, output := run(t, "archive", "--gate", gate, "--", "sleep", "60")
	if code != exitFailure || time.Since(began) > generous {
		t.Fatalf("code %d after %v: %q", code, time.Since(began), output)
	}
}

func TestAServerThatIsBeingStoppedWaitsNotLongForItsArchive(t *testing.T) {
	const waits = time.Second
	late := gateFile(t, fmt.Sprintf("closing %d\n", ahead(waits)))
	began := time.Now()
	if code, output := run(t, "archive", "--gate", late, "--", "sleep", "60"); code != exitArchiverEnds {
		t.Fatalf("code %d: %q", code, output)
	}
	if took := time.Since(began); took < waits/2 || took > waits+generous {
		t.Fatalf("it took %v", took)
	}
	if code, _ := run(t, "archive", "--gate", late, "--", "true"); code != exitArchiverEnds {
		t.Fatalf("code %d: the wait is for all segments together", code)
	}
	gate := gateFile(t, fmt.Sprintf("closing %d\n", ahead(time.Minute)))
	if code, _ := run(t, "archive", "--gate", gate, "--", "false"); code != exitArchiverEnds {
		t.Fatalf("code %d: the archiver would try twice more, a second apart", code)
	}
	closed := gateFile(t, fmt.Sprintf("closed %d\n", ahead(time.Minute)))
	if code, _ := run(t, "archive", "--gate", closed, "--", "true"); code != exitArchiverEnds {
		t.Fatalf("code %d: an archive that has been failing is not waited for at all", code)
	}
	if code, _ := run(t, "archive", "--gate", gate, "--", "true"); code != 0 {
		t.Fatalf("code %d: an archive that works gets the last segment", code)
	}
}

func TestFetchNeverKeepsRecoveryWaiting(t *testing.T) {
	directory := t.TempDir()
	when, resting := filepath.Join(directory, "wanted"), filepath.Join(directory, "resting")
	fetch := func(within string, script string) (int, string) {
		return run(t, "fetch", "--when", when, "--resting", resting, "--within", within, "--", "sh", "-c", script)
	}
	asked := filepath.Join(directory, "asked")
	if code, _ := fetch("10s", "touch "+asked); code != exitFailure || exists(asked) {
		t.Fatalf("an archive that is not wanted is not asked: code %d", code)
	}
	must(os.WriteFile(when, nil, 0o600))
	if code, _ := fetch("10s", "exit 0"); code != 0 {
		t.Fatalf("a file that the archive has: code %d", code)
	}
	if code, _ := fetch("10s", "exit 1"); code != exitFailure || rests(resting) {
		t.Fatalf("a file that the archive has not is no failure of the archive: code %d", code)
	}
	if code, output := fetch("200ms", "sleep 60"); code != exitFailure || !strings.Contains(output, "no answer within") {
		t.Fatalf("code %d: %q", code, output)
	}
	if code, _ := fetch("10s", "touch "+asked); code != exitFailure || exists(asked) {
		t.Fatalf("an archive that has just failed is left alone: code %d", code)
	}
	must(os.Remove(resting))
	began := time.Now()
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = os.Remove(when)
	}()
	if code, _ := fetch("60s", "sleep 60"); code != exitFailure || rests(resting) || time.Since(began) > generous {
		t.Fatalf("a promotion begins while the archive is asked: code %d after %v", code, time.Since(began))
	}
	must(os.WriteFile(when, nil, 0o600))
	if code, _ := fetch("10s", "exit 103"); code != exitFailure || !rests(resting) {
		t.Fatalf("an error of the archive: code %d", code)
	}
}
