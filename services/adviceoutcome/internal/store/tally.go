package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// Open is a submission that was announced as unprocessed.
type Open struct {
	SubmissionID clock.ID
	AuthorityID  string
	// Since is the local day it was left to an officer.
	Since calendar.Date
	// HubCreated is true when the hub lodged it.
	HubCreated bool
}

// Announce keeps what was announced as unprocessed. Repetitions, and
// announcements that come after the outcome, change no count: open is what has
// no outcome in the ledger.
func (*Store) Announce(ctx context.Context, tx pgx.Tx, open []Open) error {
	if len(open) == 0 {
		return nil
	}
	// Sorted, so that two writers of the same submissions wait and do not deadlock.
	slices.SortFunc(open, func(a, b Open) int { return bytes.Compare(a.SubmissionID[:], b.SubmissionID[:]) })
	n := len(open)
	ids, authorities, since, hub := make([]clock.ID, n), make([]string, n), make([]calendar.Date, n), make([]bool, n)
	for i, o := range open {
		ids[i], authorities[i], since[i], hub[i] = o.SubmissionID, o.AuthorityID, o.Since, o.HubCreated
	}
	_, err := tx.Exec(ctx, `INSERT INTO unprocessed (submission_id, authority_id, since, hub_created)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::date[], $4::boolean[]) ON CONFLICT DO NOTHING`,
		ids, authorities, since, hub)
	if err != nil {
		return fmt.Errorf("announce unprocessed: %w", err)
	}
	return nil
}

// Lodged is how many submissions an authority lodged on a local day.
type Lodged struct {
	AuthorityID string
	Day         calendar.Date
	Submissions int64
}

// CountLodged adds to the days' counts. It has no key of its own: the inbox of
// the same transaction must keep a message from being counted twice.
func (*Store) CountLodged(ctx context.Context, tx pgx.Tx, counts []Lodged) error {
	// Sorted, so that two writers lock rows in the same order.
	slices.SortFunc(counts, func(a, b Lodged) int {
		if c := strings.Compare(a.AuthorityID, b.AuthorityID); c != 0 {
			return c
		}
		return int(a.Day - b.Day)
	})
	batch := &pgx.Batch{}
	for _, c := range counts {
		batch.Queue(`INSERT INTO lodged AS l (authority_id, day, submissions) VALUES ($1, $2, $3)
			ON CONFLICT (authority_id, day) DO UPDATE SET submissions = l.submissions + excluded.submissions`,
			c.AuthorityID, c.Day, c.Submissions)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("count lodged: %w", err)
	}
	return nil
}

// Tidy drops announcements whose outcome stands in a closed report of the
// authority: no later count depends on them.
func (s *Store) Tidy(ctx context.Context, authority string) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM unprocessed u USING outcome o
		WHERE u.authority_id = $1 AND o.submission_id = u.submission_id
		  AND o.report_date <= (SELECT max(report_date) FROM report WHERE authority_id = $1)`, authority)
	return postgres.Classify(err)
}
