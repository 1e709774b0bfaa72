package store_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// rowsEach of three authorities: enough for a plan without an index to be a mistake.
const rowsEach = 12_000

// fill makes submissions, a status each, and receipt batches of a hundred.
const fill = `
INSERT INTO receipt_batch (id, authority_id, key_id, signature, leaves, lodged)
SELECT (lpad(to_hex(n), 12, '0') || '7000' || '8000' || lpad('', 12, '0'))::uuid, 'a' || n % 3, 'k', repeat('x', 64)::bytea, decode(repeat('00', 3200), 'hex'), '{}'
FROM generate_series(0, $1 * 3 / 100) n;
INSERT INTO submission (id, authority_id, reference, crn, lane, information_type, business_function, jurisdiction, earliest_report_date, lodged_at, content_hash, receipt_batch, receipt_leaf, payload)
SELECT (lpad(to_hex(1760000000000 + n), 12, '0') || '7000' || '8000' || lpad('', 12, '0'))::uuid, 'a' || n % 3, 'R' || n, lpad((n % 5000)::text, 9, '0') || 'A', n / 5000 + 1,
  3, 2, 4, '2026-11-24', to_timestamp(1760000000 + n), sha256(''), (lpad(to_hex(n / 300 * 3 + n % 3), 12, '0') || '7000' || '8000' || lpad('', 12, '0'))::uuid, 0, repeat('x', 150)::bytea
FROM generate_series(1, $1 * 3 - 100) n;
INSERT INTO status (submission_id, version, status, outcome, at, authority_id, crn)
SELECT id, 3, 4, 1, lodged_at, authority_id, crn FROM submission;
ANALYZE`

// asked takes down what is asked.
type asked struct {
	mu         sync.Mutex
	statements map[string][]any
}

func (a *asked) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}
func (a *asked) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
func (a *asked) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}
func (a *asked) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}
func (a *asked) TraceBatchQuery(_ context.Context, _ *pgx.Conn, q pgx.TraceBatchQueryData) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !strings.Contains(q.SQL, "set_config") && !strings.HasPrefix(q.SQL, "EXPLAIN") {
		a.statements[q.SQL] = q.Args
	}
}

// TestPlansKeepTheirIndexes asks all that authorities ask and compares the plans
// within an authority's scope with those without row security: the policies must
// not cost an index, as they do where an operator is not leakproof.
func TestPlansKeepTheirIndexes(t *testing.T) {
	t.Parallel()
	address := postgrestest.URL(t, store.Schema())
	taken := &asked{statements: make(map[string][]any)}
	door, err := postgres.Open(t.Context(), address, store.Schema(), postgres.Options{Tracer: taken})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(door.Close)
	admin := postgrestest.Open(t, address, postgres.Schema{Name: "intake", Role: "postgres"}, "")
	for sql := range strings.SplitSeq(fill, ";\n") {
		if _, err := admin.Exec(t.Context(), strings.ReplaceAll(sql, "$1", "12000")); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	s := store.New(door, door, writer(t))
	id, from := clock.ID{}, time.Unix(1760000000+rowsEach, 0)
	for what, ask := range map[string]func() error{
		"get":          func() error { _, err := s.Get(t.Context(), "a1", clock.NewID(from)); return err },
		"by reference": func() error { _, err := s.GetByReference(t.Context(), "a1", "R0"); return err },
		"history":      func() error { _, err := s.History(t.Context(), "a1", clock.NewID(from)); return err },
		"latest":       func() error { _, err := s.Latest(t.Context(), "a1", clock.NewID(from)); return err },
		"lodged": func() error {
			_, err := s.Lodged(t.Context(), store.Key{AuthorityID: "a1", Reference: "R1"})
			return err
		},
		"list": func() error { _, _, err := s.List(t.Context(), "a1", store.Filter{}, id, 50); return err },
		"list of a status": func() error {
			_, _, err := s.List(t.Context(), "a1", store.Filter{Statuses: []term.Status{term.Returned}}, id, 50)
			return err
		},
		"list of a customer": func() error {
			_, _, err := s.List(t.Context(), "a1", store.Filter{CRN: "000000007A"}, id, 50)
			return err
		},
		"list of a time": func() error { _, _, err := s.List(t.Context(), "a1", store.Filter{From: &from}, id, 50); return err },
		"changes":        func() error { _, err := s.Changes(t.Context(), "a1", id, store.Position{}, 500); return err },
		"changes of one": func() error {
			_, err := s.Changes(t.Context(), "a1", clock.NewID(from), store.Position{}, 500)
			return err
		},
	} {
		if err := ask(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(taken.statements) < 10 {
		t.Fatalf("only %d statements were taken down", len(taken.statements))
	}
	for sql, arguments := range taken.statements {
		free, bound := plan(t, admin, sql, arguments), plan(t, door, sql, arguments)
		if !slices.Equal(scans(free), scans(bound)) {
			t.Errorf("%s\nwithout row security\n%s\nwithin a scope\n%s", sql, strings.Join(free, "\n"), strings.Join(bound, "\n"))
		}
		for _, scan := range scans(bound) {
			if strings.Contains(scan, "Seq Scan") {
				t.Errorf("%s\nreads a whole table:\n%s", sql, strings.Join(bound, "\n"))
			}
		}
	}
}

func plan(t *testing.T, pool *pgxpool.Pool, sql string, arguments []any) (lines []string) {
	t.Helper()
	if err := postgres.QueryInScope(t.Context(), pool, "a1", "EXPLAIN (COSTS OFF) "+sql, arguments, func(rows pgx.Rows) (err error) {
		lines, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	}); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return lines
}

// scans are the lines of a plan that say how tables are read, and by which
// conditions of an index.
func scans(plan []string) (found []string) {
	for _, line := range plan {
		if line = strings.TrimLeft(line, " ->"); strings.Contains(line, " Scan") && !strings.HasPrefix(line, "Subquery") || strings.HasPrefix(line, "Index Cond") {
			found = append(found, line)
		}
	}
	return found
}
