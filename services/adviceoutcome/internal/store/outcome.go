package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/trail"
)

// Entry is one row of the ledger: an outcome, or a notification of changed
// circumstances (InformationType ChangeOfCircumstances).
type Entry struct {
	// SubmissionID is the notification's id for a notification.
	SubmissionID    clock.ID
	AuthorityID     string
	Reference       string
	InformationType term.InformationType
	CRN             string
	// Outcome is 0 for a notification, and only then.
	Outcome   term.Outcome
	LodgedAt  time.Time
	DecidedAt time.Time
	StartDate *calendar.Date
	EndDate   *calendar.Date
	ByOfficer bool
	Note      string
	// RecordedAt is the business time of the transaction, to the microsecond.
	RecordedAt time.Time
	// ReportDate it was given; see report.Authority.DateFor.
	ReportDate calendar.Date
}

// Record adds entries to the ledger and returns those that were not there
// before, by id; each has its entry in the audit log. Their ids must differ from
// each other. The caller must hold (Store.Hold) the authorities and have taken the
// report dates from the standings it got. tx stays usable whatever happened before
// in it.
func (s *Store) Record(ctx context.Context, tx pgx.Tx, entries []Entry) ([]Entry, error) {
	// Sorted, so that two writers of the same submissions wait and do not deadlock.
	slices.SortFunc(entries, func(a, b Entry) int { return bytes.Compare(a.SubmissionID[:], b.SubmissionID[:]) })
	// Nearly always everything is new, so nothing is asked first. A repetition
	// costs the savepoint, a look at what is there, and the statement again.
	for len(entries) > 0 {
		batch := &pgx.Batch{}
		batch.Queue("SAVEPOINT record")
		queueEntries(batch, entries)
		err := s.audit.Send(ctx, tx, batch, "RELEASE SAVEPOINT record", told(entries)...)
		if err == nil {
			return entries, nil
		}
		if !postgres.IsUnique(err, "outcome_pkey") {
			return nil, fmt.Errorf("record outcomes: %w", err)
		}
		if _, err := tx.Exec(ctx, "ROLLBACK TO SAVEPOINT record"); err != nil {
			return nil, fmt.Errorf("record outcomes: %w", err)
		}
		// The statement that collided waited for the other writer to commit, so
		// this finds at least one row and the loop ends.
		if entries, err = unknown(ctx, tx, entries); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// told is what the audit log is told of entries.
func told(entries []Entry) []audit.Entry {
	lines := make([]trail.Line, len(entries))
	for i := range entries {
		lines[i] = trail.Line{ID: entries[i].SubmissionID, Outcome: entries[i].Outcome, ReportDate: entries[i].ReportDate}
	}
	return trail.Recorded(lines)
}

func queueEntries(batch *pgx.Batch, entries []Entry) {
	n := len(entries)
	var (
		ids                                = make([]clock.ID, n)
		recorded, lodged, decided          = make([]time.Time, n), make([]time.Time, n), make([]time.Time, n)
		dates                              = make([]calendar.Date, n)
		starts, ends                       = make([]*calendar.Date, n), make([]*calendar.Date, n)
		types, results                     = make([]int16, n), make([]int16, n)
		officer                            = make([]bool, n)
		authorities, references, crns, nts = make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	)
	for i := range entries {
		o := &entries[i]
		ids[i], recorded[i], lodged[i], decided[i] = o.SubmissionID, o.RecordedAt, o.LodgedAt, o.DecidedAt
		dates[i], starts[i], ends[i] = o.ReportDate, o.StartDate, o.EndDate
		types[i], results[i], officer[i] = int16(o.InformationType), int16(o.Outcome), o.ByOfficer
		authorities[i], references[i], crns[i], nts[i] = o.AuthorityID, o.Reference, o.CRN, o.Note
	}
	batch.Queue(`INSERT INTO outcome (submission_id, recorded_at, lodged_at, decided_at, report_date, start_date, end_date,
			information_type, outcome, by_officer, authority_id, reference, crn, note)
		SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::date[], $6::date[], $7::date[],
			$8::smallint[], $9::smallint[], $10::boolean[], $11::text[], $12::text[], $13::text[], $14::text[])`,
		ids, recorded, lodged, decided, dates, starts, ends, types, results, officer, authorities, references, crns, nts)
}

func unknown(ctx context.Context, tx pgx.Tx, entries []Entry) ([]Entry, error) {
	ids := make([]clock.ID, len(entries))
	for i := range entries {
		ids[i] = entries[i].SubmissionID
	}
	rows, _ := tx.Query(ctx, "SELECT submission_id FROM outcome WHERE submission_id = ANY ($1)", ids)
	found, err := pgx.CollectRows(rows, pgx.RowTo[clock.ID])
	if err != nil {
		return nil, fmt.Errorf("look for recorded outcomes: %w", err)
	}
	known := make(map[clock.ID]bool, len(found))
	for _, id := range found {
		known[id] = true
	}
	var fresh []Entry
	for _, o := range entries {
		if !known[o.SubmissionID] {
			fresh = append(fresh, o)
		}
	}
	return fresh, nil
}

// Position is where a page of outcomes ended.
type Position struct {
	ReportDate   calendar.Date
	RecordedAt   time.Time
	SubmissionID clock.ID
}

// Listed is an outcome with the date of the report that holds it, nil while
// none is closed that does.
type Listed struct {
	Entry
	ReportedOn *calendar.Date
}

// EntryFilter says which outcomes to list.
type EntryFilter struct {
	AuthorityID string
	// After and Through bound the report dates given to outcomes: After < date ≤ Through; nil is no bound.
	After, Through *calendar.Date
	// From is where the page before ended; nil for the first page.
	From  *Position
	Limit int
}

// Entries lists outcomes in the order of report lines: report date, time
// recorded, submission id.
func (r Reader) Entries(ctx context.Context, f EntryFilter) ([]Listed, error) {
	sql := `SELECT o.submission_id, o.authority_id, o.reference, o.information_type, o.crn, o.outcome, o.lodged_at, o.decided_at,
			o.start_date, o.end_date, o.by_officer, o.note, o.recorded_at, o.report_date,
			(SELECT r.report_date FROM report r WHERE r.authority_id = o.authority_id AND r.report_date >= o.report_date
				ORDER BY r.report_date LIMIT 1)
		FROM outcome o WHERE o.authority_id = $1`
	args := []any{f.AuthorityID}
	arg := func(v any) string {
		args = append(args, v)
		return "$" + strconv.Itoa(len(args))
	}
	if f.After != nil {
		sql += " AND o.report_date > " + arg(*f.After)
	}
	if f.Through != nil {
		sql += " AND o.report_date <= " + arg(*f.Through)
	}
	if f.From != nil {
		sql += " AND (o.report_date, o.recorded_at, o.submission_id) > (" +
			arg(f.From.ReportDate) + ", " + arg(f.From.RecordedAt) + ", " + arg(f.From.SubmissionID) + ")"
	}
	sql += " ORDER BY o.report_date, o.recorded_at, o.submission_id LIMIT " + arg(f.Limit)
	return collect(ctx, r, func(row pgx.CollectableRow) (Listed, error) {
		var l Listed
		var informationType, outcome int16
		err := row.Scan(&l.SubmissionID, &l.AuthorityID, &l.Reference, &informationType, &l.CRN, &outcome, &l.LodgedAt, &l.DecidedAt,
			&l.StartDate, &l.EndDate, &l.ByOfficer, &l.Note, &l.RecordedAt, &l.ReportDate, &l.ReportedOn)
		l.InformationType, l.Outcome = term.InformationType(informationType), term.Outcome(outcome)
		return l, err
	}, sql, args...)
}
