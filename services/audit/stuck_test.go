package audit_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	kit "github.com/noticehub/noticehub/pkg/audit"
)

// Records stand still when nothing gives them their place in the log.
func TestStuckRecords(t *testing.T) {
	t.Parallel()
	w := setup(t)
	all := w.service.Detectors()
	if len(all) != 1 || all[0].Name != "audit-records-waiting" {
		t.Fatalf("%v", all)
	}
	root, err := pgxpool.New(t.Context(), w.pool.Config().ConnString())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(root.Close)
	// Whoever holds this row appends; the sequencer does not get it.
	held, err := root.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Rollback(context.Background()) }()
	if _, err := held.Exec(t.Context(), "SELECT FROM audit.writer FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	want := func(what string, count int64, oldest time.Time) {
		t.Helper()
		found, err := all[0].Look(t.Context())
		if err != nil || found.Count != count || len(found.Examples) != 0 || !found.Oldest.Equal(oldest) {
			t.Errorf("%s: %v %v, want %d since %v", what, found, err, count, oldest)
		}
	}
	w.write("olive", "noticehub.test/Do", kit.Entry{Action: "test.done", Result: kit.Done})
	want("a moment ago", 0, time.Time{})
	// The time of a record is nobody's to write; an administrator has to.
	tx, err := root.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	if _, err := tx.Exec(t.Context(), "SET LOCAL session_replication_role = replica"); err != nil {
		t.Fatal(err)
	}
	var oldest time.Time
	if err := tx.QueryRow(t.Context(), "UPDATE audit.record SET recorded_at = now() - interval '61 seconds' RETURNING recorded_at").Scan(&oldest); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.write("olive", "noticehub.test/Do", kit.Entry{Action: "test.done", Result: kit.Done})
	want("a minute ago", 1, oldest)
	if err := held.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.signed(2)
	want("in the log", 0, time.Time{})
}
