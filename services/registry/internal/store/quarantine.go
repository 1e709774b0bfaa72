package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
)

// AsideReason says why a record of a feed is set aside; numbered as in the contract.
type AsideReason int16

// The reasons.
const (
	AsideUnknownCustomer AsideReason = 1
	AsideOutOfOrder      AsideReason = 2
	AsideNotApplicable   AsideReason = 3
)

// Aside is a record of a feed that is set aside.
type Aside struct {
	// ID sorts by when it was set aside.
	ID clock.ID
	FeedKey
	// CRN it names.
	CRN string
	// Reason and Detail say what keeps it.
	Reason AsideReason
	Detail string
	// Record is the encoded record.
	Record []byte
	// At is when it was set aside (business time).
	At time.Time
	// Tries so far, the first included.
	Tries int32
	// Restricted is true while access to the customer's record is restricted; not written.
	Restricted bool
}

// AsideFilter selects records set aside; zero values select all.
type AsideFilter struct {
	// IDs, when there are any, select by themselves.
	IDs       []clock.ID
	Feed, CRN string
	Reason    AsideReason
	// After is the id after which to continue.
	After clock.ID
}

// where names only the columns asked for, so that each combination has a plan
// of its own, on the index that serves it.
func (f AsideFilter) where() (string, []any) {
	args := []any{f.After}
	terms := []string{"record_id > $1"}
	add := func(column string, value any) {
		args = append(args, value)
		terms = append(terms, fmt.Sprintf(column, len(args)))
	}
	if len(f.IDs) > 0 {
		add("record_id = ANY($%d)", f.IDs)
		return strings.Join(terms, " AND "), args
	}
	if f.Feed != "" {
		add("feed = $%d", f.Feed)
	}
	if f.CRN != "" {
		add("crn = $%d", f.CRN)
	}
	if f.Reason != 0 {
		add("reason = $%d", int16(f.Reason))
	}
	return strings.Join(terms, " AND "), args
}

const asideColumns = `record_id, feed, reference, crn, reason, detail, record, quarantined_at, tries,
	EXISTS (SELECT FROM customer c WHERE c.crn = feed_quarantine.crn AND c.restricted)`

func collectAside(rows pgx.Rows) ([]Aside, error) {
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Aside, err error) {
		err = row.Scan(&a.ID, &a.Feed, &a.Reference, &a.CRN, &a.Reason, &a.Detail, &a.Record, &a.At, &a.Tries, &a.Restricted)
		return a, err
	})
}

// Aside returns records set aside, oldest first, at most limit.
func (s *Store) Aside(ctx context.Context, f AsideFilter, limit int) ([]Aside, error) {
	where, args := f.where()
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`SELECT %s FROM feed_quarantine WHERE %s ORDER BY record_id LIMIT %d`, asideColumns, where, limit), args...)
	if err != nil {
		return nil, failed(err, "list records set aside")
	}
	list, err := collectAside(rows)
	return list, failed(err, "list records set aside")
}

// LockAside returns those of the records that are still set aside, oldest
// first, locked until tx ends. Two callers take them in the same order.
func (s *Store) LockAside(ctx context.Context, tx pgx.Tx, ids []clock.ID) ([]Aside, error) {
	rows, err := tx.Query(ctx, `SELECT `+asideColumns+` FROM feed_quarantine WHERE record_id = ANY($1) ORDER BY record_id FOR UPDATE`, ids)
	if err != nil {
		return nil, failed(err, "lock records set aside")
	}
	list, err := collectAside(rows)
	return list, failed(err, "lock records set aside")
}

// CountAside counts records set aside.
func (s *Store) CountAside(ctx context.Context, f AsideFilter) (n int64, err error) {
	where, args := f.where()
	err = s.pool.QueryRow(ctx, `SELECT count(*) FROM feed_quarantine WHERE `+where, args...).Scan(&n)
	return n, failed(err, "count records set aside")
}

// queueAside writes records newly set aside.
func queueAside(b *pgx.Batch, aside []*Aside) {
	if len(aside) == 0 {
		return
	}
	n := len(aside)
	ids, feeds, references, crns := make([]clock.ID, n), make([]string, n), make([]string, n), make([]string, n)
	reasons, details, records, times := make([]int16, n), make([]string, n), make([][]byte, n), make([]time.Time, n)
	for i, a := range aside {
		ids[i], feeds[i], references[i], crns[i] = a.ID, a.Feed, a.Reference, a.CRN
		reasons[i], details[i], records[i], times[i] = int16(a.Reason), a.Detail, a.Record, a.At
	}
	b.Queue(`INSERT INTO feed_quarantine (record_id, feed, reference, crn, reason, detail, record, quarantined_at, tries)
		SELECT *, 1 FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::smallint[], $6::text[], $7::bytea[], $8::timestamptz[])`,
		ids, feeds, references, crns, reasons, details, records, times)
}

// Redriven is what became of locked records that were tried again.
type Redriven struct {
	// Applied are set aside no longer.
	Applied []Aside
	// Still are set aside with the reasons they have now.
	Still []Aside
}

// WriteRedriven writes what became of locked records, in one round trip. The
// entries are as WriteFeed's.
func (s *Store) WriteRedriven(ctx context.Context, tx pgx.Tx, r Redriven) ([]audit.Entry, error) {
	b := new(pgx.Batch)
	if n := len(r.Applied); n > 0 {
		ids, feeds, references := make([]clock.ID, n), make([]string, n), make([]string, n)
		for i := range r.Applied {
			a := &r.Applied[i]
			ids[i], feeds[i], references[i] = a.ID, a.Feed, a.Reference
		}
		b.Queue(`DELETE FROM feed_quarantine WHERE record_id = ANY($1)`, ids)
		b.Queue(`UPDATE feed_record r SET state = $3 FROM unnest($1::text[], $2::text[]) AS k(feed, reference)
			WHERE r.feed = k.feed AND r.reference = k.reference`, feeds, references, feedApplied)
	}
	if n := len(r.Still); n > 0 {
		ids, reasons, details := make([]clock.ID, n), make([]int16, n), make([]string, n)
		for i := range r.Still {
			a := &r.Still[i]
			ids[i], reasons[i], details[i] = a.ID, int16(a.Reason), a.Detail
		}
		b.Queue(`UPDATE feed_quarantine q SET reason = w.reason, detail = w.detail, tries = q.tries + 1
			FROM unnest($1::uuid[], $2::smallint[], $3::text[]) AS w(id, reason, detail) WHERE q.record_id = w.id`, ids, reasons, details)
	}
	return s.ofRedriven(r), runBatch(ctx, tx, b, "write records tried again")
}
