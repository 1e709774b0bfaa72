package postgres

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

// canSeeProcesses: processesIn finds every process of the server.
const canSeeProcesses = true

// dieWithParent has the kernel tell the server to stop at once (SIGQUIT: without
// a checkpoint, taking its own children along) when we die, even by kill -9.
func dieWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGQUIT }

// processesIn lists the PostgreSQL processes whose working directory is dir, as
// is that of every process of a server.
func processesIn(dir string) []int {
	want, err := os.Stat(dir)
	if err != nil {
		return nil
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		// All this fails for processes of others and for those that just ended.
		if name, err := os.ReadFile("/proc/" + e.Name() + "/comm"); err != nil || !strings.HasPrefix(string(name), "postgres") {
			continue // such as somebody's shell
		}
		if at, err := os.Stat("/proc/" + e.Name() + "/cwd"); err == nil && os.SameFile(at, want) {
			pids = append(pids, pid)
		}
	}
	return pids
}
