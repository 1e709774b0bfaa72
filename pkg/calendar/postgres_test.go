package calendar_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func TestDateInPostgres(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, postgrestest.URL(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	for _, text := range []string{"2026-11-22", "1970-01-01", "1969-12-31", "2028-02-29", "0001-01-01", "9999-12-31"} {
		d, err := calendar.ParseDate(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, mode := range []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeDescribeExec} {
			var written string
			var read calendar.Date
			var all []calendar.Date
			var missing *calendar.Date
			err = conn.QueryRow(ctx, "SELECT $1::date::text, $1::date, $2::date[], $3::date", mode, d, []calendar.Date{d, d.Add(-1)}, missing).
				Scan(&written, &read, &all, &missing)
			if err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if written != text || read != d || len(all) != 2 || all[1] != d.Add(-1) || missing != nil {
				t.Errorf("%s went as %s and came back as %v, %v, %v", text, written, read, all, missing)
			}
		}
	}
	var rows []calendar.Date
	batch := &pgx.Batch{}
	batch.Queue("CREATE TEMP TABLE day (day date PRIMARY KEY)")
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.CopyFrom(ctx, pgx.Identifier{"day"}, []string{"day"}, pgx.CopyFromRows([][]any{{calendar.Date(1)}, {calendar.Date(2)}})); err != nil {
		t.Fatal(err)
	}
	found, err := conn.Query(ctx, "SELECT day FROM day ORDER BY day")
	if err != nil {
		t.Fatal(err)
	}
	if rows, err = pgx.CollectRows(found, pgx.RowTo[calendar.Date]); err != nil || len(rows) != 2 || rows[1] != 2 {
		t.Errorf("copied %v: %v", rows, err)
	}
	for _, sql := range []string{"SELECT NULL::date", "SELECT 'infinity'::date"} {
		var d calendar.Date
		if err := conn.QueryRow(ctx, sql).Scan(&d); err == nil {
			t.Errorf("%s was read as %v", sql, d)
		}
	}
}
