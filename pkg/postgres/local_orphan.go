package postgres

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// orphanFast is how long an orphan may take to stop with a checkpoint.
	orphanFast = 20 * time.Second
	// orphanNotice is how long the children of a killed server may take to
	// notice; those in a long statement notice at its end only.
	orphanNotice = time.Second
	// orphanQuit is how long they may take when told to quit.
	orphanQuit = 5 * time.Second
	// orphanPause is between two looks.
	orphanPause = 20 * time.Millisecond
)

// stopOrphans ends what an earlier server left running in the data directory and
// removes its stale lock file. The launcher's lock is ours, so whatever runs
// there has lost its launcher.
func (s site) stopOrphans(ctx context.Context, log *slog.Logger) error {
	running := processesIn(s.data)
	if len(running) > 0 {
		first := s.postmaster()
		log.Warn("found an orphaned database server; stopping it", "dir", s.dir, "pid", first, "processes", len(running))
		patience := orphanNotice
		if slices.Contains(running, first) {
			patience = orphanFast
			_ = syscall.Kill(first, syscall.SIGINT) // seen a moment ago; gone is fine
		}
		for _, step := range []struct {
			patience time.Duration
			next     syscall.Signal
		}{{patience, syscall.SIGQUIT}, {orphanQuit, syscall.SIGKILL}, {orphanQuit, 0}} {
			if running = s.gone(ctx, step.patience); len(running) == 0 || step.next == 0 {
				break
			}
			for _, pid := range running {
				_ = syscall.Kill(pid, step.next)
			}
		}
		if len(running) > 0 {
			return invalidDir("processes %v still use the database in %s and cannot be stopped", running, s.dir)
		}
	}
	return s.removeStaleLock()
}

// gone waits until no process is left in the data directory and returns those
// that still are when patience or ctx ends.
func (s site) gone(ctx context.Context, patience time.Duration) []int {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		running := processesIn(s.data)
		if len(running) == 0 || ctx.Err() != nil {
			return running
		}
		time.Sleep(orphanPause) // they are not our children; nothing tells us
	}
}

// postmaster is the process named by the server's lock file; 0 if none.
func (s site) postmaster() int {
	text, err := os.ReadFile(filepath.Join(s.data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	return pid
}

// removeStaleLock removes a lock file whose process has just been seen not to
// run here. PostgreSQL itself looks at the number alone and would refuse to
// start once it belongs to another program, which after a restart of a container
// it often does.
func (s site) removeStaleLock() error {
	if !canSeeProcesses {
		return nil
	}
	err := os.Remove(filepath.Join(s.data, "postmaster.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return invalidDir("the stale lock file in %s cannot be removed", s.data).Wrap(err)
	}
	return nil
}
