package store

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// Question is what deciding a batch needs to know.
type Question struct {
	// Lock are the customers whose notices may change: their anchors are locked.
	Lock []string
	// Look are further customers whose notices are only read.
	Look []string
	// Lanes are the CRNs whose last decided lane is not known.
	Lanes []string
	// Lodged are the submissions to be decided, for withdrawals that came before.
	Lodged []Ref
	// Withdrawals are those to be taken back; the ones found are locked.
	Withdrawals []Ref
	// Known are the ids that may have been decided already.
	Known []clock.ID
	// Consumer is whose parked events are looked for.
	Consumer string
}

// Answer answers a Question.
type Answer struct {
	// Notices of every customer asked for who has some.
	Notices map[string][]register.Notice
	// Lanes holds the last decided lane of each CRN; absent means none.
	Lanes map[string]int64
	// Withdrawn holds the open withdrawals of the lodged.
	Withdrawn map[Ref]Withdrawal
	// ToWithdraw are the submissions the withdrawals name, as far as they are known.
	ToWithdraw []Submission
	// Known holds those of the ids that are decided.
	Known map[clock.ID]bool
	// Waiting is true when events wait for their turn.
	Waiting bool
}

// Ask reads all of it in one round trip.
func Ask(ctx context.Context, tx pgx.Tx, q *Question) (*Answer, error) {
	a := &Answer{}
	b := byIndex()
	if len(q.Lock) > 0 {
		queueAnchors(b, q.Lock)
	}
	if crns := slices.Concat(q.Lock, q.Look); len(crns) > 0 {
		b.Queue(readNotices, crns).Query(func(rows pgx.Rows) error {
			notices, err := pgx.CollectRows(rows, scanNotice)
			a.Notices = byCRN(notices)
			return err
		})
	}
	if len(q.Lanes) > 0 {
		b.Queue(`SELECT crn, lane FROM unnest($1::text[]) AS u (crn) CROSS JOIN LATERAL (
			SELECT lane FROM submission WHERE crn = u.crn AND lane IS NOT NULL ORDER BY lane DESC LIMIT 1) s`, q.Lanes).
			Query(func(rows pgx.Rows) error {
				a.Lanes = make(map[string]int64, len(q.Lanes))
				var crn string
				var lane int64
				_, err := pgx.ForEachRow(rows, []any{&crn, &lane}, func() error { a.Lanes[crn] = lane; return nil })
				return err
			})
	}
	a.queueWithdrawn(b, q.Lodged)
	a.queueToWithdraw(b, q.Withdrawals)
	if len(q.Known) > 0 {
		b.Queue("SELECT id FROM submission WHERE id = ANY($1)", raw(q.Known)).Query(func(rows pgx.Rows) error {
			a.Known = make(map[clock.ID]bool, len(q.Known))
			var id [16]byte
			_, err := pgx.ForEachRow(rows, []any{&id}, func() error { a.Known[id] = true; return nil })
			return err
		})
	}
	b.Queue("SELECT EXISTS (SELECT FROM parked WHERE consumer = $1 AND state = 'waiting')", q.Consumer).
		QueryRow(func(row pgx.Row) error { return row.Scan(&a.Waiting) })
	return a, tx.SendBatch(ctx, b).Close()
}

func columns(refs []Ref) (authorities, references []string) {
	authorities, references = make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		authorities[i], references[i] = r.AuthorityID, r.Reference
	}
	return authorities, references
}

func (a *Answer) queueWithdrawn(b *pgx.Batch, refs []Ref) {
	if len(refs) == 0 {
		return
	}
	authorities, references := columns(refs)
	b.Queue(`SELECT w.authority_id, w.reference, w.requested_at, w.note FROM withdrawal w
		JOIN unnest($1::text[], $2::text[]) AS u (authority_id, reference) USING (authority_id, reference) WHERE NOT w.settled`,
		authorities, references).Query(func(rows pgx.Rows) error {
		a.Withdrawn = make(map[Ref]Withdrawal)
		var w Withdrawal
		_, err := pgx.ForEachRow(rows, []any{&w.AuthorityID, &w.Reference, &w.At, &w.Note}, func() error { a.Withdrawn[w.Ref] = w; return nil })
		return err
	})
}

func (a *Answer) queueToWithdraw(b *pgx.Batch, refs []Ref) {
	if len(refs) == 0 {
		return
	}
	authorities, references := columns(refs)
	b.Queue("SELECT "+submissionColumns+` FROM submission s WHERE (s.authority_id, s.reference) IN (SELECT * FROM unnest($1::text[], $2::text[]))
		ORDER BY s.id FOR UPDATE`, authorities, references).Query(func(rows pgx.Rows) (err error) {
		a.ToWithdraw, err = pgx.CollectRows(rows, scanSubmission)
		return err
	})
}

// Withdrawal is an authority's request to take a submission back.
type Withdrawal struct {
	Ref
	// At is when it was asked for (business time).
	At time.Time
	// Note is the authority's.
	Note string
	// Settled: nothing is left to be done.
	Settled bool
}

// OpenWithdrawals returns up to so many withdrawals not settled whose
// submission is known by now. Nothing is locked: lock the submissions, then
// look what became of them.
func OpenWithdrawals(ctx context.Context, tx pgx.Tx, limit int) ([]Withdrawal, error) {
	rows, _ := tx.Query(ctx, `SELECT w.authority_id, w.reference, w.requested_at, w.note FROM withdrawal w
		WHERE NOT w.settled AND EXISTS (SELECT FROM submission s WHERE s.authority_id = w.authority_id AND s.reference = w.reference)
		ORDER BY w.authority_id, w.reference LIMIT $1`, limit)
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (w Withdrawal, err error) {
		err = row.Scan(&w.AuthorityID, &w.Reference, &w.At, &w.Note)
		return w, err
	})
}

// LockByRef returns and locks the submissions the references name, as far as
// they are known.
func LockByRef(ctx context.Context, tx pgx.Tx, refs []Ref) ([]Submission, error) {
	a, b := &Answer{}, byIndex()
	a.queueToWithdraw(b, refs)
	err := tx.SendBatch(ctx, b).Close()
	return a.ToWithdraw, err
}
