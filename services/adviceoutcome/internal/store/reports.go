package store

import (
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/trail"
)

const headColumns = `r.report_id, r.authority_id, r.sequence, r.report_date, r.previous_date, r.covers_from, r.covers_to,
	r.layout, r.closed_at, r.lodged, r.unprocessed, r.unprocessed_own`

func headTargets(h *report.Head) []any {
	return []any{
		&h.ReportID, &h.AuthorityID, &h.Sequence, &h.Date, &h.Previous, &h.CoversFrom, &h.CoversTo,
		&h.Layout, &h.ClosedAt, &h.Counts.Lodged, &h.Counts.Unprocessed, &h.Counts.UnprocessedOwn,
	}
}

func scanHead(row pgx.CollectableRow) (report.Head, error) {
	var h report.Head
	return h, row.Scan(headTargets(&h)...)
}

const sealedReports = "SELECT " + headColumns + `, r.lines, r.own_lines, r.pending, r.csv_digest, r.csv_size, r.json_digest, r.json_size,
		r.previous_digest, r.signature, r.key_id, r.sealed_at, coalesce(o.offer, 0), o.offered_at, d.delivered_at, k.acknowledged_at
	FROM report r
	LEFT JOIN LATERAL (SELECT x.offer, x.offered_at FROM redelivery x WHERE x.report_id = r.report_id ORDER BY x.offer DESC LIMIT 1) o ON true
	LEFT JOIN delivery d ON d.report_id = r.report_id AND d.offer = coalesce(o.offer, 0)
	LEFT JOIN acknowledgement k ON k.report_id = r.report_id AND k.offer = coalesce(o.offer, 0)
	WHERE r.sealed_at IS NOT NULL`

func scanReport(row pgx.CollectableRow) (report.Report, error) {
	var r report.Report
	return r, row.Scan(append(headTargets(&r.Head), &r.Lines, &r.OwnLines, &r.Pending, &r.CSV.Sum, &r.CSV.Size, &r.JSON.Sum, &r.JSON.Size,
		&r.PreviousDigest, &r.Signature, &r.KeyID, &r.SealedAt, &r.Offer, &r.Offered, &r.Delivered, &r.Acknowledged)...)
}

// Report returns the authority's sealed report of a date; false when there is none.
func (r Reader) Report(ctx context.Context, authority string, date calendar.Date) (report.Report, bool, error) {
	return first(ctx, r, scanReport, sealedReports+" AND r.authority_id = $1 AND r.report_date = $2", authority, date)
}

// Previous returns the date of the report before the authority's report of date,
// nil if that is its first; false when there is no report of date.
func (r Reader) Previous(ctx context.Context, authority string, date calendar.Date) (previous *calendar.Date, found bool, err error) {
	return first(ctx, r, pgx.RowTo[*calendar.Date], "SELECT previous_date FROM report WHERE authority_id = $1 AND report_date = $2", authority, date)
}

// ReportFilter says which reports to list.
type ReportFilter struct {
	// AuthorityID restricts to one authority; "" is all.
	AuthorityID string
	// Through is the last report date that may be seen.
	Through calendar.Date
	// Unacknowledged leaves out acknowledged reports.
	Unacknowledged bool
	// BeforeDate and AfterAuthority are where the page before ended; nil and "" for the first page.
	BeforeDate     *calendar.Date
	AfterAuthority string
	Limit          int
}

// Reports lists sealed reports, newest date first, authorities of one date by id.
func (r Reader) Reports(ctx context.Context, f ReportFilter) ([]report.Report, error) {
	sql, args := sealedReports, []any{}
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	sql += " AND r.report_date <= " + arg(f.Through)
	if f.AuthorityID != "" {
		sql += " AND r.authority_id = " + arg(f.AuthorityID)
	}
	if f.Unacknowledged {
		sql += " AND k.report_id IS NULL"
	}
	if f.BeforeDate != nil {
		before := arg(*f.BeforeDate)
		sql += " AND r.report_date <= " + before + " AND (r.report_date < " + before + " OR r.authority_id > " + arg(f.AfterAuthority) + ")"
	}
	sql += " ORDER BY r.report_date DESC, r.authority_id LIMIT " + arg(f.Limit)
	return collect(ctx, r, scanReport, sql, args...)
}

// SealedAfter returns the next sealed report of any authority in the order of
// ids, for checks that walk through all of them; false at the end.
func (s *Store) SealedAfter(ctx context.Context, id clock.ID) (report.Report, bool, error) {
	return first(ctx, s.Reader, scanReport, sealedReports+" AND r.report_id > $1 ORDER BY r.report_id LIMIT 1", id)
}

// Chunk returns one piece of a form; nil when there is none of that number.
func (r Reader) Chunk(ctx context.Context, id clock.ID, form report.Form, number int32) ([]byte, error) {
	content, _, err := first(ctx, r, pgx.RowTo[[]byte],
		"SELECT content FROM report_chunk WHERE report_id = $1 AND form = $2 AND number = $3", id, int16(form), number)
	return content, err
}

// Deliver records the authority's first fetch of a report as it is offered and
// reports whether this is it; told is added to the outbox then.
func (s *Store) Deliver(ctx context.Context, r report.Report, form report.Form, actor string, now time.Time, told []outbox.Row) (first bool, err error) {
	err = postgres.InScope(ctx, s.door, r.AuthorityID, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO delivery (report_id, authority_id, delivered_at, actor, form, offer) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, r.ReportID, r.AuthorityID, now, actor, int16(form), r.Offer)
		first = err == nil && tag.RowsAffected() == 1
		if err != nil || !first {
			return err
		}
		if err := outbox.Insert(ctx, tx, told...); err != nil {
			return err
		}
		return s.Audit(ctx, tx, trail.Delivered(r, form))
	})
	return first && err == nil, err
}

// Acknowledge records the authority's first acknowledgement of a report as it is
// offered; later ones change nothing.
func (s *Store) Acknowledge(ctx context.Context, r report.Report, digest []byte, actor string, now time.Time) error {
	return postgres.InScope(ctx, s.door, r.AuthorityID, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `INSERT INTO acknowledgement (report_id, authority_id, acknowledged_at, actor, digest, offer) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT DO NOTHING`, r.ReportID, r.AuthorityID, now, actor, digest, r.Offer)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return s.Audit(ctx, tx, trail.Acknowledged(r, digest))
	})
}
