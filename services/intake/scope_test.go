package intake_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake"
)

// owned are the tables whose rows belong to authorities, with the column that says
// to whom; the others are for the service's own work.
var owned = map[string]string{
	"submission": "authority_id", "receipt_batch": "authority_id", "status": "authority_id", "withdrawal": "authority_id",
	"lodged_on": "authority_id", "straggler": "authority_id", "authority": "id",
}

// filled is a world in which every table has rows, of nt-cp and qld-cp both where
// they belong to somebody, with a connection as the service's role by its own login
// and without a scope.
func filled(t *testing.T) (w *world, tables []string, bare *pgxpool.Pool) {
	t.Helper()
	w = setup(t, func(c *intake.Config) { c.ReconcileEvery = time.Hour })
	for _, authority := range []string{"nt-cp", "qld-cp"} {
		c := w.as(authority)
		r := submit(t, c, notice())
		w.decide(commenced(t, r))
		if _, err := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: "later"}); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "both are decided", func() bool { return scalar[int](t, w.pool, "SELECT count(*) FROM status") == 2 })
	for _, sql := range []string{
		"INSERT INTO straggler SELECT id, authority_id, now() FROM submission",
		"INSERT INTO parked (consumer, event_id, data, next_at, state) VALUES ('none', gen_random_uuid(), '', 'infinity', 'quarantined')",
	} {
		if _, err := w.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := w.pool.Query(t.Context(), "SELECT relname FROM pg_class WHERE relnamespace = 'intake'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'goose_db_version'")
	if err == nil {
		tables, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil || len(tables) < len(owned)+4 {
		t.Fatal(tables, err)
	}
	return w, tables, postgrestest.Open(t, postgrestest.Login(t, w.url, intake.Schema()), intake.Schema(), "")
}

// copyOf is an INSERT of a row like one that is there.
func (w *world) copyOf(table, where string) (sql, row string) {
	w.t.Helper()
	row = scalar[string](w.t, w.pool, "SELECT to_jsonb(x)::text FROM "+table+" x "+where+" LIMIT 1")
	return fmt.Sprintf("INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::%s, $1)", table, table), row
}

// byPolicy reports whether row security refused a statement.
func byPolicy(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

// TestNoScopeNoRows: without a scope nothing is seen, changed or written.
func TestNoScopeNoRows(t *testing.T) {
	t.Parallel()
	w, tables, bare := filled(t)
	if err := postgres.CheckWalls(t.Context(), bare, intake.Schema()); err != nil {
		t.Error(err)
	}
	for _, table := range tables {
		if n := scalar[int](t, w.pool, "SELECT count(*) FROM "+table); n == 0 && table != "outbox" && table != "inbox" {
			t.Errorf("%s has no rows to hide", table)
		}
		if n := scalar[int](t, bare, "SELECT count(*) FROM "+table); n != 0 {
			t.Errorf("%s shows %d rows without a scope", table, n)
		}
		column := scalar[string](t, w.pool, "SELECT attname::text FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND attidentity = '' ORDER BY attnum LIMIT 1", table)
		for _, sql := range []string{"DELETE FROM " + table, fmt.Sprintf("UPDATE %s SET %s = %s", table, column, column)} {
			if tag, err := bare.Exec(t.Context(), sql); err != nil || tag.RowsAffected() != 0 {
				t.Errorf("%s: %d rows, %v", sql, tag.RowsAffected(), err)
			}
		}
		if scalar[int](t, w.pool, "SELECT count(*) FROM "+table) == 0 {
			continue
		}
		sql, row := w.copyOf(table, "")
		if _, err := bare.Exec(t.Context(), sql, row); !byPolicy(err) {
			t.Errorf("a row was added to %s: %v", table, err)
		}
	}
}

// TestScopeIsOneAuthoritys: within the scope of one authority the rows of another
// are not there, whatever is asked, and none can be made theirs.
func TestScopeIsOneAuthoritys(t *testing.T) {
	t.Parallel()
	w, tables, bare := filled(t)
	in := func(sql string, arguments ...any) (n int64, err error) {
		err = postgres.InScope(t.Context(), bare, "nt-cp", func(tx pgx.Tx) error {
			tag, err := tx.Exec(t.Context(), sql, arguments...)
			n = tag.RowsAffected()
			return err
		})
		return n, err
	}
	for _, table := range tables {
		owner, ok := owned[table]
		if !ok {
			if n, err := in("SELECT FROM " + table); n != 0 || err != nil {
				t.Errorf("%s shows %d rows to an authority, %v", table, n, err)
			}
			continue
		}
		own := scalar[int64](t, w.pool, fmt.Sprintf("SELECT count(*) FROM %s WHERE %s = 'nt-cp'", table, owner))
		if n, err := in("SELECT FROM " + table); n != own || own == 0 || err != nil {
			t.Errorf("%s shows %d rows, %d are its own, %v", table, n, own, err)
		}
		foreign := fmt.Sprintf("WHERE %s = 'qld-cp'", owner)
		for _, sql := range []string{"SELECT FROM ", "DELETE FROM "} {
			if n, err := in(sql + table + " " + foreign); n != 0 || err != nil {
				t.Errorf("%s%s of others: %d rows, %v", sql, table, n, err)
			}
		}
		if _, err := in(fmt.Sprintf("UPDATE %s SET %s = 'qld-cp'", table, owner)); !byPolicy(err) {
			t.Errorf("rows of %s can be given away: %v", table, err)
		}
		sql, row := w.copyOf(table, foreign)
		if _, err := in(sql, row); !byPolicy(err) {
			t.Errorf("a row of another was added to %s: %v", table, err)
		}
	}
	for _, owner := range []string{"", "*", "nt-cp,qld-cp"} {
		if err := postgres.InScope(t.Context(), bare, owner, func(pgx.Tx) error { return nil }); !fault.Is(err, fault.Internal) {
			t.Errorf("scope %q: %v", owner, err)
		}
		if err := postgres.QueryInScope(t.Context(), bare, owner, "SELECT 1", nil, func(pgx.Rows) error { return nil }); !fault.Is(err, fault.Internal) {
			t.Errorf("scope %q: %v", owner, err)
		}
	}
	// The scope ends with its transaction.
	var n int
	if err := postgres.QueryInScope(t.Context(), bare, "nt-cp", "SELECT count(*)::int FROM submission", nil, func(rows pgx.Rows) (err error) {
		n, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
		return err
	}); err != nil || n != 1 {
		t.Errorf("%d submissions, %v", n, err)
	}
	for range 20 {
		if n := scalar[int](t, bare, "SELECT count(*) FROM submission"); n != 0 {
			t.Fatal("a scope outlives its transaction")
		}
	}
}
