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

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// fill makes three authorities with 300 sealed reports and 12,000 outcomes each.
const fill = `
INSERT INTO authority SELECT 'a' || n, 4, '2020-01-01', true, 1 FROM generate_series(0, 2) n;
INSERT INTO signing_key VALUES ('k', sha256(''), now());
INSERT INTO report SELECT gen_random_uuid(), 'a' || a, n, date '2026-01-01' + n, CASE WHEN n > 1 THEN date '2026-01-01' + n - 1 END, date '2026-01-01' + n - 1, date '2026-01-01' + n - 1,
  2, now(), 0, 0, 0, 0, 0, 0, sha256(''), 1, sha256(''), 1, '', repeat('x', 64)::bytea, 'k', now() FROM generate_series(1, 300) n, generate_series(0, 2) a;
ALTER TABLE report_chunk DISABLE TRIGGER chunk_sealed;
INSERT INTO report_chunk SELECT report_id, authority_id, 1, 0, 'x' FROM report;
ALTER TABLE report_chunk ENABLE TRIGGER chunk_sealed;
INSERT INTO delivery SELECT report_id, authority_id, now(), 'x', 1 FROM report;
INSERT INTO acknowledgement SELECT report_id, authority_id, now(), 'x', sha256('') FROM report;
INSERT INTO redelivery SELECT report_id, 1, authority_id, report_id::text, now(), 'x', 'x' FROM report WHERE sequence % 100 = 0;
INSERT INTO outcome SELECT gen_random_uuid(), now() + n * interval '1 ms', now(), now(), date '2026-01-01' + n / 120, NULL, NULL, 3, 6, false, 'a' || n % 3, 'R' || n, '300000000A', ''
FROM generate_series(1, 36000) n;
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
	admin := postgrestest.Open(t, address, postgres.Schema{Name: "adviceoutcome", Role: "postgres"}, "")
	for sql := range strings.SplitSeq(fill, ";\n") {
		if _, err := admin.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	w, err := audit.NewWriter("adviceoutcome", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	rows := store.New(door, door, w).Of("a1")
	day, before := calendar.DateOf(2026, 6, 1), calendar.DateOf(2026, 5, 31)
	for what, ask := range map[string]func() error{
		"report":   func() error { _, _, err := rows.Report(t.Context(), "a1", day); return err },
		"previous": func() error { _, _, err := rows.Previous(t.Context(), "a1", day); return err },
		"reports": func() error {
			_, err := rows.Reports(t.Context(), store.ReportFilter{AuthorityID: "a1", Through: day, Limit: 50})
			return err
		},
		"reports on": func() error {
			_, err := rows.Reports(t.Context(), store.ReportFilter{AuthorityID: "a1", Through: day, BeforeDate: &before, AfterAuthority: "a1", Limit: 50})
			return err
		},
		"deliveries": func() error {
			_, err := rows.Sealed(t.Context(), store.Period{From: before, To: day}, false, 100)
			return err
		},
		"late deliveries": func() error {
			_, err := rows.Sealed(t.Context(), store.Period{From: before, To: day, AuthorityID: "a1"}, true, 0)
			return err
		},
		"closed": func() error {
			_, err := rows.Closed(t.Context(), store.Period{From: before, To: day})
			return err
		},
		"lines": func() error {
			_, err := rows.CountLines(t.Context(), []store.Span{{AuthorityID: "a1", After: &before, Through: day}})
			return err
		},
		"chunk":    func() error { _, err := rows.Chunk(t.Context(), clock.NewID(time.Now()), report.CSV, 0); return err },
		"standing": func() error { _, _, err := rows.Standing(t.Context(), "a1"); return err },
		"outcomes": func() error {
			_, err := rows.Entries(t.Context(), store.EntryFilter{AuthorityID: "a1", Limit: 100})
			return err
		},
		"outcomes of a day": func() error {
			_, err := rows.Entries(t.Context(), store.EntryFilter{AuthorityID: "a1", After: &before, Through: &day, Limit: 100})
			return err
		},
		"outcomes on": func() error {
			_, err := rows.Entries(t.Context(), store.EntryFilter{AuthorityID: "a1", From: &store.Position{ReportDate: day, RecordedAt: time.Now()}, Limit: 100})
			return err
		},
	} {
		if err := ask(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(taken.statements) != 13 {
		t.Fatalf("%d statements were taken down", len(taken.statements))
	}
	for sql, arguments := range taken.statements {
		free, bound := plan(t, admin, sql, arguments), plan(t, door, sql, arguments)
		if !slices.Equal(scans(free), scans(bound)) {
			t.Errorf("%s\nwithout row security\n%s\nwithin a scope\n%s", sql, strings.Join(free, "\n"), strings.Join(bound, "\n"))
		}
		for _, scan := range scans(bound) {
			if strings.Contains(scan, "Seq Scan on outcome") || strings.Contains(scan, "Seq Scan on report") {
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
