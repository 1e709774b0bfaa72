package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
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
	// RecordedAt is when the version was recorded (business time).
	RecordedAt time.Time
	// PartnerCRN and NomineeCRN are empty when there is none.
	PartnerCRN, NomineeCRN string
	// CarerAllowance as the contract counts it, Deceased: what others repeat.
	CarerAllowance int16
	Deceased       bool
	// Providers of School Meals named by expenses, when Supplied says they differ.
	Providers []string
	Supplied  bool
	// Renamed is true when the names or the date of birth are not those
	// indexed already; always true for a new record.
	Renamed bool
	// Names, aliases included, to be found by.
	Names []matching.Name
	// BirthDate to be found by.
	BirthDate calendar.Date
}

// Batch is what is written of a batch of records.
type Batch struct {
	// Created and Replaced records, each once.
	Created, Replaced []Write
	// Versions are all versions made.
	Versions []Version
	// FollowOns the changes have.
	FollowOns []FollowOn
	// Events that tell of them.
	Events []outbox.Row
	// Withheld are the changes authorities are not told of.
	Withheld []Withheld
	// Entries for the audit log beside those of the versions.
	Entries []audit.Entry
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

// WriteCustomers writes a batch in one round trip. Records to replace must be
// locked; one created by somebody else meanwhile fails with a unique violation.
func (s *Store) WriteCustomers(ctx context.Context, tx pgx.Tx, w Batch) error {
	b := new(pgx.Batch)
	const given = `unnest($1::text[], $2::bigint[], $3::boolean[], $4::text[], $5::text[], $6::smallint[], $7::boolean[], $8::bytea[], $9::timestamptz[])
			AS w(crn, version, restricted, partner, nominee, allowance, deceased, body, at)`
	if len(w.Created) > 0 {
		b.Queue(`INSERT INTO customer (crn, record_version, restricted, partner_crn, nominee_crn, carer_allowance, deceased, body, updated_at)
			SELECT crn, version, restricted, nullif(partner, ''), nullif(nominee, ''), allowance, deceased, body, at FROM `+given+` ORDER BY crn`,
			columnsOf(w.Created)...)
	}
	if len(w.Replaced) > 0 {
		b.Queue(`UPDATE customer c SET record_version = w.version, restricted = w.restricted, partner_crn = nullif(w.partner, ''),
				nominee_crn = nullif(w.nominee, ''), carer_allowance = w.allowance, deceased = w.deceased,
				body = w.body, updated_at = w.at
			FROM `+given+` WHERE c.crn = w.crn`, columnsOf(w.Replaced)...)
	}
	queueNames(b, w.Created, w.Replaced)
	queueSupplied(b, w.Created, w.Replaced)
	queueVersions(b, w.Versions)
	queueFollowOns(b, w.FollowOns)
	queueAwaited(b, w.Created)
	if err := s.audit.Queue(ctx, b, slices.Concat(s.ofVersions(ctx, w.Versions), s.ofWithheld(w.Withheld), w.Entries)...); err != nil {
		return err
	}
	outbox.Queue(b, w.Events...)
	return runBatch(ctx, tx, b, "write customers")
}

func columnsOf(writes []Write) []any {
	n := len(writes)
	crns, partners, nominees := make([]string, n), make([]string, n), make([]string, n)
	versions, bodies, times := make([]int64, n), make([][]byte, n), make([]time.Time, n)
	restricted, deceased := make([]bool, n), make([]bool, n)
	allowances := make([]int16, n)
	for i := range writes {
		w := &writes[i]
		crns[i], partners[i], nominees[i] = w.CRN, w.PartnerCRN, w.NomineeCRN
		versions[i], bodies[i], times[i] = w.Version, w.Body, w.RecordedAt
		restricted[i], deceased[i] = w.Restricted, w.Deceased
		allowances[i] = w.CarerAllowance
	}
	return []any{crns, versions, restricted, partners, nominees, allowances, deceased, bodies, times}
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
