package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Notice is the state of a notice after a change.
type Notice struct {
	// ID of the notice.
	ID clock.ID
	// CRN of the customer.
	CRN string
	// Measure it brings.
	Measure term.Measure
	// State after the change: in force, ended or revoked.
	State term.NoticeState
	// Start is its first day.
	Start calendar.Date
	// Version of the notice after the change.
	Version int32
}

// Settle is what a batch of decided events leaves in the registry.
type Settle struct {
	// Notices, each notice once and with the highest version of the batch.
	Notices []Notice
	// Documents to place.
	Documents []Document
}

// Settle writes what events left, in one round trip. A notice is changed only
// to a higher version and a document placed only once, so events may come in
// any order and any number of times.
func (s *Store) Settle(ctx context.Context, tx pgx.Tx, left Settle) error {
	b := new(pgx.Batch)
	if len(left.Notices) > 0 {
		size := len(left.Notices)
		ids, crns := make([]clock.ID, 0, size), make([]string, 0, size)
		measures, states := make([]int16, 0, size), make([]int16, 0, size)
		starts, versions := make([]calendar.Date, 0, size), make([]int32, 0, size)
		for _, n := range left.Notices {
			ids, crns = append(ids, n.ID), append(crns, n.CRN)
			measures, states = append(measures, int16(n.Measure)), append(states, int16(n.State))
			starts, versions = append(starts, n.Start), append(versions, n.Version)
		}
		// Ordered by id: two batches lock the notices they share in the same order.
		b.Queue(`INSERT INTO notice (notice_id, crn, measure, state, start_date, version)
			SELECT * FROM unnest($1::uuid[], $2::text[], $3::smallint[], $4::smallint[], $5::date[], $6::int[]) AS w(id) ORDER BY w.id
			ON CONFLICT (notice_id) DO UPDATE SET crn = excluded.crn, measure = excluded.measure, state = excluded.state,
				start_date = excluded.start_date, version = excluded.version
			WHERE notice.version < excluded.version`, ids, crns, measures, states, starts, versions)
	}
	queueDocuments(b, left.Documents)
	return runBatch(ctx, tx, b, "apply decided events")
}
