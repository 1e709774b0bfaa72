package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// settle is how long the hub has to get everything through once faults stop
// (invariant I3), with what the reconciler needs to notice a loss.
const settle = 100 * time.Second

// law is a query that counts violations: it must return 0.
type law struct{ name, query string }

// flow must hold once the hub had time to settle.
var flow = []law{
	{"submissions without a decision", `SELECT count(*) FROM intake.submission u WHERE NOT EXISTS (SELECT FROM autoprocessing.submission s WHERE s.id = u.id)`},
	{"decided submissions intake does not know", `SELECT count(*) FROM autoprocessing.submission s WHERE NOT EXISTS (SELECT FROM intake.submission u WHERE u.id = s.id)`},
	{"statuses that differ between intake and autoprocessing", `SELECT count(*) FROM autoprocessing.submission s
		WHERE s.status <> coalesce((SELECT t.status FROM intake.status t WHERE t.submission_id = s.id ORDER BY version DESC LIMIT 1), 1)`},
	{"terminal submissions without an advice outcome", `SELECT count(*) FROM autoprocessing.submission s WHERE s.status > 3 AND NOT EXISTS (SELECT FROM adviceoutcome.outcome o WHERE o.submission_id = s.id AND o.outcome = s.outcome)`},
	{"advice outcomes of submissions that are not terminal", `SELECT count(*) FROM adviceoutcome.outcome o WHERE NOT EXISTS (SELECT FROM autoprocessing.submission s WHERE s.id = o.submission_id AND s.status > 3)`},
	{"unprocessed submissions without an open queue entry", `SELECT count(*) FROM autoprocessing.submission s WHERE s.status = 3 AND NOT EXISTS (SELECT FROM autoprocessing.queue_entry q WHERE q.submission_id = s.id AND q.closed_at IS NULL)`},
	{"open queue entries of submissions that are not unprocessed", `SELECT count(*) FROM autoprocessing.queue_entry q WHERE q.closed_at IS NULL AND NOT EXISTS (SELECT FROM autoprocessing.submission s WHERE s.id = q.submission_id AND s.status = 3)`},
	{"lodged submissions counted wrongly for the report", `SELECT abs((SELECT coalesce(sum(submissions), 0) FROM adviceoutcome.lodged) - (SELECT count(*) FROM intake.submission WHERE parent_id IS NULL))::bigint`},
	{"rows left in outboxes", `SELECT (SELECT count(*) FROM intake.outbox) + (SELECT count(*) FROM autoprocessing.outbox) + (SELECT count(*) FROM adviceoutcome.outbox) + (SELECT count(*) FROM registry.outbox)`},
	{"events left aside", `SELECT (SELECT count(*) FROM intake.parked) + (SELECT count(*) FROM autoprocessing.parked) + (SELECT count(*) FROM adviceoutcome.parked) + (SELECT count(*) FROM registry.parked)`},
	{"officers' outcomes without a document", `SELECT count(*) FROM autoprocessing.submission s JOIN autoprocessing.transition t ON t.submission_id = s.id
		WHERE t.to_status = 4 AND s.crn IS NOT NULL AND NOT EXISTS (SELECT FROM registry.document d WHERE d.submission_id = s.id)`},
}

// always must hold at any time.
var always = []law{
	{"lanes with a gap in intake", `SELECT count(*) FROM (SELECT crn FROM intake.submission WHERE lane IS NOT NULL GROUP BY crn HAVING max(lane) <> count(*)) x`},
	{"lanes with a gap in autoprocessing", `SELECT count(*) FROM (SELECT crn FROM autoprocessing.submission WHERE lane IS NOT NULL GROUP BY crn HAVING max(lane) <> count(*)) x`},
	{"submissions decided before their predecessor", `SELECT count(*) FROM (
		SELECT d.decided_at, lag(d.decided_at) OVER (PARTITION BY s.crn ORDER BY s.lane) AS before
		FROM autoprocessing.submission s JOIN autoprocessing.decision d ON d.submission_id = s.id AND d.number = 1 WHERE s.lane IS NOT NULL) x WHERE decided_at < before - interval '5 milliseconds'`},
	{"customers with two active notices", `SELECT count(*) FROM (SELECT crn FROM autoprocessing.notice WHERE state = 2 GROUP BY crn HAVING count(*) > 1) x`},
	{"notices that overlap", `SELECT count(*) FROM autoprocessing.notice a JOIN autoprocessing.notice b ON a.crn = b.crn AND a.id < b.id AND a.state <> 4 AND b.state <> 4
		AND daterange(a.start_date, a.end_date, '[]') && daterange(b.start_date, b.end_date, '[]')`},
	{"notices brought twice by one submission", `SELECT count(*) FROM (SELECT submission_id FROM autoprocessing.notice GROUP BY submission_id HAVING count(*) > 1) x`},
	{"notice histories with a gap", `SELECT count(*) FROM autoprocessing.notice n WHERE n.version <> (SELECT count(*) FROM autoprocessing.notice_history h WHERE h.notice_id = n.id)`},
	{"commenced or extended submissions without their notice", `SELECT count(*) FROM autoprocessing.submission s WHERE s.outcome IN (6, 7) AND NOT EXISTS (SELECT FROM autoprocessing.notice n WHERE n.submission_id = s.id)`},
	{"transition logs with a gap", `SELECT count(*) FROM autoprocessing.submission s WHERE EXISTS (SELECT FROM autoprocessing.transition t WHERE t.submission_id = s.id)
		AND s.version <> (SELECT max(t.version) FROM autoprocessing.transition t WHERE t.submission_id = s.id)`},
}

