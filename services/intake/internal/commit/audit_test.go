package commit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// administrator is a pool as the superuser, who alone reads the log.
func administrator(t testing.TB, address string) *pgxpool.Pool {
	t.Helper()
	return postgrestest.Open(t, address, postgres.Schema{Name: "audit", Role: "postgres"}, "")
}

// records are the entries of the log, by record.
func records(t testing.TB, admin *pgxpool.Pool) [][]audit.Entry {
	t.Helper()
	rows, err := admin.Query(t.Context(), "SELECT entries FROM audit.record ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (entries []audit.Entry, err error) {
		var lines []byte
		if err := row.Scan(&lines); err != nil {
			return nil, err
		}
		for line := range bytes.Lines(lines) {
			var e audit.Entry
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, err
			}
			entries = append(entries, e)
		}
		return entries, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestOneRecordEachTransaction lodges for two authorities in one transaction: the
// receipts of each stand in a tree of its own, and one record tells of all of it.
func TestOneRecordEachTransaction(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t, store.Schema())
	pool, admin := postgrestest.Open(t, address, store.Schema(), postgres.Everything), administrator(t, address)
	d := deps(t, pool, new(relay))
	var counted []store.Day
	d.Counted = func(days []store.Day) { counted = days }
	c := commit.New(d, options())
	var all sync.WaitGroup
	results := make([]commit.Result, 13)
	for i := range results {
		s := submission(fmt.Sprint("R", i), fmt.Sprintf("%09dA", 100-i), fmt.Sprint(i))
		if i%5 == 0 {
			s.AuthorityID = "nt-cp" // three of thirteen
		}
		all.Add(1)
		if err := c.Enqueue(t.Context(), &commit.Lodgement{Submission: s, Answer: func(r commit.Result) { results[i] = r; all.Done() }}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- c.Run(ctx) }()
	all.Wait()
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	written := records(t, admin)
	if len(written) != 1 || len(written[0]) != len(results)+2 {
		t.Fatalf("the log says %v", written)
	}
	lodged, sealed := map[string]audit.Entry{}, map[string]audit.Entry{}
	for _, e := range written[0] {
		switch e.Action {
		case "submission.lodged":
			lodged[e.Object] = e
		case "receipt.sealed":
			sealed[e.Detail["authority"]] = e
		}
	}
	sizes := map[string]int{"qld-cp": 10, "nt-cp": 3}
	for i, r := range results {
		s := r.Submission
		if r.Err != nil || s.Proof.TreeSize != sizes[s.AuthorityID] {
			t.Errorf("%d: %v, a tree of %d", i, r.Err, s.Proof.TreeSize)
		}
		if err := receipt.Verify(d.Key.Public(), s.Receipt); err != nil {
			t.Error(err)
		}
		e := lodged["submission/"+s.SubmissionID.String()]
		if e.Actor != "authority:"+s.AuthorityID || !bytes.Equal(e.Digest, s.ContentHash[:]) || e.Detail["type"] != "NOTICE_TO_COMMENCE" {
			t.Errorf("%d: %+v", i, e)
		}
		leaves := scalar[[]byte](t, pool, "SELECT leaves FROM receipt_batch WHERE id = $1::text::uuid AND authority_id = $2", s.BatchID.String(), s.AuthorityID)
		kept, err := receipt.Open(receipt.Batch{Leaves: leaves})
		if seal := sealed[s.AuthorityID]; err != nil || seal.Object != "receipts/"+s.BatchID.String() || !bytes.Equal(seal.Digest, kept.Root()) {
			t.Errorf("%d: sealed as %+v, %v", i, seal, err)
		}
	}
	if fmt.Sprint(counted) != "[{nt-cp 2026-11-23 3 0} {qld-cp 2026-11-23 10 0}]" {
		t.Errorf("counted %v", counted)
	}
}

// TestNoAuditNoReceipt takes the right to write entries away: nothing is lodged
// until it is back, and no caller hears that anything is wrong with what it lodged.
func TestNoAuditNoReceipt(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string][2]string{
		"no right": {"REVOKE INSERT ON audit.record FROM noticehub_audit_writer", "GRANT INSERT ON audit.record TO noticehub_audit_writer"},
		"no table": {"ALTER TABLE audit.record RENAME TO other", "ALTER TABLE audit.other RENAME TO record"},
		"refused": {
			"ALTER TABLE audit.record ADD CONSTRAINT full_up CHECK (false) NOT VALID", "ALTER TABLE audit.record DROP CONSTRAINT full_up",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address := postgrestest.URL(t, store.Schema())
			pool, admin := postgrestest.Open(t, address, store.Schema(), postgres.Everything), administrator(t, address)
			c, handed := start(t, pool, options())
			if _, err := admin.Exec(t.Context(), sql[0]); err != nil {
				t.Fatal(err)
			}
			s := submission("R", "123456789A", "x")
			for range 2 { // the second time its statements are known to the connection
				if r := lodge(t, c, s); !fault.Is(r.Err, fault.Unavailable) {
					t.Errorf("%+v", r)
				}
			}
			if n := scalar[int](t, pool, "SELECT (SELECT count(*) FROM submission) + (SELECT count(*) FROM outbox) + (SELECT count(*) FROM lodged_on)"); n != 0 || handed.count() != 0 {
				t.Errorf("%d rows, %d messages", n, handed.count())
			}
			if _, err := admin.Exec(t.Context(), sql[1]); err != nil {
				t.Fatal(err)
			}
			if r := lodge(t, c, s); r.Err != nil || r.Repeated {
				t.Errorf("%+v", r)
			}
			if n := len(records(t, admin)); n != 1 {
				t.Errorf("%d records", n)
			}
		})
	}
}
