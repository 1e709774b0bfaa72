package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
)

// InForce is a notice in force, as far as its authority is told of changes.
type InForce struct {
	// Notice is its id.
	Notice clock.ID
	// Authority whose notice it is.
	Authority string
	// LastDay is its last day: its end may have come before the event that says so.
	LastDay calendar.Date
}

// Activated is a notice that came into force.
type Activated struct {
	// Notice is its id, CRN its customer's.
	Notice clock.ID
	CRN    string
	// At is when (business time).
	At time.Time
}

// Missed is a version of a record that was recorded since a notice came into
// force, perhaps before the registry knew of it.
type Missed struct {
	InForce
	// FirstDay of the notice.
	FirstDay calendar.Date
	// CRN of the customer, Version of the record.
	CRN     string
	Version int64
	// Changed are the parts that changed.
	Changed []string
	// RecordedAt is when (business time).
	RecordedAt time.Time
}

// Withheld is a version of a restricted record of which the authority whose notice
// is in force is not told.
type Withheld struct {
	InForce
	CRN     string
	Version int64
}

// Missed returns the versions recorded since notices came into force in which
// one of the parts changed, in one round trip; none of records that are restricted. It locks the customers: a change
// on its way is waited for and found here, a later one finds the notice.
func (s *Store) Missed(ctx context.Context, tx pgx.Tx, activated []Activated, parts []string) ([]Missed, error) {
	ids, crns, times := make([]clock.ID, len(activated)), make([]string, len(activated)), make([]time.Time, len(activated))
	for i, a := range activated {
		ids[i], crns[i], times[i] = a.Notice, a.CRN, a.At
	}
	var list []Missed
	b := new(pgx.Batch)
	b.Queue(`SELECT 1 FROM customer WHERE crn = ANY($1) ORDER BY crn FOR UPDATE`, crns)
	// A second statement, which sees what was committed while the first waited.
	b.Queue(`SELECT `+missedColumns+`
		FROM unnest($1::uuid[], $2::timestamptz[]) AS a(id, at)
		JOIN notice n ON n.notice_id = a.id
		JOIN customer c ON c.crn = n.crn AND NOT c.restricted
		JOIN customer_version v ON v.crn = n.crn AND v.recorded_at >= a.at
		WHERE v.record_version > 1 AND v.changed && $3::text[] ORDER BY v.crn, v.record_version`, ids, times, parts).Query(func(rows pgx.Rows) (err error) {
		list, err = pgx.CollectRows(rows, scanMissed)
		return err
	})
	return list, runBatch(ctx, tx, b, "read what changed since notices came into force")
}

const missedColumns = `n.notice_id, n.authority_id, n.start_date, coalesce(n.revoked_on, n.end_date), v.crn, v.record_version, v.changed, v.recorded_at`

func scanMissed(row pgx.CollectableRow) (m Missed, err error) {
	err = row.Scan(&m.Notice, &m.Authority, &m.FirstDay, &m.LastDay, &m.CRN, &m.Version, &m.Changed, &m.RecordedAt)
	return m, err
}

// SinceRestricted returns the versions in which one of the parts changed while the
// customers' records were last restricted: since the version before the last that
// changed the restriction. The customers are locked.
func (s *Store) SinceRestricted(ctx context.Context, tx pgx.Tx, ended []Activated, parts []string) ([]Missed, error) {
	ids := make([]clock.ID, len(ended))
	for i, a := range ended {
		ids[i] = a.Notice
	}
	rows, err := tx.Query(ctx, `SELECT `+missedColumns+` FROM notice n JOIN customer_version v ON v.crn = n.crn
		WHERE n.notice_id = ANY($1) AND v.record_version > 1 AND v.changed && $2::text[]
			AND v.record_version >= (SELECT r.record_version FROM customer_version r WHERE r.crn = n.crn AND 'restricted_access' = ANY(r.changed)
				ORDER BY r.record_version DESC OFFSET 1 LIMIT 1)
		ORDER BY v.crn, v.record_version`, ids, parts)
	if err != nil {
		return nil, failed(err, "read what changed while records were restricted")
	}
	list, err := pgx.CollectRows(rows, scanMissed)
	return list, failed(err, "read what changed while records were restricted")
}
