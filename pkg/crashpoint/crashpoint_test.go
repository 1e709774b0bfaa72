//go:build crashpoints

package crashpoint_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/noticehub/noticehub/pkg/crashpoint"
)

// TestHereKills runs itself as the process that dies.
func TestHereKills(t *testing.T) {
	if os.Getenv("CRASHPOINT_CHILD") != "" {
		crashpoint.Here("other")
		crashpoint.Here("test.point")
		os.Stdout.WriteString("first hit passed\n")
		crashpoint.Here("test.point")
		os.Stdout.WriteString("survived\n")
		return
	}
	t.Parallel()
	child := exec.Command(os.Args[0], "-test.run=TestHereKills")
	child.Env = append(os.Environ(), "CRASHPOINT_CHILD=1", "NOTICEHUB_CRASH=test.point:2")
	out, err := child.Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Fatalf("child ended with %v, want SIGKILL", err)
	}
	if s := string(out); !strings.Contains(s, "first hit passed") || strings.Contains(s, "survived") {
		t.Fatalf("child said %q", s)
	}
}
