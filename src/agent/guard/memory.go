package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// mlockOnFault is MLOCK_ONFAULT of <linux/mman.h>, which x/sys does not name.
const mlockOnFault = 1

// lockMemory keeps what PID 1 needs for a kill in memory while the node swaps or evicts program text: then is when a
// deadman matters. mlockall would be refused to an ordinary uid (it counts Go's reserved address space, and the usual
// limit is 8 MiB), so the program's own file goes first, then the rest as far as the limit allows.
func lockMemory() (locked, total uint64) {
	file, err := os.Open("/proc/self/maps")
	if err != nil {
		return 0, 0
	}
	defer file.Close()
	var program, rest []mapping
	for lines := bufio.NewScanner(file); lines.Scan(); {
		m, ok := parseMapping(lines.Text())
		switch {
		case !ok:
		case m.fromFile:
			program = append(program, m)
		default:
			rest = append(rest, m)
		}
	}
	for _, m := range append(program, rest...) {
		total += m.size
		// Anonymous memory is locked as it is touched: a fresh page needs no disk, and locking it early only costs memory.
		flags := uintptr(mlockOnFault)
		if m.fromFile {
			flags = 0
		}
		if _, _, errno := unix.Syscall(unix.SYS_MLOCK2, uintptr(m.start), uintptr(m.size), flags); errno == 0 {
			locked += m.size
		}
	}
	return locked, total
}

type mapping struct {
	start, size uint64
	fromFile    bool
}

// parseMapping reads a line of /proc/self/maps; address space that is only reserved, and the kernel's own, is left out.
func parseMapping(line string) (m mapping, ok bool) {
	var end uint64
	var access string
	if _, err := fmt.Sscanf(line, "%x-%x %s", &m.start, &end, &access); err != nil {
		return m, false
	}
	m.size = end - m.start
	m.fromFile = strings.Contains(line, " /")
	return m, access[0] == 'r' && !strings.Contains(line, "[v")
}
