package postgrestest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

const (
	memory = "/dev/shm"
	// memoryNeeded for a few test processes with a log of 256 MB and some dozen
	// clones of 8 MB each; containers often have 64 MB in all.
	memoryNeeded = 4 << 30
)

// room is the temporary directory of this process's server. A lock held for the
// life of the process tells it from those of dead processes.
type room struct {
	dir  string
	lock *os.File
}

// newRoom makes a room and sweeps those whose process is gone.
func newRoom() (*room, error) {
	base := filepath.Join(place(), "pgtest-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(base, 0o711); err != nil && !os.IsExist(err) {
		return nil, err
	}
	if err := os.Chmod(base, 0o711); err != nil { // the server's user must pass
		return nil, err
	}
	// One at a time, so that a room just made is not taken for a dead one.
	door, err := locked(filepath.Join(base, "door"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer func() { _ = door.Close() }()
	rooms, err := filepath.Glob(filepath.Join(base, "r*"))
	if err != nil {
		return nil, err
	}
	for _, dir := range rooms {
		if f, err := locked(filepath.Join(dir, "lock"), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			_ = os.RemoveAll(dir) // the next run tries again
			_ = f.Close()
		}
	}
	dir, err := os.MkdirTemp(base, "r")
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(dir, 0o711); err != nil {
		return nil, err
	}
	lock, err := locked(filepath.Join(dir, "lock"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	return &room{dir: dir, lock: lock}, nil
}

// place is memory where there is enough: a clone takes 10 ms there and 220 ms on
// the disk of the machine this was measured on.
func place() string {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(memory, &fs); err == nil && fs.Bavail*uint64(fs.Bsize) >= memoryNeeded {
		return memory
	}
	return os.TempDir()
}

func (r *room) close() {
	_ = os.RemoveAll(r.dir) // else the next run sweeps it
	_ = r.lock.Close()
}

// locked opens a file and locks it.
func locked(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
