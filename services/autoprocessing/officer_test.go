package autoprocessing_test

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

const declared = true

func alice() context.Context { return as("alice", "contact-officer") }
func bob() context.Context   { return as("bob", "contact-officer") }

// claim takes an entry, which must work.
func (w *world) claim(ctx context.Context, id string) {
	w.t.Helper()
	if _, err := w.queue.Claim(ctx, &processingv1.ClaimRequest{SubmissionId: id}); err != nil {
		w.t.Fatalf("claim: %v", err)
	}
}

func outcome(id string, o eventv1.Outcome, changes ...func(*processingv1.RecordOutcomeRequest)) *processingv1.RecordOutcomeRequest {
	r := &processingv1.RecordOutcomeRequest{
		SubmissionId: id, Version: 3, ActionId: "action-1", Outcome: o, Declaration: declared, Note: "checked with the case worker",
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// refused checks the kind and reason of an error.
func refused(t *testing.T, what string, err error, kind fault.Kind, reason string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != kind || f.Reason != reason {
		t.Errorf("%s: got %v, want %s %s", what, err, kind, reason)
	}
}

func TestTwoOfficersActAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(1))))
	w.decide(s)
	w.claim(alice(), id(s))
	_, err := w.queue.Claim(bob(), &processingv1.ClaimRequest{SubmissionId: id(s)})
	refused(t, "claim a held entry", err, fault.Conflict, "HELD_BY_ANOTHER")
	_, err = w.queue.RecordOutcome(bob(), outcome(id(s), eventv1.Outcome_OUTCOME_REFERRAL_NOTED))
	refused(t, "decide a held entry", err, fault.Conflict, "HELD_BY_ANOTHER")

	// The holder in two windows, and again and again: one action.
	var wait sync.WaitGroup
	results := make([]error, 10)
	for n := range results {
		wait.Go(func() {
			r := outcome(id(s), eventv1.Outcome_OUTCOME_REFERRAL_NOTED)
			r.ActionId = fmt.Sprint("window-", n%2)
			_, results[n] = w.queue.RecordOutcome(alice(), r)
		})
	}
	wait.Wait()
	won := 0
	for n, err := range results {
		if err == nil {
			won++
		} else {
			refused(t, fmt.Sprint("window ", n), err, fault.Conflict, "SUBMISSION_CHANGED")
		}
	}
	if won != 5 {
		t.Errorf("%d of 10 calls succeeded, want the 5 of one window", won)
	}
	if n := one[int64](w, "SELECT count(*) FROM transition"); n != 1 {
		t.Errorf("%d transitions, want 1", n)
	}
	if n := one[int64](w, "SELECT count(*) FROM note"); n != 1 {
		t.Errorf("%d notes, want 1", n)
	}
	equal(t, "told", kinds(w.outboxEvents()), []string{"unprocessed DECLARATION_REQUIRED", "decided REFERRAL_NOTED"})
	if d := w.outboxEvents()[1].GetSubmissionDecided(); d.GetOfficerId() != "alice" || !d.GetByOfficer() || !d.GetWasUnprocessed() || d.GetVersion() != 4 {
		t.Errorf("told %v", d)
	}
	_, err = w.queue.Claim(bob(), &processingv1.ClaimRequest{SubmissionId: id(s)})
	refused(t, "act on a decided one", err, fault.Conflict, "SUBMISSION_CHANGED")
	w.sound()
}

func TestAnOutcomeNeedsClaimDeclarationNoteAndVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(1))))
	w.decide(s)
	noted := eventv1.Outcome_OUTCOME_REFERRAL_NOTED
	_, err := w.queue.RecordOutcome(alice(), outcome(id(s), noted))
	refused(t, "without a claim", err, fault.Precondition, "CLAIM_REQUIRED")
	w.claim(alice(), id(s))
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), noted, func(r *processingv1.RecordOutcomeRequest) { r.Declaration = false }))
	refused(t, "without the declaration", err, fault.Invalid, "FIELD_INVALID")
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), noted, func(r *processingv1.RecordOutcomeRequest) { r.Note = "   " }))
	refused(t, "without a note", err, fault.Invalid, "FIELD_INVALID")
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), noted, func(r *processingv1.RecordOutcomeRequest) { r.Version = 2 }))
	refused(t, "another version", err, fault.Conflict, "SUBMISSION_CHANGED")
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_COMMENCED))
	refused(t, "an outcome of another type", err, fault.Precondition, "OUTCOME_NOT_ALLOWED")
	_, err = w.queue.RecordOutcome(alice(), outcome("00000000-0000-7000-8000-000000000000", noted))
	refused(t, "an unknown submission", err, fault.NotFound, "SUBMISSION_NOT_FOUND")
	_, err = w.queue.RecordOutcome(asAuthority("qld-cp"), outcome(id(s), noted))
	refused(t, "an authority", err, fault.Denied, "OFFICER_REQUIRED")
	w.clock.Advance(31 * time.Minute)
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), noted))
	refused(t, "with a claim that expired", err, fault.Precondition, "CLAIM_REQUIRED")
	w.claim(bob(), id(s))
	if _, err = w.queue.RecordOutcome(bob(), outcome(id(s), noted)); err != nil {
		t.Error(err)
	}
	_, err = w.queue.RecordOutcome(bob(), outcome(id(s), noted, func(r *processingv1.RecordOutcomeRequest) { r.Note = "something else" }))
	refused(t, "the action's id for another action", err, fault.Precondition, "ACTION_ID_REUSED")
	w.sound()
}

func TestMatchedByAnOfficerDiscloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	twin := someone(7)
	other := person{crn: "300000001A", family: twin.family, given: "Other", born: twin.born}
	w.registry.knows(twin)
	w.registry.knows(other)
	s := w.lodgings.lodge(frc, find(twin))
	w.decide(s)
	d, err := w.queue.GetSubmissionDetail(alice(), &processingv1.GetSubmissionDetailRequest{SubmissionId: id(s)})
	if err != nil || len(d.GetCandidates()) != 2 || d.GetSubmission().GetFindMutualClient() == nil || len(d.GetNextSteps()) != 1 {
		t.Fatalf("detail %v, %v", d, err)
	}
	w.claim(alice(), id(s))
	matched := eventv1.Outcome_OUTCOME_MATCHED
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), matched))
	refused(t, "without the customer", err, fault.Invalid, "FIELD_INVALID")
	if _, err = w.queue.RecordOutcome(alice(), outcome(id(s), matched, func(r *processingv1.RecordOutcomeRequest) { r.Crn = other.crn })); err != nil {
		t.Fatal(err)
	}
	equal(t, "told", kinds(w.outboxEvents()), []string{"unprocessed POSSIBLE_MATCHES", "decided MATCHED", "created", "decided ELIGIBLE"})
	created := w.outboxEvents()[2].GetSubmissionCreated()
	if created.GetReference() != "~PID:ref-1" || created.GetCrn() != other.crn {
		t.Errorf("created %v", created)
	}
	child := one[string](w, "SELECT id::text FROM submission WHERE parent_id = $1", id(s))
	got, err := w.disclosures.GetDisclosure(asAuthority("frc"), &processingv1.GetDisclosureRequest{SubmissionId: child})
	if err != nil || got.GetDisclosure().GetLabel() != "Personal Information Disclosure" || got.GetDisclosure().GetCrn() != other.crn {
		t.Errorf("disclosure %v, %v", got, err)
	}
	_, foreign := w.disclosures.GetDisclosure(asAuthority("qld-cp"), &processingv1.GetDisclosureRequest{SubmissionId: child})
	_, absent := w.disclosures.GetDisclosure(asAuthority("qld-cp"), &processingv1.GetDisclosureRequest{SubmissionId: id(s)})
	refused(t, "another authority's", foreign, fault.NotFound, "DISCLOSURE_NOT_FOUND")
	if foreign.Error() != absent.Error() {
		t.Errorf("foreign %q and absent %q can be told apart", foreign, absent)
	}
	w.sound()
}

func TestAnOutcomeBecomesTrueOnTheRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	first := commence(p, "2026-03-02", 3)
	first.GetNoticeToCommence().QuarantinedPercent = 60
	w.decide(w.lodgings.lodge(frc, first))
	s := w.lodgings.lodge(frc, revoke(p))
	w.decide(s)
	w.claim(alice(), id(s))
	done := eventv1.Outcome_OUTCOME_REVOKED
	_, err := w.queue.RecordOutcome(alice(), outcome(id(s), done))
	refused(t, "a revocation that is not true", err, fault.Precondition, "NOTICE_NOT_REVOKED")
	notice := one[string](w, "SELECT id::text FROM notice")
	if _, err := w.queue.RecordOutcome(alice(), outcome(id(s), done, func(r *processingv1.RecordOutcomeRequest) {
		r.RegisterChange = &processingv1.RegisterChange{RevokeNoticeIds: []string{notice}}
	})); err != nil {
		t.Fatal(err)
	}
	told := w.outboxEvents()
	equal(t, "told", kinds(told), []string{"decided COMMENCED", "notice activated", "unprocessed ACTIVE_NOTICE_NEEDS_OFFICER", "notice revoked", "decided REVOKED"})
	if actor := one[string](w, "SELECT actor FROM notice_history ORDER BY version DESC LIMIT 1"); actor != "officer:alice" {
		t.Errorf("revoked by %q", actor)
	}
	w.sound()
}

func TestReturnErasesWhatWasLodged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := commence(w.registry.knows(someone(1)), "2026-03-02", 3)
	c.GetNoticeToCommence().Text = "The customer was referred because of CANARY neglect of the children and drug use."
	s := w.lodgings.lodge(qldCP, c)
	w.decide(s)
	// In words, or in the hexadecimal of a bytea.
	canary := "%" + hex.EncodeToString([]byte("CANARY")) + "%"
	holds := func(table string) bool {
		return one[int64](w, "SELECT count(*) FROM "+table+" r WHERE r::text LIKE $1 OR r::text LIKE '%CANARY%'", canary) > 0
	}
	if !holds("queue_entry") {
		t.Error("the officer cannot see the text")
	}
	w.claim(alice(), id(s))
	r := &processingv1.ReturnToAuthorityRequest{SubmissionId: id(s), Version: 3, ActionId: "a", Declaration: declared, Note: "asked to lodge again", NoteForAuthority: "Leave the text out."}
	for range 2 {
		if _, err := w.queue.ReturnToAuthority(alice(), proto.Clone(r).(*processingv1.ReturnToAuthorityRequest)); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []string{"submission", "decision", "queue_entry", "note", "transition", "outbox", "action"} {
		if holds(table) {
			t.Errorf("%s still holds the text", table)
		}
	}
	told := w.outboxEvents()
	if d := told[len(told)-1].GetSubmissionDecided(); !d.GetEraseText() || d.GetNoteForAuthority() != "Leave the text out." || d.GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED {
		t.Errorf("told %v", d)
	}
	if len(told) != 2 {
		t.Errorf("told %q", kinds(told))
	}
	w.sound()
}
