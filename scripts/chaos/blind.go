package main

import (
	"context"
	"fmt"
	"slices"
)

// linesTwice puts the lines of each report into the next one as well.
const linesTwice = `INSERT INTO adviceoutcome.report_chunk (report_id, authority_id, form, number, content) SELECT r.report_id, r.authority_id, 1, c.number + 1000, c.content
	FROM adviceoutcome.report r JOIN adviceoutcome.report o ON o.authority_id = r.authority_id AND o.sequence = r.sequence - 1
	JOIN adviceoutcome.report_chunk c ON c.report_id = o.report_id AND c.form = 1`

// enough is how long a run must be for every kind of damage to have something to damage.
const enough = 1 // minutes

// checkSight damages the state, in transactions that are rolled back, and
// expects each oracle to see it: one that is blind proves nothing. It returns how
// many see. Triggers and foreign keys are off meanwhile; the services are down.
func (o *oracles) checkSight(ctx context.Context) int {
	seeing := 0
	for _, l := range slices.Concat(standing, settled, closed) {
		seen := false
		err := o.damaged(ctx, l.breaks, func(hurt *oracles) error {
			n, err := hurt.count(ctx, l.query)
			seen = n > 0
			return err
		})
		seeing += o.sight(ctx, l.name, seen, err)
	}
	for _, w := range []struct {
		name, breaks string
		ask          func(*oracles)
	}{
		{"receipts", `DELETE FROM intake.submission WHERE parent_id IS NULL`, func(hurt *oracles) { hurt.compareJournal(ctx) }},
		{"contents", `UPDATE intake.submission SET content_hash = sha256('other')`, func(hurt *oracles) { hurt.compareJournal(ctx) }},
		{"officers' outcomes", `DELETE FROM autoprocessing.transition`, func(hurt *oracles) { hurt.compareOfficer(ctx) }},
		{"lines", `DELETE FROM adviceoutcome.report_chunk`, func(hurt *oracles) { hurt.compareReports(ctx) }},
		{"lines twice", linesTwice, func(hurt *oracles) { hurt.compareReports(ctx) }},
		{"seals", `UPDATE adviceoutcome.report SET signature = sha512('other')`, func(hurt *oracles) { _ = hurt.compareSeals(ctx) }},
		{"fed records", `DELETE FROM registry.feed_record WHERE state = 1`, func(hurt *oracles) { hurt.compareFeeds(ctx) }},
		{"records set aside", `UPDATE registry.feed_quarantine SET reason = 3`, func(hurt *oracles) { hurt.compareFeeds(ctx) }},
		{"items done", `DELETE FROM workitems.work_item_step WHERE action = 'completed'`, func(hurt *oracles) { hurt.compareClerks(ctx) }},
		{"documents of items", `DELETE FROM registry.document WHERE submission_id IS NULL`, func(hurt *oracles) { hurt.compareClerks(ctx) }},
		{"documents of nothing", `UPDATE registry.document SET document_id = gen_random_uuid() WHERE submission_id IS NULL`, func(hurt *oracles) { hurt.compareClerks(ctx) }},
		{"changes told", `UPDATE registry.customer_version SET changed = '{name}'`, func(hurt *oracles) { hurt.compareHistories(ctx) }},
		{"items of changes", `DELETE FROM workitems.work_item WHERE occurrence LIKE 'v%'`, func(hurt *oracles) { hurt.compareHistories(ctx) }},
		{"items by date", `DELETE FROM workitems.work_item WHERE code IN ('I542Q1', 'I544Q1')`, func(hurt *oracles) { hurt.compareHistories(ctx) }},
		{
			"items without cause", `UPDATE workitems.work_item SET occurrence = 'v999999' WHERE id = (SELECT id FROM workitems.work_item WHERE code = 'I070Q1' LIMIT 1)`,
			func(hurt *oracles) { hurt.compareHistories(ctx) },
		},
		{"links", `UPDATE registry.customer SET nominee_crn = NULL`, func(hurt *oracles) { hurt.compareHistories(ctx) }},
		{"notifications", `DELETE FROM adviceoutcome.outcome WHERE outcome = 0`, func(hurt *oracles) { hurt.compareHistories(ctx) }},
		{"notifications of nothing", `UPDATE adviceoutcome.outcome SET submission_id = gen_random_uuid() WHERE outcome = 0`, func(hurt *oracles) { hurt.compareHistories(ctx) }},
		{
			"revocations", `DELETE FROM workitems.work_item WHERE code = 'I291Q1'; DELETE FROM workitems.covered WHERE code = 'I291Q1'`,
			func(hurt *oracles) { hurt.compareRevocations(ctx) },
		},
		{"revocations of nothing", `UPDATE workitems.work_item SET occurrence = occurrence || '/other' WHERE code = 'I291Q1'`, func(hurt *oracles) { hurt.compareRevocations(ctx) }},
	} {
		seen := false
		err := o.damaged(ctx, w.breaks, func(hurt *oracles) error {
			w.ask(hurt)
			seen = hurt.found.any() && !hurt.unread
			return nil
		})
		seeing += o.sight(ctx, w.name, seen, err)
	}
	return seeing
}

func (o *oracles) sight(ctx context.Context, name string, seen bool, err error) int {
	if seen {
		return 1
	}
	if ctx.Err() == nil {
		o.found.add(other, 1, "the oracle of %q is blind: it was shown damage and saw none (%v)", name, err)
	}
	return 0
}

// damaged gives f oracles that look at damaged tables.
func (o *oracles) damaged(ctx context.Context, breaks string, f func(*oracles) error) error {
	tx, err := o.w.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if _, err := tx.Conn().PgConn().Exec(ctx, "SET LOCAL session_replication_role = replica; "+breaks).ReadAll(); err != nil {
		return fmt.Errorf("do damage: %w", err)
	}
	hurt := &oracles{w: o.w, clients: o.clients, db: tx, found: &findings{quiet: true}, sealed: o.sealed}
	return f(hurt)
}
