package autoprocessing_test

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// since are the audit entries after a place.
func (w *world) since(place *int) []entry {
	w.t.Helper()
	all := w.audited()
	rest := all[*place:]
	*place = len(all)
	return rest
}

func TestEveryActionOfAnOfficerIsOneEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(11))))
	r := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(2))))
	again := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(3))))
	_, hidden := w.hiddenCustomer(disclose)
	w.decide(s, r, again)
	place := 0
	w.since(&place)
	var c *processingv1.AccessCase
	sue := as("sue", "supervisor")
	for _, step := range []struct {
		want, actor string
		do          func() error
	}{
		{"queue.claimed", "officer:alice", func() error {
			_, err := w.queue.Claim(alice(), &processingv1.ClaimRequest{SubmissionId: id(s)})
			return err
		}},
		{"queue.released", "officer:alice", func() error {
			_, err := w.queue.Release(alice(), &processingv1.ReleaseRequest{SubmissionId: id(s)})
			return err
		}},
		{"", "", func() error { // nothing is held any more
			_, err := w.queue.Release(alice(), &processingv1.ReleaseRequest{SubmissionId: id(s)})
			return err
		}},
		{"queue.held", "officer:alice", func() error {
			_, err := w.queue.Hold(alice(), &processingv1.HoldRequest{SubmissionId: id(s), Until: "2026-03-09", Note: "waiting", Version: 3})
			return err
		}},
		{"queue.assigned", "officer:sue", func() error {
			_, err := w.queue.Assign(sue, &processingv1.AssignRequest{SubmissionId: id(s), OfficerId: "alice", Reason: "the usual one"})
			return err
		}},
		{"queue.noted", "officer:alice", func() error {
			_, err := w.queue.AddNote(alice(), &processingv1.AddNoteRequest{SubmissionId: id(s), Text: "called", ActionId: "n"})
			return err
		}},
		{"", "", func() error { // the same once more
			_, err := w.queue.AddNote(alice(), &processingv1.AddNoteRequest{SubmissionId: id(s), Text: "called", ActionId: "n"})
			return err
		}},
		{"queue.outcome-recorded", "officer:alice", func() error {
			_, err := w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_REFERRAL_NOTED))
			return err
		}},
		{"queue.claimed", "officer:alice", func() error {
			_, err := w.queue.Claim(alice(), &processingv1.ClaimRequest{SubmissionId: id(r)})
			return err
		}},
		{"queue.returned", "officer:alice", func() error {
			_, err := w.queue.ReturnToAuthority(alice(), &processingv1.ReturnToAuthorityRequest{SubmissionId: id(r), Version: 3, ActionId: "a", Declaration: true, Note: "lodge again"})
			return err
		}},
		{"queue.reprocessed", "officer:alice", func() error {
			_, err := w.queue.Reprocess(alice(), &processingv1.ReprocessRequest{SubmissionId: id(again)})
			return err
		}},
		{"queue.claimed", "officer:alice", func() error {
			_, err := w.queue.Claim(alice(), &processingv1.ClaimRequest{SubmissionId: hidden})
			return err
		}},
		{"access.contacted", "officer:alice", func() (err error) {
			_, err = w.access.RecordAuthorityContact(alice(), contact(hidden))
			return err
		}},
		{"access.requested", "officer:alice", func() error {
			got, err := w.access.RequestRiskAssessment(alice(), &processingv1.RequestRiskAssessmentRequest{SubmissionId: hidden, ActionId: "q", Reason: "CANARY-REASON needed"})
			c = got.GetCase()
			return err
		}},
		{"access.lifted", "officer:rita", func() error {
			_, err := w.access.RecordRiskAssessment(rita(), assessment(hidden, c.GetVersion(), lift, func(r *processingv1.RecordRiskAssessmentRequest) {
				r.CustomerContact = "CANARY-CONTACT by telephone"
				r.CustomerContactedAt = timestamp(w.clock.Now())
			}))
			return err
		}},
		{"access.viewed", "officer:alice", func() error {
			_, err := w.access.ViewRestrictedRecord(alice(), look(hidden))
			return err
		}},
		{"access.reinstated", "officer:alice", func() error {
			_, err := w.access.ReinstateAccess(alice(), &processingv1.ReinstateAccessRequest{SubmissionId: hidden, ActionId: "x", Reason: "CANARY-REASON seen enough"})
			return err
		}},
		{"access.conflict-declared", "officer:alice", func() error {
			_, err := w.access.DeclareConflict(alice(), &processingv1.DeclareConflictRequest{Crn: someone(1).crn, Reason: "CANARY-REASON own"})
			return err
		}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.want, err)
		}
		got := w.since(&place)
		if step.want == "" {
			equal(t, "a repetition", actions(got), []string{})
			continue
		}
		equal(t, step.want, actions(got), []string{step.want})
		if len(got) == 1 && (got[0].Actor != step.actor || got[0].Result != "done" || got[0].Object == "") {
			t.Errorf("%s: %+v", step.want, got[0])
		}
	}
	w.tellsNobody(someone(11).crn)
}

