package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
)

// Key names one occurrence of a cause for ever.
type Key struct{ CRN, Code, Cause, Occurrence string }

// Question is what raising and closing items of a batch needs to know.
type Question struct {
	// CRNs of the customers to lock, in order, each once; a row is made for those
	// not known yet.
	CRNs []string
	// Locked: the caller has locked the customers already.
	Locked bool
	// Occurrences that may have been seen to already.
	Occurrences []Key
	// Consumer whose waiting events of the customers are looked for; "" means none.
	Consumer string
}

// Customer is what is known of a customer beside the facts.
type Customer struct {
	CRN string
	// Version of the record; 0 before the first change.
	Version int64
	Office  string
	// CheckedOn is the last day for which date triggers were looked at; nil when
	// they never were.
	CheckedOn *calendar.Date
}

// OpenItem is an item that is open or being investigated.
type OpenItem struct {
	ID                       clock.ID
	CRN, Code, Cause, Office string
}

// Answer answers a Question.
type Answer struct {
	// Customers by CRN; empty when they were locked by the caller.
	Customers map[string]Customer
	// Open items of the customers.
	Open []OpenItem
	// Seen are the occurrences that raised an item or were covered by one.
	Seen map[Key]bool
	// Waiting are the CRNs of which events wait for their turn.
	Waiting map[string]bool
}

// Ask locks the customers, in the order of their CRNs, and reads all of it in
// one round trip. The statements after the lock see what was committed while it
// was waited for.
func (s *Store) Ask(ctx context.Context, tx pgx.Tx, q *Question) (*Answer, error) {
	a := &Answer{Customers: make(map[string]Customer, len(q.CRNs)), Seen: make(map[Key]bool), Waiting: make(map[string]bool)}
	if len(q.CRNs) == 0 {
		return a, nil
	}
	b := &pgx.Batch{}
	if !q.Locked {
		b.Queue(`INSERT INTO customer (crn, record_version) SELECT u.crn, 0 FROM unnest($1::text[]) AS u (crn)
			WHERE NOT EXISTS (SELECT FROM customer c WHERE c.crn = u.crn) ORDER BY u.crn COLLATE "C" ON CONFLICT DO NOTHING`, q.CRNs)
		b.Queue(`SELECT crn, record_version, office, checked_on`+epoch+` FROM customer WHERE crn = ANY($1) ORDER BY crn FOR NO KEY UPDATE`, q.CRNs).
			Query(func(rows pgx.Rows) error {
				var c Customer
				var checked *int32
				_, err := pgx.ForEachRow(rows, []any{&c.CRN, &c.Version, &c.Office, &checked}, func() error {
					c.CheckedOn = dayOf(checked)
					a.Customers[c.CRN] = c
					return nil
				})
				return err
			})
	}
	// One look-up for each customer, whatever the planner thinks of the table: a
	// list in one condition may make it read all open items (seen with old statistics).
	b.Queue(`SELECT w.* FROM unnest($1::text[]) AS u (crn) CROSS JOIN LATERAL (
			SELECT id, crn, code, cause, office FROM work_item WHERE crn = u.crn AND status <= 2 OFFSET 0) AS w`, q.CRNs).
		Query(func(rows pgx.Rows) error {
			var o OpenItem
			_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&o.ID), &o.CRN, &o.Code, &o.Cause, &o.Office}, func() error {
				a.Open = append(a.Open, o)
				return nil
			})
			return err
		})
	a.queueSeen(b, q.Occurrences)
	if q.Consumer != "" {
		b.Queue(`SELECT DISTINCT key FROM parked WHERE consumer = $1 AND state = 'waiting' AND key = ANY($2)`, q.Consumer, q.CRNs).
			Query(func(rows pgx.Rows) error {
				var crn string
				_, err := pgx.ForEachRow(rows, []any{&crn}, func() error { a.Waiting[crn] = true; return nil })
				return err
			})
	}
	return a, failed(tx.SendBatch(ctx, b).Close(), "read what is known of customers")
}

// keyColumns are keys as arguments of unnest.
func keyColumns(keys []Key) (crns, codes, causes, occurrences []string) {
	n := len(keys)
	crns, codes, causes, occurrences = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, k := range keys {
		crns[i], codes[i], causes[i], occurrences[i] = k.CRN, k.Code, k.Cause, k.Occurrence
	}
	return crns, codes, causes, occurrences
}

func (a *Answer) queueSeen(b *pgx.Batch, keys []Key) {
	if len(keys) == 0 {
		return
	}
	crns, codes, causes, occurrences := keyColumns(keys)
	// LATERAL and LIMIT for the same reason: else it may read all of covered.
	b.Queue(`SELECT u.n FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS u (crn, code, cause, occurrence, n)
		CROSS JOIN LATERAL (
			SELECT FROM work_item w WHERE w.crn = u.crn AND w.code = u.code AND w.cause = u.cause AND w.occurrence = u.occurrence
			UNION ALL
			SELECT FROM covered c WHERE c.crn = u.crn AND c.code = u.code AND c.cause = u.cause AND c.occurrence = u.occurrence
			LIMIT 1) AS seen`,
		crns, codes, causes, occurrences).Query(func(rows pgx.Rows) error {
		var n int64
		_, err := pgx.ForEachRow(rows, []any{&n}, func() error { a.Seen[keys[n-1]] = true; return nil })
		return err
	})
}

// Record is what is kept of a customer after changes of the record.
type Record struct {
	CRN        string
	Version    int64
	Office     string
	Restricted bool
	Facts      []byte
	// NextDue is the first day on which a date trigger may raise something; nil
	// means never.
	NextDue   *calendar.Date
	CheckedOn *calendar.Date
}

// queueRecords stores records of locked customers.
func queueRecords(b *pgx.Batch, records []Record) {
	if len(records) == 0 {
		return
	}
	n := len(records)
	crns, versions, offices, restricted := make([]string, n), make([]int64, n), make([]string, n), make([]bool, n)
	facts, next, checked := make([][]byte, n), make([]*int32, n), make([]*int32, n)
	for i := range records {
		r := &records[i]
		crns[i], versions[i], offices[i], restricted[i], facts[i] = r.CRN, r.Version, r.Office, r.Restricted, r.Facts
		next[i], checked[i] = dayNumber(r.NextDue), dayNumber(r.CheckedOn)
	}
	b.Queue(`UPDATE customer c SET record_version = u.version, office = u.office, restricted = u.restricted, facts = u.facts,
			next_due = DATE '1970-01-01' + u.next, checked_on = DATE '1970-01-01' + u.checked
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::boolean[], $5::bytea[], $6::int[], $7::int[])
			AS u (crn, version, office, restricted, facts, next, checked) WHERE c.crn = u.crn`,
		crns, versions, offices, restricted, facts, next, checked)
}
