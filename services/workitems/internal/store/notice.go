package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Notice is a notice after a change.
type Notice struct {
	ID          clock.ID
	CRN         string
	AuthorityID string
	Measure     term.Measure
	State       term.NoticeState
	Start, End  calendar.Date
	// Version of the notice after the change.
	Version int32
}

// queueNotices stores what became of notices, each notice once. A notice only
// changes to a higher version, so events may come in any order and any number
// of times. Another end is to be warned of anew.
func queueNotices(b *pgx.Batch, notices []Notice) {
	if len(notices) == 0 {
		return
	}
	n := len(notices)
	ids, crns, authorities := make([][16]byte, n), make([]string, n), make([]string, n)
	measures, states, starts, ends, versions := make([]int16, n), make([]int16, n), make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range notices {
		x := &notices[i]
		ids[i], crns[i], authorities[i], measures[i], states[i] = x.ID, x.CRN, x.AuthorityID, int16(x.Measure), int16(x.State)
		starts[i], ends[i], versions[i] = int32(x.Start), int32(x.End), x.Version
	}
	// Ordered by id: two batches lock the notices they share in the same order.
	b.Queue(`INSERT INTO notice AS n (notice_id, crn, authority_id, measure, state, start_date, end_date, version)
		SELECT id, crn, authority_id, measure, state, DATE '1970-01-01' + start_day, DATE '1970-01-01' + end_day, version
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::smallint[], $5::smallint[], $6::int[], $7::int[], $8::int[])
			AS u (id, crn, authority_id, measure, state, start_day, end_day, version) ORDER BY id
		ON CONFLICT (notice_id) DO UPDATE SET crn = excluded.crn, authority_id = excluded.authority_id, measure = excluded.measure,
			state = excluded.state, start_date = excluded.start_date, end_date = excluded.end_date, version = excluded.version,
			warned_end = CASE WHEN n.warned_end = excluded.end_date THEN n.warned_end END
		WHERE n.version < excluded.version`, ids, crns, authorities, measures, states, starts, ends, versions)
}

// Ending is a child protection notice in force of whose end nobody was warned.
type Ending struct {
	NoticeID clock.ID
	CRN      string
	End      calendar.Date
	// Office of the customer's record; empty when the record is not known yet.
	Office string
}

// NoticePlace is a place in the order of endings.
type NoticePlace struct {
	End calendar.Date
	ID  clock.ID
}

// EndingBy locks up to so many notices that end on a day or before it and of
// which nobody was warned, behind a place, in order; those another transaction
// has are left to it.
func (s *Store) EndingBy(ctx context.Context, tx pgx.Tx, day calendar.Date, after NoticePlace, limit int) ([]Ending, error) {
	rows, _ := tx.Query(ctx, `SELECT n.notice_id, n.crn, n.end_date`+epoch+`, COALESCE(c.office, '') FROM notice n LEFT JOIN customer c ON c.crn = n.crn
		WHERE n.state = 2 AND n.measure = 2 AND n.warned_end IS NULL AND n.end_date <= DATE '1970-01-01' + $1::int
			AND (n.end_date, n.notice_id) > (DATE '1970-01-01' + $2::int, $3::uuid)
		ORDER BY n.end_date, n.notice_id LIMIT $4 FOR NO KEY UPDATE OF n SKIP LOCKED`, int32(day), int32(after.End), [16]byte(after.ID), limit)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e Ending, err error) {
		err = row.Scan((*[16]byte)(&e.NoticeID), &e.CRN, (*int32)(&e.End), &e.Office)
		return e, err
	})
	return found, failed(err, "read notices that end")
}

// Warned raises the items of notices that end, locked by EndingBy, and notes
// that they were raised, in one round trip. It returns the items that are new;
// an item that was there already (its occurrence, or an open one of the same
// cause) is not raised again.
func (s *Store) Warned(ctx context.Context, tx pgx.Tx, at time.Time, endings []Ending, items []NewItem) (raised map[clock.ID]bool, err error) {
	b := &pgx.Batch{}
	raised = make(map[clock.ID]bool, len(items))
	queueItems(b, at, items, raised)
	ids := make([][16]byte, len(endings))
	for i := range endings {
		ids[i] = endings[i].NoticeID
	}
	b.Queue(`UPDATE notice SET warned_end = end_date WHERE notice_id = ANY($1)`, ids)
	if err := runBatch(ctx, tx, b, "raise items of notices that end"); err != nil {
		return nil, err
	}
	if err := s.tell(ctx, tx, s.ofRaised(items, raised)...); err != nil {
		return nil, err
	}
	if len(raised) == len(items) {
		return raised, nil
	}
	// An open item of the same cause covers them from now on.
	var rest []Key
	for i := range items {
		if !raised[items[i].ID] {
			rest = append(rest, items[i].Key)
		}
	}
	b = &pgx.Batch{}
	crns, codes, causes, occurrences := keyColumns(rest)
	b.Queue(`INSERT INTO covered (crn, code, cause, occurrence) SELECT u.* FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
			AS u (crn, code, cause, occurrence)
		WHERE NOT EXISTS (SELECT FROM work_item w WHERE w.crn = u.crn AND w.code = u.code AND w.cause = u.cause AND w.occurrence = u.occurrence)
		ON CONFLICT DO NOTHING`, crns, codes, causes, occurrences)
	return raised, runBatch(ctx, tx, b, "note what open items cover")
}
