package store

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// StuckClosed finds reports of a day or before that were closed by a time and are
// not sealed. since is the start of their day in the zone, when outcomes ceased to be added.
func (s *Store) StuckClosed(ctx context.Context, day calendar.Date, by time.Time, zone string) (stuck.Found, error) {
	return stuck.Query(ctx, s.pool, `
SELECT report_id::text, report_date::timestamp AT TIME ZONE $2 FROM report
WHERE sealed_at IS NULL AND report_date <= $1 AND closed_at <= $4 ORDER BY report_date LIMIT $3`, day, zone, stuck.Most, by)
}

// StuckUnfetched finds sealed reports of days from one to before another that
// their authority has not fetched. since is the end of their day in the zone.
func (s *Store) StuckUnfetched(ctx context.Context, from, before calendar.Date, zone string) (stuck.Found, error) {
	return stuck.Query(ctx, s.pool, stuckSealed+`
  AND NOT EXISTS (SELECT FROM delivery d WHERE d.report_id = r.report_id) AND NOT EXISTS (SELECT FROM acknowledgement a WHERE a.report_id = r.report_id)
LIMIT $4`, from, before, zone, stuck.Most)
}

// StuckUnacknowledged finds those that it has fetched and not acknowledged.
func (s *Store) StuckUnacknowledged(ctx context.Context, from, before calendar.Date, zone string) (stuck.Found, error) {
	return stuck.Query(ctx, s.pool, stuckSealed+`
  AND EXISTS (SELECT FROM delivery d WHERE d.report_id = r.report_id) AND NOT EXISTS (SELECT FROM acknowledgement a WHERE a.report_id = r.report_id)
LIMIT $4`, from, before, zone, stuck.Most)
}

// stuckSealed is served by the index of the newest reports.
const stuckSealed = `
SELECT r.report_id::text, (r.report_date + 1)::timestamp AT TIME ZONE $3 FROM report r
WHERE r.report_date >= $1 AND r.report_date < $2 AND r.sealed_at IS NOT NULL`
