package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"strings"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// few examples are named of each kind of violation; the figures count all.
const few = 3

// tally counts violations of one kind and keeps a few examples.
type tally struct {
	count    int
	examples []string
}

func (t *tally) add(example string) {
	if t.count++; len(t.examples) < few {
		t.examples = append(t.examples, example)
	}
}

func (t *tally) tell(o *oracles, k kind, what string) {
	if t.count > 0 {
		o.found.broke(law{kind: k, name: what + ", such as " + strings.Join(t.examples, "; ")}, t.count)
	}
}

// compareJournal holds every receipt against the database (I1, I6).
func (o *oracles) compareJournal(ctx context.Context) {
	type kept struct{ id, hash string }
	all := map[string]kept{}
	var key, id string
	var hash []byte
	if o.rows(ctx, `SELECT authority_id || '/' || reference, id::text, content_hash FROM intake.submission WHERE parent_id IS NULL`, []any{&key, &id, &hash}, func() error {
		all[key] = kept{id, hex.EncodeToString(hash)}
		return nil
	}) != nil {
		return
	}
	var gone, changed, twice tally
	seen := map[string]bool{}
	for _, r := range o.clients.journal.entries {
		if seen[r.key()] {
			twice.add(r.key())
		}
		seen[r.key()] = true
		if got, ok := all[r.key()]; !ok {
			gone.add(r.key())
		} else if got != (kept{r.Submission, r.Hash}) {
			changed.add(r.key())
		}
	}
	gone.tell(o, lost, "submissions that were receipted and are not there")
	changed.tell(o, lost, "submissions that are not what was receipted")
	twice.tell(o, doubled, "submissions in the journal twice")
}

// compareOfficer holds what the officer was told against the database.
func (o *oracles) compareOfficer(ctx context.Context) {
	recorded := map[string]eventv1.Outcome{}
	var id string
	var outcome int32
	if o.rows(ctx, `SELECT t.submission_id::text, t.outcome::int FROM autoprocessing.transition t JOIN adviceoutcome.outcome o USING (submission_id)
		WHERE t.officer_id = 'olive' AND o.outcome = t.outcome AND (o.by_officer OR t.to_status = 5)`, []any{&id, &outcome}, func() error {
		recorded[id] = eventv1.Outcome(outcome)
		return nil
	}) != nil {
		return
	}
	var gone, denied tally
	o.clients.outcomes.Range(func(id, told any) bool {
		if recorded[id.(string)] != told.(eventv1.Outcome) {
			gone.add(fmt.Sprintf("%v as %v", id, told))
		}
		return true
	})
	o.clients.refused.Range(func(id, told any) bool {
		if _, done := recorded[id.(string)]; done {
			denied.add(fmt.Sprintf("%v as %v", id, told))
		}
		return true
	})
	gone.tell(o, lost, "officers' outcomes that were recorded and are not there")
	denied.tell(o, other, "officers' outcomes that were refused and are recorded")
}

// again is how many submissions are lodged again at the end.
const again = 80

// repeat lodges again what was receipted: the receipt must be the same to the byte.
func (o *oracles) repeat(ctx context.Context) {
	entries := o.clients.journal.entries
	if len(entries) == 0 {
		o.found.add(other, 1, "nothing was lodged at all")
		return
	}
	var differ tally
	lodgersOf := map[string]*lodger{}
	for n := range authorities {
		l, err := o.clients.lodger(n)
		if err != nil {
			o.found.add(other, 1, "dial: %v", err)
			return
		}
		lodgersOf[l.authority.id] = l
	}
	r := o.w.random(7)
	for range again {
		e := entries[r.IntN(len(entries))]
		s, _ := o.clients.lodged.Load(e.key())
		got, ok := lodgersOf[e.Authority].untilReceipted(ctx, s.(*intakev1.Submission))
		if ctx.Err() == nil && (!ok || receiptOf(got) != e) {
			differ.add(e.key())
		}
	}
	differ.tell(o, doubled, "repetitions that gave another receipt (I6)")
}

// compareSeals holds sealed reports against what they were before (I20).
func (o *oracles) compareSeals(ctx context.Context) error {
	rows, err := o.db.Query(ctx, `SELECT report_id::text, md5(r::text) FROM adviceoutcome.report r WHERE sealed_at IS NOT NULL`)
	if err != nil {
		return err
	}
	defer rows.Close()
	now := map[string]string{}
	for rows.Next() {
		var id, sum string
		if err := rows.Scan(&id, &sum); err != nil {
			return err
		}
		now[id] = sum
	}
	if rows.Err() != nil {
		return rows.Err()
	}
	var changed tally
	for id, sum := range o.sealed {
		if now[id] != sum {
			changed.add(id)
		}
	}
	changed.tell(o, other, "sealed reports that changed (I20)")
	o.sealed = now
	return nil
}

// compareReports reads every sealed report and counts lines against outcomes:
// one line for each, in a report of its own authority (I19). Notifications are
// lines too.
func (o *oracles) compareReports(ctx context.Context) {
	if err := o.compareSeals(ctx); err != nil {
		o.found.add(other, 1, "reports cannot be read: %v", err)
	}
	lines := map[string]int{} // authority, submission, outcome → lines
	var authority string
	var content []byte
	if o.rows(ctx, `SELECT r.authority_id, string_agg(c.content, ''::bytea ORDER BY c.number) FROM adviceoutcome.report r JOIN adviceoutcome.report_chunk c USING (report_id)
		WHERE c.form = 1 AND r.sealed_at IS NOT NULL GROUP BY r.report_id, r.authority_id`, []any{&authority, &content}, func() error {
		table, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
		if err != nil || len(table) == 0 {
			return fmt.Errorf("a report of %s: %w", authority, err)
		}
		for _, cells := range table[1:] {
			lines[authority+" "+cells[0]+" "+cells[4]]++ // submission_id, outcome
		}
		return nil
	}) != nil {
		return
	}
	var missing, more, strange tally
	for key, n := range lines {
		if n > 1 {
			more.add(key)
		}
	}
	var id string
	var outcome int32
	known := map[string]bool{}
	if o.rows(ctx, `SELECT s.authority_id, s.id::text, s.outcome::int FROM autoprocessing.submission s WHERE s.status > 3`, []any{&authority, &id, &outcome}, func() error {
		key := authority + " " + id + " " + strings.TrimPrefix(eventv1.Outcome(outcome).String(), "OUTCOME_")
		if known[key] = true; lines[key] == 0 {
			missing.add(key)
		}
		return nil
	}) != nil {
		return
	}
	// Notifications of changed circumstances have no outcome.
	if o.rows(ctx, `SELECT authority_id, submission_id::text FROM adviceoutcome.outcome WHERE outcome = 0`, []any{&authority, &id}, func() error {
		key := authority + " " + id + " "
		if known[key] = true; lines[key] == 0 {
			missing.add(key)
		}
		return nil
	}) != nil {
		return
	}
	for key := range lines {
		if !known[key] {
			strange.add(key)
		}
	}
	missing.tell(o, lost, "outcomes without a line in a daily report (I19)")
	more.tell(o, doubled, "outcomes with more than one line (I19)")
	strange.tell(o, other, "lines of daily reports that no decision stands behind")
}
