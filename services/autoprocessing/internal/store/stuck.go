package store

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// What stands still. Everything is found by an index over few rows: entries
// somebody holds, holds, live lifts, open withdrawals.

// StuckHeld finds entries an officer holds and has not touched since before, but
// for those set aside until a day that has not come. Claims end by themselves, so
// what is found was assigned; that, and what is done to an entry, leaves a note or
// an action. Closed entries are held by nobody: saying so would lead to the index
// of all open ones instead of that of those held.
func StuckHeld(ctx context.Context, q stuck.Querier, before time.Time, today calendar.Date) (stuck.Found, error) {
	return stuck.Query(ctx, q, `
SELECT submission_id::text, touched
FROM (SELECT q.submission_id, greatest(q.entered_at, (SELECT max(n.at) FROM note n WHERE n.submission_id = q.submission_id),
          (SELECT max(a.at) FROM action a WHERE a.submission_id = q.submission_id)) AS touched
      FROM queue_entry q
      WHERE q.held_by <> '' AND (q.hold_until IS NULL OR q.hold_until <= DATE '1970-01-01' + $2::int)
      ORDER BY q.held_by LIMIT $3) h
WHERE touched < $1`, before, int32(today), stuck.Most)
}

// StuckHolds finds entries set aside until a day or an earlier one, still. since is
// the start of their day in the zone.
func StuckHolds(ctx context.Context, q stuck.Querier, day calendar.Date, zone string) (stuck.Found, error) {
	return stuck.Query(ctx, q, `
SELECT submission_id::text, hold_until::timestamp AT TIME ZONE $2 FROM queue_entry
WHERE hold_until <= DATE '1970-01-01' + $1::int ORDER BY hold_until LIMIT $3`, int32(day), zone, stuck.Most)
}

// StuckLifts finds submissions whose lift of a restricted record was over before
// a moment and is not on record as ended.
func StuckLifts(ctx context.Context, q stuck.Querier, before time.Time) (stuck.Found, error) {
	return stuck.Query(ctx, q, `
SELECT submission_id::text, until FROM access_case WHERE state = 3 AND until < $1 ORDER BY until LIMIT $2`, before, stuck.Most)
}

// StuckWithdrawals finds submissions that an authority asked to take back before a
// moment, that are known, and of which the request is not settled. Requests for
// what has not arrived wait for it. LIMIT 1 has each looked up by the natural key:
// joined, thousands of requests would read all submissions.
func StuckWithdrawals(ctx context.Context, q stuck.Querier, before time.Time) (stuck.Found, error) {
	return stuck.Query(ctx, q, `
SELECT s.id::text, w.requested_at
FROM (SELECT authority_id, reference, requested_at FROM withdrawal WHERE NOT settled AND requested_at < $1 ORDER BY requested_at LIMIT $2) w
CROSS JOIN LATERAL (SELECT id FROM submission WHERE authority_id = w.authority_id AND reference = w.reference LIMIT 1) s`, before, stuck.Most)
}
