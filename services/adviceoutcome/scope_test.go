package adviceoutcome

import (
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// owned are the tables whose rows belong to authorities.
var owned = map[string]bool{
	"authority": true, "outcome": true, "unprocessed": true, "lodged": true,
	"report": true, "report_chunk": true, "redelivery": true, "delivery": true, "acknowledgement": true,
	"report_changes": true,
}

// filled is a service in which every table has rows, of frc and qld-cp both where
// they belong to somebody, with a connection as its role by its own login and
// without a scope.
func filled(t *testing.T) (b *bundle, tables []string, bare *pgxpool.Pool) {
	t.Helper()
	b = reported(t)
	b.lodged("frc=6,qld-cp=1")
	b.apply(b.unprocessed(b.decided("frc")), b.unprocessed(b.decided("qld-cp")))
	as := b.serve()
	for _, caller := range []struct {
		as   advicev1.ReportServiceClient
		date string
	}{{as(frc), "2026-11-04"}, {as(other), "2026-11-05"}} {
		got, err := caller.as.DownloadReport(t.Context(), &advicev1.DownloadReportRequest{ReportDate: caller.date})
		if err == nil {
			_, err = caller.as.AcknowledgeReport(t.Context(), &advicev1.AcknowledgeReportRequest{ReportDate: caller.date, Digest: got.GetReport().GetCsvDigest()})
		}
		if err == nil {
			id := got.GetReport().GetAuthorityId()
			_, err = as(contact).RedeliverReport(t.Context(), &advicev1.RedeliverReportRequest{AuthorityId: id, ReportDate: caller.date, ActionId: "again-" + id, Reason: "lost"})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, sql := range []string{
		"INSERT INTO parked (consumer, event_id, data, next_at, state) VALUES ('none', gen_random_uuid(), '', 'infinity', 'quarantined')",
		"INSERT INTO inbox (consumer, message_id) VALUES ('none', 'x')",
	} {
		if _, err := b.pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := b.pool.Query(t.Context(), "SELECT relname FROM pg_class WHERE relnamespace = 'adviceoutcome'::regnamespace AND relkind IN ('r', 'p') AND relname <> 'goose_db_version'")
	if err == nil {
		tables, err = pgx.CollectRows(rows, pgx.RowTo[string])
	}
	if err != nil || len(tables) < len(owned)+4 {
		t.Fatal(tables, err)
	}
	return b, tables, postgrestest.Open(t, postgrestest.Login(t, b.url, Schema()), Schema(), "")
}

// copyOf is an INSERT of a row like one that is there.
func (b *bundle) copyOf(table, where string) (sql, row string) {
	b.t.Helper()
	if err := b.pool.QueryRow(b.t.Context(), "SELECT to_jsonb(x)::text FROM "+table+" x "+where+" LIMIT 1").Scan(&row); err != nil {
		b.t.Fatalf("%s: %v", table, err)
	}
	return fmt.Sprintf("INSERT INTO %s OVERRIDING SYSTEM VALUE SELECT * FROM jsonb_populate_record(NULL::%s, $1)", table, table), row
}

// noRights reports whether row security, or a right that is missing, refused it.
func noRights(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "42501"
}

// TestNoScopeNoRows: without a scope nothing is seen, changed or written.
func TestNoScopeNoRows(t *testing.T) {
	t.Parallel()
	b, tables, bare := filled(t)
	if err := postgres.CheckWalls(t.Context(), bare, Schema()); err != nil {
		t.Error(err)
	}
	for _, table := range tables {
		if n := b.count("SELECT count(*) FROM " + table); n == 0 {
			t.Errorf("%s has no rows to hide", table)
		}
		var n int
		if err := bare.QueryRow(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s shows %d rows without a scope, %v", table, n, err)
		}
		for _, sql := range []string{"DELETE FROM " + table, "UPDATE " + table + " SET authority_id = authority_id"} {
			tag, err := bare.Exec(t.Context(), sql)
			var pg *pgconn.PgError
			if noColumn := errors.As(err, &pg) && pg.Code == "42703"; tag.RowsAffected() != 0 || err != nil && !noRights(err) && !noColumn {
				t.Errorf("%s: %d rows, %v", sql, tag.RowsAffected(), err)
			}
		}
		sql, row := b.copyOf(table, "")
		if _, err := bare.Exec(t.Context(), sql, row); !noRights(err) {
			t.Errorf("a row was added to %s: %v", table, err)
		}
	}
}

// TestScopeIsOneAuthoritys: within the scope of one authority the rows of another
// are not there, whatever is asked, and none can be made theirs.
func TestScopeIsOneAuthoritys(t *testing.T) {
	t.Parallel()
	b, tables, bare := filled(t)
	in := func(sql string, arguments ...any) (n int64, err error) {
		err = postgres.InScope(t.Context(), bare, "frc", func(tx pgx.Tx) error {
			tag, err := tx.Exec(t.Context(), sql, arguments...)
			n = tag.RowsAffected()
			return err
		})
		return n, err
	}
	for _, table := range tables {
		want := 0
		if owned[table] {
			want = b.count("SELECT count(*) FROM " + table + " WHERE authority_id = 'frc'")
		}
		if n, err := in("SELECT FROM " + table); n != int64(want) || owned[table] != (want > 0) || err != nil {
			t.Errorf("%s shows %d rows, %d are its own, %v", table, n, want, err)
		}
		if !owned[table] {
			continue
		}
		if n, err := in("SELECT FROM " + table + " WHERE authority_id = 'qld-cp'"); n != 0 || err != nil {
			t.Errorf("%s shows %d rows of others, %v", table, n, err)
		}
		if n, err := in("DELETE FROM " + table + " WHERE authority_id = 'qld-cp'"); n != 0 || err != nil && !noRights(err) {
			t.Errorf("%d rows of others went from %s, %v", n, table, err)
		}
		if _, err := in("UPDATE " + table + " SET authority_id = 'qld-cp'"); !noRights(err) {
			t.Errorf("rows of %s can be given away: %v", table, err)
		}
		sql, row := b.copyOf(table, "WHERE authority_id = 'qld-cp'")
		if _, err := in(sql, row); !noRights(err) {
			t.Errorf("a row of another was added to %s: %v", table, err)
		}
	}
	// Nor under one's own name: what belongs to a report belongs to its authority.
	_, err := in("INSERT INTO acknowledgement SELECT report_id, 'frc', now(), 'authority:frc', sha256('') FROM (VALUES ($1::uuid)) v (report_id)",
		b.reports("qld-cp")[0].ReportID)
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "23503" && pg.Code != "23505" {
		t.Errorf("another's report was acknowledged: %v", err)
	}
}
