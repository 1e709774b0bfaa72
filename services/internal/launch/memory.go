package launch

import (
	"fmt"
	"os"
	"runtime/debug"
	"syscall"
)

const (
	// garbagePercent lets the heap grow to five times what is alive before it is
	// collected: the services keep little alive and allocate much, and collecting
	// took about a tenth of the processor at the default of 100.
	garbagePercent = 400
	// memoryLimit makes the collector work harder before a process grows beyond it.
	memoryLimit = 2 << 30
)

// TuneMemory sets the collector for a service, unless GOGC or GOMEMLIMIT say otherwise.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}

// noCoreDumps keeps a crash from leaving keys and personal data on the disk.
func noCoreDumps() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("switch core dumps off: %w", err)
	}
	return nil
}