// judge asks every oracle and returns what was violated.
func (w *world) judge(ctx context.Context, c *clients) []string {
	var violations []string
	if broken := c.broken.Load(); broken != nil {
		violations = append(violations, broken.(string))
	}
	for _, l := range flow {
		err := eventually(ctx, settle, func() error {
			n, err := w.count(ctx, l.query)
			if err == nil && n > 0 {
				err = fmt.Errorf("%d %s", n, l.name)
			}
			return err
		})
		if err != nil {
			violations = append(violations, err.Error())
		}
		if w.planted != "" && len(violations) > 0 {
			return violations // found; no need to wait for the others
		}
	}
	for _, l := range always {
		switch n, err := w.count(ctx, l.query); {
		case err != nil:
			violations = append(violations, err.Error())
		case n > 0:
			violations = append(violations, fmt.Sprintf("%d %s", n, l.name))
		}
	}
	violations = append(violations, w.compareJournal(ctx, c)...)
	violations = append(violations, w.compareOfficer(ctx, c)...)
	return append(violations, w.repeat(ctx, c)...)
}

// compareJournal holds every receipt against the database (I1, I6).
func (w *world) compareJournal(ctx context.Context, c *clients) []string {
	rows, err := w.pool.Query(ctx, `SELECT authority_id || '/' || reference, id::text, content_hash FROM intake.submission WHERE parent_id IS NULL`)
	if err != nil {
		return []string{err.Error()}
	}
	type kept struct {
		id   string
		hash []byte
	}
	all := map[string]kept{}
	var key string
	var k kept
	if _, err := pgx.ForEachRow(rows, []any{&key, &k.id, &k.hash}, func() error { all[key] = k; return nil }); err != nil {
		return []string{err.Error()}
	}
	var violations []string
	seen := map[string]bool{}
	for _, r := range c.journal.entries {
		key := r.Authority + "/" + r.Reference
		if seen[key] {
			violations = append(violations, key+" was receipted twice in the journal")
		}
		seen[key] = true
		if got, ok := all[key]; !ok {
			violations = append(violations, key+" was receipted and is lost")
		} else if got.id != r.Submission || hex.EncodeToString(got.hash) != r.Hash {
			violations = append(violations, key+" is not what was receipted")
		}
	}
	return violations
}

// compareOfficer holds every outcome the officer was told of against the database.
func (w *world) compareOfficer(ctx context.Context, c *clients) []string {
	var violations []string
	c.outcomes.Range(func(id, outcome any) bool {
		n, err := w.count(ctx, `SELECT count(*) FROM autoprocessing.transition WHERE submission_id = $1 AND to_status = 4`, id)
		if err != nil || n != 1 {
			violations = append(violations, fmt.Sprintf("%v was recorded as %v and has %d transitions (%v)", id, outcome, n, err))
		}
		return true
	})
	return violations
}

// repeat lodges again what was receipted: the receipt must be the same.
func (w *world) repeat(ctx context.Context, c *clients) []string {
	var violations []string
	r := w.random(7)
	for range min(60, len(c.journal.entries)) {
		e := c.journal.entries[r.IntN(len(c.journal.entries))]
		conn, err := w.dial("intake-1", identity.Caller{Kind: identity.Authority, ID: e.Authority})
		if err != nil {
			return append(violations, err.Error())
		}
		s, _ := c.lodged.Load(e.Authority + "/" + e.Reference)
		got, err := untilReceipted(ctx, intakev1.NewIntakeServiceClient(conn), s.(*intakev1.Submission))
		conn.Close()
		if err != nil || got.GetSubmissionId() != e.Submission || hex.EncodeToString(got.GetContentHash()) != e.Hash {
			violations = append(violations, fmt.Sprintf("repeating %s/%s gave another receipt: %v %v", e.Authority, e.Reference, got.GetSubmissionId(), err))
		}
	}
	return violations
}
