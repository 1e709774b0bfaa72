package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

const (
	fillOffices  = 150
	fillOfficers = 3000
	// warnedDays before its end a notice is warned of; one in dueShare falls due
	// on a day: notices for three months, each warned of once.
	warnedDays = 35
	dueShare   = 90
)

// Rows are made from a running number n, 0, 1, 2, …: of a customer c, the office
// is one of 150, skewed so that some have ten times as many as others.
const (
	fillCRN    = `'4' || lpad(%s::text, 8, '0') || 'A'`
	fillOffice = `'O' || lpad(floor(150 * power((%s::bigint * 2654435761 %% 1000003) / 1000003.0, 2))::int::text, 3, '0')`
)

func filledCRN(n int) string     { return fmt.Sprintf("4%08dA", n) }
func filledOffice(n int) string  { return fmt.Sprintf("O%03d", n) }
func filledOfficer(n int) string { return fmt.Sprintf("officer-%04d", n) }
func sqlCRN(n string) string     { return fmt.Sprintf(fillCRN, n) }
func sqlOffice(n string) string  { return fmt.Sprintf(fillOffice, n) }

// fillTemplates keeps what the service made of the imported customers: their
// facts, in the class of the day on which a date trigger raises something, 1 for
// the first day to be swept, 2 for the second, 0 for later or never.
const fillTemplates = `CREATE TEMP TABLE template AS
	SELECT facts, record_version, CASE WHEN class = 0 THEN next_due ELSE $1::date + class - 1 END AS next_due, class,
		row_number() OVER (PARTITION BY class) - 1 AS k, count(*) OVER (PARTITION BY class) AS of
	FROM (SELECT *, CASE WHEN next_due = $1::date THEN 1 WHEN next_due = $1::date + 1 THEN 2 ELSE 0 END AS class
		FROM workitems.customer WHERE next_due IS NULL OR next_due >= $1::date) c WHERE class > 0 OR next_due IS NULL OR next_due > $1::date + 7`

// fillCustomers: of 100 customers two fall due on the first day and two on the second.
var fillCustomers = `INSERT INTO workitems.customer (crn, record_version, office, restricted, facts, next_due, checked_on)
	SELECT ` + sqlCRN("n") + `, t.record_version, ` + sqlOffice("n") + `, n % 500 = 0, t.facts, t.next_due, $2::date - 1
	FROM generate_series(0, $1::int - 1) AS n
	JOIN template t ON t.class = CASE WHEN n % 100 < 2 THEN 1 WHEN n % 100 < 4 THEN 2 ELSE 0 END AND t.k = n / 100 % t.of`

// fillItems: two years of items in the order they were raised. A fifth of the
// last tenth are open, few of the others, 3 % of all. Customers, codes and officers are skewed:
// some customers have a thousand items, some officers thousands of open ones.
var fillItems = `INSERT INTO workitems.work_item
	(id, crn, code, cause, occurrence, measure, office, status, assignee, raised_at, due_on, started_at, closed_at, version)
	SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || right(md5(n::text), 20))::uuid, ` + sqlCRN("c") + `, code,
		CASE WHEN status <= 2 THEN 'fill/' || n ELSE 'fill' END, 'v' || n, 1 + c % 8, ` + sqlOffice("c") + `, status,
		CASE WHEN status = 2 OR status = 3 OR who < 0.1 THEN 'officer-' || lpad(floor($3::int * power(luck, 2))::int::text, 4, '0') ELSE '' END,
		at, at::date, CASE WHEN status IN (2, 3) THEN at + interval '1 hour' END, CASE WHEN status >= 3 THEN at + interval '3 days' END,
		CASE status WHEN 1 THEN 1 WHEN 3 THEN 3 ELSE 2 END
	FROM (SELECT *, CASE WHEN random() < (CASE WHEN n > 0.9 * $1::int THEN 0.2 ELSE 0.0111 END)
			THEN (CASE WHEN random() < 0.55 THEN 1 ELSE 2 END) ELSE (CASE WHEN random() < 0.7 THEN 3 ELSE 4 END) END AS status
		FROM (SELECT n, now() - interval '4 days' - (1 - n / $1::float8) * interval '730 days' AS at, floor($2::int * power(random(), 1.5))::int AS c,
			($4::text[])[1 + floor(cardinality($4::text[]) * power(random(), 2))::int] AS code, random() AS who, random() AS luck
			FROM generate_series(1, $1::int) AS n OFFSET 0) a OFFSET 0) b`

// The history of open items, and the kept counts, which the disabled triggers did not make.
var fillRest = []string{
	`INSERT INTO workitems.work_item_step (work_item_id, version, action, actor, at)
		SELECT id, 1, 'raised', 'system', raised_at FROM workitems.work_item WHERE status <= 2
		UNION ALL SELECT id, 2, 'investigation', 'officer:' || assignee, started_at FROM workitems.work_item WHERE status = 2 ORDER BY 1, 2`,
	`TRUNCATE workitems.work_item_count`,
	`INSERT INTO workitems.work_item_count (code, office, open) SELECT code, office, count(*) FROM workitems.work_item WHERE status <= 2 GROUP BY 1, 2`,
}

