package store

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// Period says which reports are wanted.
type Period struct {
	// From and To are the first and last report date.
	From, To calendar.Date
	// AuthorityID restricts to one authority; "" is all.
	AuthorityID string
}

func (p Period) where() (string, []any) {
	if p.AuthorityID == "" {
		return " AND r.report_date BETWEEN $1 AND $2", []any{p.From, p.To}
	}
	return " AND r.report_date BETWEEN $1 AND $2 AND r.authority_id = $3", []any{p.From, p.To, p.AuthorityID}
}

// Sealed lists the sealed reports of a period, newest date first, authorities of
// one date by id: at most limit, or all that nobody acknowledged.
func (r Reader) Sealed(ctx context.Context, p Period, unacknowledged bool, limit int) ([]report.Report, error) {
	where, args := p.where()
	end := ""
	if unacknowledged {
		where += " AND k.report_id IS NULL"
	} else {
		args = append(args, limit)
		end = " LIMIT $" + strconv.Itoa(len(args))
	}
	return collect(ctx, r, scanReport, sealedReports+where+" ORDER BY r.report_date DESC, r.authority_id"+end, args...)
}

// Closed lists the reports of a period that are closed and not sealed.
func (r Reader) Closed(ctx context.Context, p Period) ([]report.Head, error) {
	where, args := p.where()
	return collect(ctx, r, scanHead, "SELECT "+headColumns+" FROM report r WHERE r.sealed_at IS NULL"+where, args...)
}

// Span is the report dates given to outcomes that one report of an authority
// carries: After < date ≤ Through; nil is no bound.
type Span struct {
	AuthorityID string
	After       *calendar.Date
	Through     calendar.Date
}

// CountLines counts the ledger's lines of each span, all in one statement that
// reads nothing but the index.
func (r Reader) CountLines(ctx context.Context, spans []Span) ([]int64, error) {
	if len(spans) == 0 {
		return nil, nil
	}
	authorities, after, through := make([]string, len(spans)), make([]calendar.Date, len(spans)), make([]calendar.Date, len(spans))
	for i, s := range spans {
		authorities[i], after[i], through[i] = s.AuthorityID, calendar.DateOf(1900, 1, 1), s.Through
		if s.After != nil {
			after[i] = *s.After
		}
	}
	return collect(ctx, r, pgx.RowTo[int64], `SELECT (SELECT count(*) FROM outcome o
			WHERE o.authority_id = s.authority AND o.report_date > s.after AND o.report_date <= s.through)
		FROM unnest($1::text[], $2::date[], $3::date[]) WITH ORDINALITY s (authority, after, through, n) ORDER BY s.n`, authorities, after, through)
}

// Changes is how often reports were sealed, offered again, delivered or
// acknowledged so far.
func (r Reader) Changes(ctx context.Context) (int64, error) {
	n, _, err := first(ctx, r, pgx.RowTo[int64], "SELECT coalesce(sum(changes), 0)::bigint FROM report_changes")
	return n, err
}