// tellsNobody fails when texts or a CRN stand outside the tables made for them.
func (w *world) tellsNobody(crn string) {
	w.t.Helper()
	for _, table := range []string{"audit.record", "autoprocessing.outbox", "autoprocessing.action", "autoprocessing.transition", "autoprocessing.note"} {
		for _, canary := range []string{"CANARY-REASON", "CANARY-VIEW", "CANARY-NOTE", "CANARY-CONTACT"} {
			var n int
			if err := w.admin().QueryRow(w.t.Context(), "SELECT count(*) FROM "+table+" r WHERE r::text LIKE $1 OR r::text LIKE $2",
				"%"+canary+"%", "%"+hex.EncodeToString([]byte(canary))+"%").Scan(&n); err != nil || n > 0 {
				w.t.Errorf("%s stands in %s: %v", canary, table, err)
			}
		}
	}
	for _, e := range w.audited() {
		if strings.Contains(e.Object+e.Detail["customer"], crn) {
			w.t.Errorf("an audit entry names a customer: %+v", e)
		}
	}
}

func TestEveryChangeOfTheMachineIsAnEntry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	place := 0
	w.decide(w.lodgings.lodge(qldCP, disclose(p)), w.lodgings.lodge(qldCP, commence(p, "2026-03-04", 3)), w.lodgings.lodge(ntCP, refer(p)))
	equal(t, "a batch", actions(w.since(&place)), []string{"submission.decided", "submission.decided", "submission.decided", "notice.recorded"})
	if n := one[int64](w, "SELECT count(*) FROM submission"); n != 3 {
		t.Fatal(n)
	}
	var records int
	if err := w.admin().QueryRow(t.Context(), "SELECT count(*) FROM audit.record").Scan(&records); err != nil || records != 1 {
		t.Errorf("%d records for one batch, %v", records, err)
	}
	if e := w.audited()[0]; e.Actor != "service:autoprocessing" || e.Detail["outcome"] != "ELIGIBLE" || e.Detail["policy"] == "" {
		t.Errorf("%+v", e)
	}
	w.decide(w.lodgings.withdraw(ntCP, "ref-3"))
	got := w.since(&place)
	equal(t, "a withdrawal", actions(got), []string{"submission.decided"})
	if got[0].Actor != "authority:nt-cp" {
		t.Errorf("%+v", got[0])
	}
	w.clock.Set(day(2026, 3, 4))
	if err := w.p.DayRoll(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	equal(t, "a day", actions(w.since(&place)), []string{"notice.activated"})
	s := w.lodgings.lodge(ntCP, refer(p))
	w.decide(s)
	w.claim(alice(), id(s))
	w.since(&place)
	w.clock.Advance(time.Hour)
	if err := w.p.Claims(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	equal(t, "a claim that expired", actions(w.since(&place)), []string{"queue.claim-expired"})
	w.tellsNobody(p.crn)
}

// No audit, no action.
func TestWithoutTheEntryNothingHappens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(11))))
	_, hidden := w.hiddenCustomer(disclose)
	w.decide(s)
	w.contacted(hidden, true)
	before := w.hash()
	if _, err := w.admin().Exec(t.Context(), "ALTER TABLE audit.record ADD CONSTRAINT broken CHECK (false) NOT VALID"); err != nil {
		t.Fatal(err)
	}
	fails := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s took effect without its entry", what)
		}
	}
	_, err := w.apply(w.lodgings.lodge(qldCP, disclose(w.registry.knows(someone(5)))))
	fails("a decision", err)
	_, err = w.queue.Claim(alice(), &processingv1.ClaimRequest{SubmissionId: id(s)})
	fails("a claim", err)
	_, err = w.queue.AddNote(alice(), &processingv1.AddNoteRequest{SubmissionId: id(s), Text: "x", ActionId: "n"})
	fails("a note", err)
	_, err = w.queue.RecordOutcome(alice(), outcome(hidden, eventv1.Outcome_OUTCOME_NOT_DISCLOSED))
	fails("an outcome", err)
	_, err = w.access.RecordRiskAssessment(rita(), assessment(hidden, 2, lift))
	fails("a lift", err)
	_, err = w.access.ViewRestrictedRecord(rita(), look(hidden))
	fails("a view", err)
	_, err = w.access.DeclareConflict(alice(), &processingv1.DeclareConflictRequest{Crn: someone(1).crn, Reason: "own record"})
	fails("a conflict", err)
	if after := w.hash(); after != before {
		t.Error("something changed")
	}
	if n := one[int64](w, `SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM conflict) + (SELECT count(*) FROM access_case WHERE state <> 2)
		+ (SELECT count(*) FROM access_step WHERE step NOT IN ('contacted', 'requested')) + (SELECT count(*) FROM queue_entry WHERE held_by <> '' AND submission_id <> $1)`, hidden); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}
