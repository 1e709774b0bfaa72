package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/matching"
)

// Record is a customer's record as kept.
type Record struct {
	// CRN of the customer.
	CRN string
	// Version of the record: 1, 2, 3, …
	Version int64
	// Measure of the register in force; 0 when none.
	Measure term.Measure
	// Restricted is true when access to the record is restricted.
	Restricted bool
	// Body is the encoded record, without version and register measure.
	Body []byte
}

// Write is a record to be kept.
type Write struct {
	// CRN, Version (the new one), Restricted and Body as in Record.
	CRN        string
	Version    int64
	Restricted bool
	Body       []byte
	// PartnerCRN is empty when no partner is linked.
	PartnerCRN string
	// Renamed is true when the names or the date of birth are not those
	// indexed already; always true for a new record.
	Renamed bool
	// Names, aliases included, to be found by.
	Names []matching.Name
	// BirthDate to be found by.
	BirthDate calendar.Date
}

// measureOf is the measure in force of customer c. Two notices are in force
// only while events are on their way; then the later start counts.
const measureOf = `coalesce((SELECT n.measure FROM notice n WHERE n.crn = c.crn AND n.state = 2
	ORDER BY n.start_date DESC, n.notice_id DESC LIMIT 1), 0)`

// Customer returns a customer's record; ok is false when there is none.
func (s *Store) Customer(ctx context.Context, crn string) (r Record, ok bool, err error) {
	err = s.pool.QueryRow(ctx, `SELECT c.crn, c.record_version, `+measureOf+`, c.restricted, c.body FROM customer c WHERE c.crn = $1`, crn).
		Scan(&r.CRN, &r.Version, &r.Measure, &r.Restricted, &r.Body)
	if errors.Is(err, pgx.ErrNoRows) {
		return Record{}, false, nil
	}
	return r, err == nil, failed(err, "read a customer")
}

// LockCustomers returns the records there are of the CRNs, locked until tx
// ends. It locks in CRN order, so two batches never wait for each other.
func (s *Store) LockCustomers(ctx context.Context, tx pgx.Tx, crns []string) (map[string]Record, error) {
	rows, err := tx.Query(ctx, `SELECT c.crn, c.record_version, `+measureOf+`, c.restricted, c.body
		FROM customer c WHERE c.crn = ANY($1) ORDER BY c.crn FOR UPDATE OF c`, crns)
	if err != nil {
		return nil, failed(err, "lock customers")
	}
	found := make(map[string]Record, len(crns))
	var r Record
	_, err = pgx.ForEachRow(rows, []any{&r.CRN, &r.Version, &r.Measure, &r.Restricted, &r.Body}, func() error {
		found[r.CRN] = r
		r.Body = nil
		return nil
	})
	return found, failed(err, "lock customers")
}

// WriteCustomers creates and replaces records and queues the outbox rows, in
// one round trip. Records to replace must be locked; one created by somebody
// else meanwhile fails with a unique violation.
func (s *Store) WriteCustomers(ctx context.Context, tx pgx.Tx, created, replaced []Write, events []outbox.Row) error {
	b := new(pgx.Batch)
	if len(created) > 0 {
		c := columnsOf(created)
		b.Queue(`INSERT INTO customer (crn, record_version, restricted, partner_crn, body, updated_at)
			SELECT crn, version, restricted, nullif(partner, ''), body, now()
			FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::bytea[]) AS w(crn, version, restricted, partner, body)
			ORDER BY crn`, c.crns, c.versions, c.restricted, c.partners, c.bodies)
	}
	if len(replaced) > 0 {
		c := columnsOf(replaced)
		b.Queue(`UPDATE customer c SET record_version = w.version, restricted = w.restricted, partner_crn = nullif(w.partner, ''), body = w.body, updated_at = now()
			FROM unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::bytea[]) AS w(crn, version, restricted, partner, body)
			WHERE c.crn = w.crn`, c.crns, c.versions, c.restricted, c.partners, c.bodies)
	}
	queueNames(b, created, replaced)
	outbox.Queue(b, events...)
	return runBatch(ctx, tx, b, "write customers")
}

type columns struct {
	crns, partners []string
	versions       []int64
	restricted     []bool
	bodies         [][]byte
}

func columnsOf(writes []Write) columns {
	var c columns
	for i := range writes {
		w := &writes[i]
		c.crns = append(c.crns, w.CRN)
		c.partners = append(c.partners, w.PartnerCRN)
		c.versions = append(c.versions, w.Version)
		c.restricted = append(c.restricted, w.Restricted)
		c.bodies = append(c.bodies, w.Body)
	}
	return c
}

func queueNames(b *pgx.Batch, created, replaced []Write) {
	var stale, crns, families, givens []string
	var births []calendar.Date
	add := func(w *Write) {
		seen := make(map[matching.Name]bool, len(w.Names))
		for _, n := range w.Names {
			if !n.Searchable() || seen[n] {
				continue
			}
			seen[n] = true
			births, crns = append(births, w.BirthDate), append(crns, w.CRN)
			families, givens = append(families, n.Family), append(givens, n.Given)
		}
	}
	for i := range created {
		add(&created[i])
	}
	for i := range replaced {
		if replaced[i].Renamed {
			stale = append(stale, replaced[i].CRN)
			add(&replaced[i])
		}
	}
	if len(stale) > 0 {
		b.Queue(`DELETE FROM customer_name WHERE crn = ANY($1)`, stale)
	}
	if len(crns) > 0 {
		b.Queue(`INSERT INTO customer_name (dob, family_norm, given_norm, crn)
			SELECT * FROM unnest($1::date[], $2::text[], $3::text[], $4::text[])`, births, families, givens, crns)
	}
}
