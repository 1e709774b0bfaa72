//go:build unix && !linux

package postgres

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// canSeeProcesses: only the server's first process can be found here, so its
// lock file is left to PostgreSQL's own checks.
const canSeeProcesses = false

// dieWithParent has no counterpart here: an orphan is stopped at the next start.
func dieWithParent(*syscall.SysProcAttr) {}

// processesIn finds the server named by dir's lock file, if it runs.
func processesIn(dir string) []int {
	text, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		return nil
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return nil
	}
	command, err := exec.Command("ps", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || !strings.Contains(string(command), dir) {
		return nil
	}
	return []int{pid}
}
