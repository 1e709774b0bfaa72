package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// Watched is what somebody watches; it is read several times a second, so that
// all of it is found by keys.
type Watched struct {
	Items []clock.ID
	CRNs  []string
	// Counts asks for the sign of the counts.
	Counts bool
	// Officers asks for which records these must not see.
	Officers []string
}

// Standing is where an item stands.
type Standing struct {
	Version  int
	Status   item.Status
	Assignee string
}

// CustomerSign is another one after every change of a customer's items and
// follow-ups, and of whether the record is restricted, which hides them.
type CustomerSign struct {
	Items, Versions, FollowUps, Ended int64
	Restricted                        bool
}

// CountsSign is another one after every change of the counts of open items,
// whosever, and after some things that change none, such as summing up. Reading it
// costs a small part of reading the counts.
type CountsSign struct{ Rows, Last int64 }

// Signs are what is watched as it is now; what does not exist is left out, but for
// customers: those without anything have a sign too.
type Signs struct {
	Items     map[clock.ID]Standing
	Customers map[string]CustomerSign
	Counts    CountsSign
	// Conflicts are the CRNs, in order, of the records each officer must not see;
	// who has none is left out.
	Conflicts map[string][]string
}

// Signs reads what is watched in one round trip.
func (s *Store) Signs(ctx context.Context, w *Watched) (*Signs, error) {
	found := &Signs{Items: make(map[clock.ID]Standing, len(w.Items)), Customers: make(map[string]CustomerSign, len(w.CRNs)), Conflicts: map[string][]string{}}
	b := &pgx.Batch{}
	if w.Counts {
		b.Queue("SELECT count(*), coalesce(max(id), 0) FROM work_item_count").QueryRow(func(row pgx.Row) error {
			return row.Scan(&found.Counts.Rows, &found.Counts.Last)
		})
	}
	if len(w.Items) > 0 {
		ids := make([][16]byte, len(w.Items))
		for i, id := range w.Items {
			ids[i] = id
		}
		// One look-up for each, as for each customer below, whatever the planner thinks.
		b.Queue(`SELECT u.id, w.* FROM unnest($1::uuid[]) AS u (id) CROSS JOIN LATERAL (
			SELECT version, status, assignee FROM work_item WHERE id = u.id OFFSET 0) AS w`, ids).Query(func(rows pgx.Rows) error {
			var id [16]byte
			var i Standing
			_, err := pgx.ForEachRow(rows, []any{&id, &i.Version, (*int16)(&i.Status), &i.Assignee}, func() error {
				found.Items[id] = i
				return nil
			})
			return err
		})
	}
	if len(w.CRNs) > 0 {
		b.Queue(`SELECT u.crn, w.n, w.versions, f.n, f.ended, `+restricted+` FROM unnest($1::text[]) AS u (crn)
			CROSS JOIN LATERAL (SELECT count(*) AS n, coalesce(sum(version), 0) AS versions FROM work_item WHERE crn = u.crn) w
			CROSS JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE status > 1) AS ended FROM follow_up WHERE crn = u.crn) f
			LEFT JOIN customer c ON c.crn = u.crn`, w.CRNs).Query(func(rows pgx.Rows) error {
			var crn string
			var c CustomerSign
			_, err := pgx.ForEachRow(rows, []any{&crn, &c.Items, &c.Versions, &c.FollowUps, &c.Ended, &c.Restricted}, func() error {
				found.Customers[crn] = c
				return nil
			})
			return err
		})
	}
	queueConflicts(b, w.Officers, found.Conflicts)
	return found, postgres.Classify(s.pool.SendBatch(ctx, b).Close())
}
