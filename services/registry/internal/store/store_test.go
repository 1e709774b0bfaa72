package store

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
)

// The kit's tables in the first migration are those the kit describes.
func TestKitTables(t *testing.T) {
	t.Parallel()
	sql, err := fs.ReadFile(Schema().Migrations, "0001_registry.sql")
	if err != nil {
		t.Fatal(err)
	}
	for name, table := range map[string]string{"outbox": outbox.Table, "inbox": inbox.Table} {
		if !strings.Contains(string(sql), table) {
			t.Errorf("the first migration does not hold the kit's %s tables", name)
		}
	}
}
