package launch

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
)

// A database that is away when a service starts is an error to be told, and what
// was opened before is closed again.
func TestStartWithoutADatabase(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	s := Settings{
		DatabaseURL: "postgres://nobody@127.0.0.1:1/none?sslmode=disable", Zone: "Australia/Sydney", Development: true,
		AuditKeyFile: filepath.Join(t.TempDir(), "audit.key"), Telemetry: telemetry.Config{LogFormat: "text", LogLevel: "error"},
	}
	_, closeAll, err := open(ctx, Program{Name: "somebody", Schema: postgres.Schema{Name: "somebody", Role: "somebody"}}, s)
	if !fault.Is(err, fault.Unavailable) || closeAll != nil {
		t.Errorf("open = %v", err)
	}
}
