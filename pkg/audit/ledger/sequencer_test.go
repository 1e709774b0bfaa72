package ledger

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestLogGrowsAndProves(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, 300) // 750 entries: past two steps of 256
	report, err := w.check(t)
	if err != nil {
		t.Fatal(err)
	}
	if report.Entries != 750 || report.Signed != 750 || report.Records != 300 || report.Waiting != 0 {
		t.Fatalf("report %+v", report)
	}
	size, signed, err := Latest(t.Context(), w.pool)
	if err != nil || size != 750 {
		t.Fatal(size, err)
	}
	v, _ := w.key.Verifier()
	cp, err := tree.OpenCheckpoint(signed, v)
	if err != nil {
		t.Fatal(err)
	}
	reader := tree.Reader(t.Context(), Hashes{w.pool})
	if err := Read(t.Context(), w.pool, 0, size, func(r Record) error {
		var l tree.Leaves
		l.BeginRecord(r.Header)
		for i, e := range r.Entries {
			n := r.First + int64(i)
			if n%37 != 0 && n != size-1 {
				continue
			}
			proof, err := tlog.ProveRecord(size, n, reader)
			if err != nil {
				return err
			}
			if err := tlog.CheckRecord(proof, size, cp.Root, n, l.Hash(e)); err != nil {
				return fmt.Errorf("entry %d: %w", n, err)
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	// A read from within a record gives that record first.
	var firsts []int64
	if err := Read(t.Context(), w.pool, 2, 8, func(r Record) error { firsts = append(firsts, r.First); return nil }); err != nil || fmt.Sprint(firsts) != "[1 3 6]" {
		t.Fatal(firsts, err)
	}
	// A second sequencer that starts now goes on where the first one was.
	w.seq = NewSequencer(w.pool, w.key, Options{Every: time.Second})
	w.fill(t, 10)
	if _, err := w.check(t, cp); err != nil {
		t.Fatal(err)
	}
}

func TestManySequencersWriteOneLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	ctx, cancel := context.WithCancel(t.Context())
	var sequencers, writers sync.WaitGroup
	for range 3 {
		s := NewSequencer(w.pool, w.key, Options{Every: time.Millisecond})
		s.batchSize = 20
		sequencers.Go(func() { _ = s.Run(ctx) })
	}
	for i := range 4 {
		writers.Go(func() {
			for n := range 60 {
				w.write(ctxOf(fmt.Sprintf("w%d", i)), t, entriesOf(1+n%3, n+1)...)
			}
		})
	}
	writers.Wait()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if report, err := w.check(t); err == nil && report.Signed == 480 && report.Waiting == 0 {
			break
		} else if time.Now().After(end) {
			t.Fatal(report, err)
		}
	}
	cancel()
	sequencers.Wait()
	if report, err := w.check(t); err != nil || report.Records != 240 {
		t.Fatal(report, err)
	}
}

// An append that is killed at any point leaves the log as it was.
func TestKilledAppendLeavesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, 10)
	admin := postgrestest.Open(t, w.url, postgres.Schema{Name: "public", Role: "postgres"}, postgres.Everything)
	for round := range 10 {
		w.write(ctxOf("p"), t, entriesOf(20, 1)...)
		done := make(chan error, 1)
		go func() { _, err := w.seq.Append(t.Context()); done <- err }()
		time.Sleep(time.Duration(round) * 500 * time.Microsecond)
		if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND application_name = 'test' AND pid <> pg_backend_pid() AND datname = current_database()`); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			w.seq.edge = nil // as drain does
		}
		var err error
		for range 20 {
			if _, err = w.seq.Append(t.Context()); err == nil {
				break
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.drain(t)
	if report, err := w.check(t); err != nil || report.Entries != report.Signed || report.Waiting != 0 {
		t.Fatal(report, err)
	}
}

func TestSequencerRefusesAnAlteredLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, 30)
	admin := superuser(t, w.url)
	if _, err := admin.Exec(t.Context(), `SET session_replication_role = replica; UPDATE audit.batch SET hashes = set_byte(hashes, 3, get_byte(hashes, 3) # 1) WHERE first = 0`); err != nil {
		t.Fatal(err)
	}
	w.write(ctxOf("p"), t, entriesOf(1, 1)...)
	s := NewSequencer(w.pool, w.key, Options{Every: time.Second})
	if _, err := s.Append(t.Context()); err == nil {
		t.Fatal("an altered log grew")
	}
}

func TestForeignRecordsDoNotStopTheLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, text := range []string{"", "no json", "{}\n{}\n\n", "\n", `{"action":"a\u0041","result":"done"}`} {
		if _, err := w.pool.Exec(t.Context(), `INSERT INTO audit.record (id, service, actor, method, session, trace, count, entries) VALUES (gen_random_uuid(), 'x', 'y', '', '', '', 7, $1)`, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	w.drain(t)
	size, err := Size(t.Context(), w.pool)
	if err != nil || size != 7 {
		t.Fatal(size, err)
	}
	if _, err := w.check(t); err == nil {
		t.Fatal("records that lie about their count passed")
	}
}

func TestServicesCannotTouchTheLog(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fill(t, 5)
	auditor := login(t, w.url, "noticehub_audit")
	service := login(t, w.url, "noticehub_audit_writer")
	for _, table := range []string{"record", "place", "batch", "node", "checkpoint", "term", "waiting", "writer"} {
		for _, statement := range []string{"UPDATE audit.%s SET %s = %[2]s", "DELETE FROM audit.%s WHERE %s IS NOT NULL", "TRUNCATE audit.%s", "DROP TABLE audit.%s", "ALTER TABLE audit.%s DISABLE TRIGGER ALL"} {
			column := map[string]string{"record": "id", "place": "first", "batch": "first", "node": "step", "checkpoint": "size", "term": "hash", "waiting": "record_id", "writer": "one"}[table]
			text := fmt.Sprintf(statement+" -- %[2]s", table, column)
			if _, err := service.Exec(t.Context(), text); err == nil {
				t.Errorf("a service may %s", text)
			}
			if (table == "waiting" && statement[0] == 'D' && statement[1] == 'E') || (table == "writer" && statement[0] == 'U') {
				continue // its work
			}
			if _, err := auditor.Exec(t.Context(), text); err == nil {
				t.Errorf("the audit service may %s", text)
			}
		}
		if _, err := service.Exec(t.Context(), "SELECT FROM audit."+table); err == nil {
			t.Errorf("a service may read %s", table)
		}
	}
	if _, err := service.Exec(t.Context(), `INSERT INTO audit.record (id, recorded_at, service, actor, method, session, trace, count, entries) VALUES (gen_random_uuid(), now() - interval '1 day', 'x', 'y', '', '', '', 1, '')`); err == nil {
		t.Error("a service may choose the time of a record")
	}
	if _, err := service.Exec(t.Context(), `SET ROLE noticehub_audit`); err == nil {
		t.Error("a service may become the audit service")
	}
	if _, err := service.Exec(t.Context(), `INSERT INTO audit.record (id, service, actor, method, session, trace, count, entries) VALUES (gen_random_uuid(), 'x', 'y', '', '', '', 1, '{"action":"a","result":"done"}')`); err != nil {
		t.Error(err)
	}
	w.drain(t)
	if _, err := w.check(t); err != nil {
		t.Error(err)
	}
	_ = audit.Done
}
