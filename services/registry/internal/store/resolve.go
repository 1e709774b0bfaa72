package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/matching"
)

// Hit is a customer found for a batch, with the partner's record. The bytes
// are the driver's and valid only until the visit returns.
type Hit struct {
	// Search is the number of the search that found it; 0 for ByCRN.
	Search int32
	// CRN of the customer.
	CRN []byte
	// Version of the record.
	Version int64
	// Measure of the register in force; 0 when none.
	Measure term.Measure
	// Body is the encoded record, without version and register measure.
	Body []byte
	// Partner is the partner's encoded record; nil when there is none to be told of.
	Partner []byte
	// Told says why Partner is nil though a partner is linked; 0 otherwise. The
	// numbers are the contract's.
	Told int32
}

// The numbers of Hit.Told.
const (
	PartnerNoRecord   = 1
	PartnerRestricted = 2
)

// partnerOf is what a hit tells of the partner p of a customer c. Nothing of a
// restricted partner leaves the registry with somebody else's record: what is
// decided and disclosed of one customer would tell of the other (rules 2.2).
const partnerOf = `CASE WHEN NOT p.restricted THEN p.body END,
		CASE WHEN c.partner_crn IS NULL THEN 0 WHEN p.crn IS NULL THEN 1 WHEN p.restricted THEN 2 ELSE 0 END`

// Resolving asks for few or thousands of customers of a table of any size, so
// the plan is made for each call: a plan kept from when the table was small
// would read all of it. Planning costs a fraction of a millisecond a batch.
const planEachTime = pgx.QueryExecModeCacheDescribe

// ByCRN visits the customers there are of the CRNs, in no order, in one query.
func (s *Store) ByCRN(ctx context.Context, crns []string, visit func(*Hit) error) error {
	rows, err := s.pool.Query(ctx, `SELECT 0, c.crn, c.record_version, `+measureOf+`, c.body, `+partnerOf+`
		FROM customer c LEFT JOIN customer p ON p.crn = c.partner_crn WHERE c.crn = ANY($1)`, planEachTime, crns)
	if err != nil {
		return failed(err, "resolve customers")
	}
	return visitHits(rows, visit)
}

// Searches are searches by particulars, one entry for each name to search by.
type Searches struct {
	numbers          []int32
	births           []calendar.Date
	families, givens []string
	crnNumbers       []int32
	crns             []string
}

// Name adds a name to search by to the search of a number.
func (q *Searches) Name(search int, n matching.Name, born calendar.Date) {
	q.numbers, q.births = append(q.numbers, int32(search)), append(q.births, born)
	q.families, q.givens = append(q.families, n.Family), append(q.givens, n.Given)
}

// CRN adds the customer of a CRN to what the search of a number finds.
func (q *Searches) CRN(search int, crn string) {
	q.crnNumbers, q.crns = append(q.crnNumbers, int32(search)), append(q.crns, crn)
}

// Empty reports whether there is nothing to search for.
func (q *Searches) Empty() bool { return len(q.numbers) == 0 && len(q.crns) == 0 }

// ByParticulars visits the customers that have a name and the date of birth
// of a search, at most perName for each name, and those of CRNs added, each
// once per search, in one query and in no order.
func (s *Store) ByParticulars(ctx context.Context, q *Searches, perName int, visit func(*Hit) error) error {
	if q.Empty() {
		return nil
	}
	rows, err := s.pool.Query(ctx, `WITH hit AS (
			SELECT q.search, n.crn
			FROM unnest($1::int[], $2::date[], $3::text[], $4::text[]) AS q(search, dob, family, given)
			CROSS JOIN LATERAL (SELECT crn FROM customer_name
				WHERE dob = q.dob AND family_norm = q.family AND given_norm = q.given ORDER BY crn LIMIT $5) n
			UNION
			SELECT k.search, k.crn FROM unnest($6::int[], $7::text[]) AS k(search, crn))
		SELECT h.search, c.crn, c.record_version, `+measureOf+`, c.body, `+partnerOf+`
		FROM hit h JOIN customer c ON c.crn = h.crn LEFT JOIN customer p ON p.crn = c.partner_crn`,
		planEachTime, q.numbers, q.births, q.families, q.givens, perName, q.crnNumbers, q.crns)
	if err != nil {
		return failed(err, "search customers")
	}
	return visitHits(rows, visit)
}

func visitHits(rows pgx.Rows, visit func(*Hit) error) error {
	defer rows.Close()
	var h Hit
	for rows.Next() {
		err := rows.Scan(&h.Search, (*pgtype.DriverBytes)(&h.CRN), &h.Version, &h.Measure,
			(*pgtype.DriverBytes)(&h.Body), (*pgtype.DriverBytes)(&h.Partner), &h.Told)
		if err != nil {
			return failed(err, "read customers")
		}
		if err := visit(&h); err != nil {
			return err
		}
	}
	return failed(rows.Err(), "read customers")
}