// fillNotices: one notice in force for each customer; $2 is the day that is swept
// next, on which one of $3 falls due, as on each of the days after it. They lie
// in the order of their ids, as recorded ones do, not in that of customers.
var fillNotices = `INSERT INTO workitems.notice (notice_id, crn, authority_id, measure, state, start_date, end_date, version)
	SELECT gen_random_uuid(), ` + sqlCRN("n") + `, 'nt-cp', 2, 2, $2::date - 200, $2::date + $4::int + n % $3::int, 2 FROM generate_series(0, $1::int - 1) AS n ORDER BY 1`

// fillWorkItems imports some customers through the hub, so that their facts are
// what the service makes of them, and with the hub halted fills the tables: every
// other customer has the facts of one of these. It returns the local days to be swept.
func (h *hub) fillWorkItems(ctx context.Context, z size) (days [2]string, err error) {
	today, err := h.today(ctx)
	if err != nil {
		return days, err
	}
	for i := range days {
		days[i] = today.AddDate(0, 0, i+1).Format(time.DateOnly)
	}
	codes, err := h.seedTemplates(ctx, today)
	if err != nil {
		return days, err
	}
	h.halt()
	say("filling %d customers, %d notices and %d work items", z.customers, z.customers, z.items)
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return days, err
	}
	defer conn.Release()
	f := &filler{ctx: ctx, conn: conn.Conn()}
	for _, setting := range []string{
		"session_replication_role = replica", "synchronous_commit = off", "maintenance_work_mem = '1GB'", "work_mem = '256MB'",
	} {
		f.run("SET " + setting)
	}
	f.run(strings.ReplaceAll(fillTemplates, "$1", "'"+days[0]+"'"))
	f.run("DELETE FROM workitems.work_item")
	f.bare("workitems.customer", func() { f.run(fillCustomers, z.customers, days[0]) })
	f.bare("workitems.work_item", func() { f.run(fillItems, z.items, z.customers, fillOfficers, codes) })
	for _, statement := range fillRest {
		f.run(statement)
	}
	f.bare("workitems.notice", func() { f.run(fillNotices, z.customers, days[0], dueShare, warnedDays) })
	f.tidy("customer", "work_item", "work_item_step", "work_item_count", "notice")
	f.run("CHECKPOINT")
	f.run("RESET ALL")
	if f.err != nil {
		return days, f.err
	}
	var due int
	if err := h.pool.QueryRow(ctx, "SELECT count(*) FROM workitems.customer WHERE next_due = $1", days[0]).Scan(&due); err != nil {
		return days, err
	}
	if due < z.customers/100 {
		return days, fmt.Errorf("only %d customers fall due on %s", due, days[0])
	}
	return days, h.launch(ctx)
}

// codesOf lists the codes of the catalogue.
func codesOf(ctx context.Context, items workitemv1.WorkItemServiceClient) ([]string, error) {
	catalogue, err := items.ListCatalogue(ctx, &workitemv1.ListCatalogueRequest{})
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range catalogue.GetEntries() {
		list = append(list, e.GetCode())
	}
	if len(list) == 0 {
		return nil, errors.New("the catalogue is empty")
	}
	return list, nil
}

// filler runs statements until one fails.
type filler struct {
	ctx  context.Context
	conn *pgx.Conn
	err  error
}

func (f *filler) run(statement string, values ...any) {
	if f.err != nil {
		return
	}
	from := time.Now()
	tag, err := f.conn.Exec(f.ctx, statement, values...)
	if err != nil {
		f.err = fmt.Errorf("%.60s…: %w", statement, err)
		return
	}
	if took := time.Since(from); took > time.Second {
		say("  %-60.60s %s", strings.Join(strings.Fields(tag.String()+" "+statement), " "), since(from))
	}
}

// bare fills a table without its indexes and makes them again: sorting all rows
// once is many times faster than putting each in its place.
func (f *filler) bare(table string, fill func()) {
	if f.err != nil {
		return
	}
	rows, err := f.conn.Query(f.ctx, `SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
			'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
		FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u')
		UNION ALL SELECT 'DROP INDEX ' || indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index i
		WHERE indrelid = $1::regclass AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND conrelid = i.indrelid)`, table)
	if err != nil {
		f.err = err
		return
	}
	type pair struct{ Drop, Make string }
	indexes, err := pgx.CollectRows(rows, pgx.RowToStructByPos[pair])
	if err != nil {
		f.err = err
		return
	}
	for _, i := range indexes {
		f.run(i.Drop)
	}
	fill()
	for _, i := range indexes {
		f.run(i.Make)
	}
}

func (f *filler) tidy(tables ...string) {
	for _, table := range tables {
		f.run("VACUUM (ANALYZE) workitems." + table)
	}
}
