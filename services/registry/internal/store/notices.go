package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/registry/internal/measure"
)

// Notice is the state of a notice after a change.
type Notice struct {
	measure.Notice
	// CRN of the customer.
	CRN string
	// Authority whose notice it is.
	Authority string
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

// Settle writes what events left and reads the records of the customers whose
// notices changed, in one round trip. A notice is changed only to a higher
// version and a document placed only once, so events may come in any order and
// any number of times. The entries are as WriteFeed's.
func (s *Store) Settle(ctx context.Context, tx pgx.Tx, left Settle) (*Reading, []audit.Entry, error) {
	b := new(pgx.Batch)
	placed := queueDocuments(b, left.Documents)
	r := new(Reading)
	if len(left.Notices) > 0 {
		queueNotices(b, left.Notices)
		w := Wanted{Notices: true}
		seen := make(map[string]bool, len(left.Notices))
		for i := range left.Notices {
			if crn := left.Notices[i].CRN; !seen[crn] {
				seen[crn] = true
				w.CRNs = append(w.CRNs, crn)
			}
		}
		r = queueReading(b, w)
	}
	if err := runBatch(ctx, tx, b, "apply decided events"); err != nil {
		return nil, nil, err
	}
	return r, s.ofDocuments(ctx, left.Documents, placed), nil
}

func queueNotices(b *pgx.Batch, notices []Notice) {
	n := len(notices)
	ids, crns, authorities := make([]clock.ID, n), make([]string, n), make([]string, n)
	measures, states, versions := make([]int16, n), make([]int16, n), make([]int32, n)
	starts, ends, revoked := make([]calendar.Date, n), make([]calendar.Date, n), make([]*calendar.Date, n)
	for i := range notices {
		v := &notices[i]
		ids[i], crns[i], authorities[i] = v.ID, v.CRN, v.Authority
		measures[i], states[i], versions[i] = int16(v.Measure), int16(v.State), v.Version
		starts[i], ends[i], revoked[i] = v.Start, v.End, v.Revoked
	}
	// Ordered by id: two batches lock the notices they share in the same order.
	b.Queue(`INSERT INTO notice (notice_id, crn, authority_id, measure, state, start_date, end_date, revoked_on, version)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::date[], $7::date[], $8::date[], $9::int[])
			AS w(id) ORDER BY w.id
		ON CONFLICT (notice_id) DO UPDATE SET crn = excluded.crn, authority_id = excluded.authority_id, measure = excluded.measure,
			state = excluded.state, start_date = excluded.start_date, end_date = excluded.end_date, revoked_on = excluded.revoked_on,
			version = excluded.version
		WHERE notice.version < excluded.version`, ids, crns, authorities, measures, states, starts, ends, revoked, versions)
}
