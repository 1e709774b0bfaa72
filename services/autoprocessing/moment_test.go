package autoprocessing_test

import (
	"context"
	"testing"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// lockedOut keeps a customer locked while f is under way, moves the clock on once
// f waits, and lets it go.
func (w *world) lockedOut(crn string, f func()) {
	w.t.Helper()
	tx, err := w.pool.Begin(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(context.Background()) }()
	var holder int32
	if err := tx.QueryRow(context.Background(), "SELECT pg_backend_pid() FROM customer_anchor WHERE crn = $1 FOR UPDATE", crn).Scan(&holder); err != nil {
		w.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	for one[int64](w, "SELECT count(*) FROM pg_locks WHERE NOT granted AND $1 = ANY (pg_blocking_pids(pid))", holder) == 0 {
		select {
		case <-done:
			w.t.Fatal("it did not wait for the customer")
		case <-time.After(5 * time.Millisecond):
		}
	}
	w.clock.Advance(time.Minute)
	if err := tx.Commit(context.Background()); err != nil {
		w.t.Fatal(err)
	}
	<-done
}

// Whoever waited for a customer acts after those it waited for: else histories
// would run backwards, and two notices would seem in force at one instant.
func TestMomentsAreAfterTheLocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	first := commence(p, "2026-03-02", 3)
	first.GetNoticeToCommence().QuarantinedPercent = 60
	w.decide(w.lodgings.lodge(frc, first))

	r := w.lodgings.lodge(frc, revoke(p)) // of a notice in force: an officer's
	w.lockedOut(p.crn, func() { w.decide(r) })
	if at := one[time.Time](w, "SELECT decided_at FROM decision WHERE submission_id = $1", id(r)); !at.Equal(w.clock.Now()) {
		t.Errorf("decided at %s, waited until %s", at, w.clock.Now())
	}

	w.claim(alice(), id(r))
	notice := one[string](w, "SELECT id::text FROM notice")
	w.lockedOut(p.crn, func() {
		if _, err := w.queue.RecordOutcome(alice(), outcome(id(r), eventv1.Outcome_OUTCOME_REVOKED, func(r *processingv1.RecordOutcomeRequest) {
			r.RegisterChange = &processingv1.RegisterChange{RevokeNoticeIds: []string{notice}}
		})); err != nil {
			t.Error(err)
		}
	})
	for _, sql := range []string{"SELECT max(at) FROM transition", "SELECT max(effective_at) FROM notice_history"} {
		if at := one[time.Time](w, sql); !at.Equal(w.clock.Now()) {
			t.Errorf("%s: %s, waited until %s", sql, at, w.clock.Now())
		}
	}
	w.sound()
}
