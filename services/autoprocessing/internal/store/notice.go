package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// byIndex begins a batch of look-ups by many keys. A plan made while a table was
// small would scan it for ever: sessions keep their plans until the next ANALYZE,
// and comparing every row with 500 keys took 30 ms at 6,000 rows already.
func byIndex() *pgx.Batch {
	b := &pgx.Batch{}
	b.Queue("SET LOCAL enable_seqscan = off")
	return b
}

// queueAnchors makes the anchors that are missing and locks all of them, in the
// order of the CRNs. Anchors are made before any existing one is locked, so
// that whoever waits for a new one holds no lock another could wait for. Rows
// made by this very transaction are locked already.
func queueAnchors(b *pgx.Batch, crns []string) {
	b.Queue("INSERT INTO customer_anchor (crn) SELECT crn FROM unnest($1::text[]) AS u (crn) ORDER BY crn ON CONFLICT DO NOTHING", crns)
	b.Queue("SELECT FROM customer_anchor WHERE crn = ANY($1) AND xmin <> pg_current_xact_id()::xid ORDER BY crn FOR UPDATE", crns)
}

const readNotices = `SELECT id, crn, authority_id, measure, state, start_date - DATE '1970-01-01', end_date - DATE '1970-01-01',
	quarantined_percent, continues_notice_id, submission_id, revoked_at, cut_at, cut_from - DATE '1970-01-01', cut_revoked, recorded_at, version
	FROM notice WHERE crn = ANY($1) ORDER BY crn, start_date, recorded_at`

func scanNotice(row pgx.CollectableRow) (register.Notice, error) {
	var n register.Notice
	var continues *[16]byte
	var cutAt *time.Time
	var cutFrom *int32
	var cutRevoked bool
	err := row.Scan((*[16]byte)(&n.ID), &n.CRN, &n.AuthorityID, (*int16)(&n.Measure), (*int16)(&n.State), (*int32)(&n.Start), (*int32)(&n.End),
		&n.Percent, &continues, (*[16]byte)(&n.SubmissionID), &n.RevokedAt, &cutAt, &cutFrom, &cutRevoked, &n.RecordedAt, &n.Version)
	if continues != nil {
		n.Continuation, n.ContinuesID = true, *continues
	}
	if cutAt != nil && cutFrom != nil {
		n.Cut = &register.Cut{At: *cutAt, From: calendar.Date(*cutFrom), Revoked: cutRevoked}
	}
	return n, err
}

func byCRN(notices []register.Notice) map[string][]register.Notice {
	out := make(map[string][]register.Notice)
	for _, n := range notices {
		out[n.CRN] = append(out[n.CRN], n)
	}
	return out
}

// LockNotices locks the customers' anchors until the transaction ends and
// returns their notices. Take this lock before that of a submission.
func LockNotices(ctx context.Context, tx pgx.Tx, crns ...string) (map[string][]register.Notice, error) {
	if len(crns) == 0 {
		return nil, nil
	}
	b := byIndex()
	queueAnchors(b, crns)
	var notices []register.Notice
	b.Queue(readNotices, crns).Query(func(rows pgx.Rows) (err error) {
		notices, err = pgx.CollectRows(rows, scanNotice)
		return err
	})
	err := tx.SendBatch(ctx, b).Close()
	return byCRN(notices), err
}

// Notices returns a customer's notices as they are recorded now, by start date.
func Notices(ctx context.Context, q Querier, crn string) ([]register.Notice, error) {
	rows, _ := q.Query(ctx, readNotices, []string{crn})
	return pgx.CollectRows(rows, scanNotice)
}

// NoticesAsAt returns a customer's notices as they had become by an instant
// (exclusive), those recorded later left out. Changes by date that the hub
// wrote down late count from the day they took effect.
func NoticesAsAt(ctx context.Context, q Querier, crn string, before time.Time) ([]register.Notice, error) {
	rows, _ := q.Query(ctx, `SELECT n.id, n.crn, n.authority_id, n.measure, h.state, h.start_date - DATE '1970-01-01', h.end_date - DATE '1970-01-01',
		n.quarantined_percent, n.continues_notice_id, n.submission_id, h.revoked_at, NULL::timestamptz, NULL::int, false, n.recorded_at, h.version
		FROM notice n CROSS JOIN LATERAL (
			SELECT * FROM notice_history WHERE notice_id = n.id AND effective_at < $2 ORDER BY version DESC LIMIT 1) h
		WHERE n.crn = $1 AND n.recorded_at < $2 ORDER BY h.start_date, n.recorded_at`, crn, before)
	return pgx.CollectRows(rows, scanNotice)
}

// Due returns up to so many customers one of whose notices changes on or before a day.
func Due(ctx context.Context, tx pgx.Tx, day calendar.Date, limit int) ([]string, error) {
	// Locked one by one in the order of the CRNs; customers another replica is
	// busy with are left to it.
	rows, _ := tx.Query(ctx, `SELECT crn FROM customer_anchor a WHERE crn IN (
			SELECT crn FROM notice WHERE due <= DATE '1970-01-01' + $1::int ORDER BY due LIMIT $2)
		ORDER BY crn FOR UPDATE SKIP LOCKED`, int32(day), limit)
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// Step is one change of a notice with its circumstances.
type Step struct {
	register.Change
	// EffectiveAt is when it took effect: the start of the day for changes by date.
	EffectiveAt time.Time
	// Actor is "system" or who acted.
	Actor string
}

// queueSteps writes the notices as they are after the steps, and every step
// into the history. What leaves the way goes first: the constraints look at
// every row as it is written. A notice that is not in the version the step
// starts from gives an error.
func queueSteps(b *pgx.Batch, steps []Step) {
	if len(steps) == 0 {
		return
	}
	var h history
	final := make(map[clock.ID]int, len(steps))
	type end struct {
		notice register.Notice
		base   int // 0 for a new notice
	}
	ends := make([]end, 0, len(steps))
	for i := range steps {
		s := &steps[i]
		h.add(s)
		at, known := final[s.Notice.ID]
		if !known {
			at = len(ends)
			final[s.Notice.ID] = at
			ends = append(ends, end{base: s.Notice.Version - 1})
		}
		ends[at].notice = s.Notice
	}
	var gone, come noticeUpdate
	var entered noticeInsert
	for _, e := range ends {
		switch {
		case e.base == 0:
			entered.add(&e.notice)
		case e.notice.State == term.NoticeActive:
			come.add(&e.notice, e.base)
		default:
			gone.add(&e.notice, e.base)
		}
	}
	gone.queue(b)
	come.queue(b)
	entered.queue(b)
	h.queue(b)
}
