package privacytest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/noticehub/noticehub/services/privacytest/canary"
)

// No canary is found where it must not be.
func TestCanariesStayWhereTheyBelong(t *testing.T) {
	dir, err := os.MkdirTemp("", "noticehub-canary-") // t.TempDir is closed to PostgreSQL's own user
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	rows := documented(t)
	canaries, hits, problems := canary.Watch(t.Context(), filepath.Join(dir, "x"), func(action string) {
		if !rows[action] {
			t.Errorf("the audit log holds %q, which has no row in AUDIT.md", action)
		}
	})
	for _, p := range problems {
		t.Error(p)
	}
	if canaries < 500 || hits != 0 {
		t.Errorf("%d canaries, %d in a wrong place", canaries, hits)
	}
	t.Logf("figure canaries=%d canary_hits=%d", canaries, hits)
}
