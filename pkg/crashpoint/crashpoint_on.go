//go:build crashpoints

package crashpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var (
	point string
	hit   int64
	hits  atomic.Int64
)

func init() {
	var number string
	point, number, _ = strings.Cut(os.Getenv("NOTICEHUB_CRASH"), ":")
	hit = 1
	if n, err := strconv.ParseInt(number, 10, 64); err == nil && n > 0 {
		hit = n
	}
}

// Here kills the process when name is the chosen point and this is the chosen hit.
func Here(name string) {
	if name != point || hits.Add(1) != hit {
		return
	}
	fmt.Fprintf(os.Stderr, "crashpoint %s: hit %d, killing this process\n", name, hit)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way; nothing more may happen
}
