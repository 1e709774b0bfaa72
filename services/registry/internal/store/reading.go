package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/registry/internal/measure"
)

// Wanted is what a batch of changes must know.
type Wanted struct {
	// CRNs of the records that change; those there are get locked.
	CRNs []string
	// People and Providers the records will name, as far as that is known.
	People, Providers []string
	// Linked asks for all that the records name now, and who names them.
	Linked bool
	// Notices asks for the notices of all the customers; else only those of
	// customers there is no record of yet are read.
	Notices bool
}

// Locked is a record on its way to a new version.
type Locked struct {
	Record
	// RecordedAt is when the last version was recorded.
	RecordedAt time.Time
	// CardHeld is true while allocations to the card are prevented.
	CardHeld bool
	// InForce is the notice in force; nil when there is none.
	InForce *InForce
}

// Person is what other records repeat of a customer's.
type Person struct {
	// CarerAllowance as the contract counts it.
	CarerAllowance int16
	// Deceased is true when the death is recorded.
	Deceased bool
}

// Reading is what a batch of changes knows.
type Reading struct {
	// Records by CRN; those that are missing do not exist.
	Records map[string]*Locked
	// People by CRN, Providers by id, Principals by their nominee's CRN.
	People     map[string]Person
	Providers  map[string]Provider
	Principals map[string][]string
	// Notices by CRN, as far as wanted.
	Notices map[string][]measure.Notice
}

// Read locks the records of a batch until tx ends and reads what their changes
// must know, in one round trip. It locks in CRN order, so that two batches never
// wait for each other.
func (s *Store) Read(ctx context.Context, tx pgx.Tx, w Wanted) (*Reading, error) {
	b := new(pgx.Batch)
	r := queueReading(b, w)
	if err := runBatch(ctx, tx, b, "read customers"); err != nil {
		return nil, err
	}
	return r, nil
}

// maxPrincipals is how many principals a record names; more would make records
// of nominees by profession too large to travel.
const maxPrincipals = 1000

func queueReading(b *pgx.Batch, w Wanted) *Reading {
	r := &Reading{
		Records: make(map[string]*Locked, len(w.CRNs)), People: make(map[string]Person), Providers: make(map[string]Provider),
		Principals: make(map[string][]string), Notices: make(map[string][]measure.Notice),
	}
	// What is read comes after what waits for the lock: a statement that waited
	// would see the record as it is now and all else as it was before.
	b.Queue(`SELECT FROM customer WHERE crn = ANY($1) ORDER BY crn FOR UPDATE`, w.CRNs)
	b.Queue(`SELECT c.crn, c.record_version, coalesce(n.measure, 0), c.restricted, c.body, c.updated_at,
			EXISTS (SELECT FROM card_hold h WHERE h.crn = c.crn AND h.held), n.notice_id, coalesce(n.authority_id, ''), n.end_date
		FROM customer c LEFT JOIN LATERAL (SELECT notice_id, authority_id, measure, end_date FROM notice WHERE crn = c.crn AND state = 2
			ORDER BY start_date DESC, notice_id DESC LIMIT 1) n ON true
		WHERE c.crn = ANY($1)`, w.CRNs).Query(r.records)
	b.Queue(`SELECT n.crn, n.notice_id, n.measure, n.state, n.start_date, n.end_date, n.revoked_on FROM notice n
		WHERE n.crn = ANY($1) AND ($2 OR NOT EXISTS (SELECT FROM customer c WHERE c.crn = n.crn))`, w.CRNs, w.Notices).Query(r.notices)
	if len(w.People) > 0 || w.Linked {
		b.Queue(`SELECT p.crn, p.carer_allowance, p.deceased FROM customer p WHERE p.crn = ANY($1 || ARRAY(
			SELECT unnest(ARRAY[c.partner_crn, c.nominee_crn]) FROM customer c WHERE $3 AND c.crn = ANY($2)))`, notNil(w.People), w.CRNs, w.Linked).Query(r.people)
	}
	if len(w.Providers) > 0 || w.Linked {
		b.Queue(`SELECT `+providerColumns+` FROM provider WHERE provider_id = ANY($1 || ARRAY(
			SELECT c.provider_id FROM customer_provider c WHERE $3 AND c.crn = ANY($2)))`, notNil(w.Providers), w.CRNs, w.Linked).Query(r.providers)
	}
	if w.Linked {
		b.Queue(`SELECT n.crn, c.crn FROM unnest($1::text[]) AS n(crn) CROSS JOIN LATERAL (
			SELECT crn FROM customer WHERE nominee_crn = n.crn ORDER BY crn LIMIT $2) c ORDER BY n.crn, c.crn`, w.CRNs, maxPrincipals).Query(r.principals)
	}
	return r
}

func notNil(list []string) []string { return append([]string{}, list...) }

func (r *Reading) records(rows pgx.Rows) error {
	for rows.Next() {
		l := new(Locked)
		var notice *clock.ID
		var authority string
		var end *calendar.Date
		if err := rows.Scan(&l.CRN, &l.Version, &l.Measure, &l.Restricted, &l.Body, &l.RecordedAt, &l.CardHeld, &notice, &authority, &end); err != nil {
			return err
		}
		if notice != nil && end != nil {
			l.InForce = &InForce{Notice: *notice, Authority: authority, LastDay: *end}
		}
		r.Records[l.CRN] = l
	}
	return rows.Err()
}

func (r *Reading) notices(rows pgx.Rows) error {
	var crn string
	var n measure.Notice
	_, err := pgx.ForEachRow(rows, []any{&crn, &n.ID, &n.Measure, &n.State, &n.Start, &n.End, &n.Revoked}, func() error {
		r.Notices[crn] = append(r.Notices[crn], n)
		n.Revoked = nil
		return nil
	})
	return err
}

func (r *Reading) people(rows pgx.Rows) error {
	var crn string
	var p Person
	_, err := pgx.ForEachRow(rows, []any{&crn, &p.CarerAllowance, &p.Deceased}, func() error {
		r.People[crn] = p
		return nil
	})
	return err
}

func (r *Reading) providers(rows pgx.Rows) error {
	list, err := pgx.CollectRows(rows, scanProvider)
	for _, p := range list {
		r.Providers[p.ID] = p
	}
	return err
}

func (r *Reading) principals(rows pgx.Rows) error {
	var nominee, principal string
	_, err := pgx.ForEachRow(rows, []any{&nominee, &principal}, func() error {
		r.Principals[nominee] = append(r.Principals[nominee], principal)
		return nil
	})
	return err
}
