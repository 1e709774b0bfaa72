package autoprocessing_test

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// A record that is an officer's own or a relative's is refused whether or not
// access to it is restricted, in every role and by every way.
func TestAConflictOfInterestShutsEveryRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), func(c *registryv1.Customer) { c.DateOfDeath = "2026-01-01" })
	s := w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3))
	w.decide(s)
	w.claim(alice(), id(s))
	if _, err := w.access.DeclareConflict(alice(), &processingv1.DeclareConflictRequest{Crn: p.crn, Reason: "my brother"}); err != nil {
		t.Fatal(err)
	}
	const reason = "CONFLICT_OF_INTEREST"
	_, err := w.queue.SearchSubmissions(alice(), &processingv1.SearchSubmissionsRequest{Crn: p.crn})
	refused(t, "search by CRN", err, fault.Denied, reason)
	_, err = w.register.ListNotices(alice(), &processingv1.ListNoticesRequest{Crn: p.crn})
	refused(t, "list notices", err, fault.Denied, reason)
	if d := w.detailAs(alice(), id(s)); !d.GetGuarded() || len(d.GetSummary().GetReasons()) > 1 {
		t.Errorf("the detail shows %v", d.GetSummary())
	}
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_NOT_ACCEPTED))
	refused(t, "record an outcome", err, fault.Denied, reason)
	_, err = w.queue.AddNote(alice(), &processingv1.AddNoteRequest{SubmissionId: id(s), ActionId: "n", Text: "a note of mine"})
	refused(t, "note", err, fault.Denied, reason)
	if _, err = w.queue.Release(alice(), &processingv1.ReleaseRequest{SubmissionId: id(s)}); err != nil {
		t.Errorf("giving it back: %v", err)
	}
	_, err = w.queue.Claim(alice(), &processingv1.ClaimRequest{SubmissionId: id(s)})
	refused(t, "claim", err, fault.Denied, reason)
	_, err = w.queue.Assign(as("sue", "supervisor"), &processingv1.AssignRequest{SubmissionId: id(s), OfficerId: "alice", Reason: "she knows it"})
	refused(t, "assign to alice", err, fault.Denied, reason)
	if d := w.detailAs(as("bob", "contact-officer"), id(s)); d.GetGuarded() {
		t.Error("others do not see it")
	}
	for _, e := range w.outboxEvents() {
		if c := e.GetConflictDeclared(); c.GetOfficerId() == "alice" && c.GetCrn() == p.crn {
			return
		}
	}
	t.Error("the conflict was not told to the registry")
}

// Neither rows nor tokens tell that a row was found by a reason that is hidden.
func TestPagesDoNotTellOfHiddenReasons(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := func(c *registryv1.Customer) { c.DateOfDeath = "2026-01-01" }
	seen := w.registry.knows(someone(1), dead)
	hidden := w.registry.knows(someone(2), dead)
	w.decide(w.lodgings.lodge(qldCP, commence(seen, "2026-03-02", 3)), w.lodgings.lodge(qldCP, commence(hidden, "2026-03-02", 3)))
	w.registry.knows(hidden, dead, restricted)
	for _, order := range []processingv1.SortOrder{0, processingv1.SortOrder_SORT_ORDER_NEWEST_FIRST} {
		page, err := w.queue.SearchSubmissions(alice(), &processingv1.SearchSubmissionsRequest{
			Reasons: []eventv1.RejectionReason{eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_DECEASED}, PageSize: 1, Order: order,
		})
		if err != nil || len(page.GetSubmissions()) != 1 || page.GetSubmissions()[0].GetCrn() != seen.crn || page.GetNextPageToken() != "" {
			t.Errorf("a page of %v: %v", page, err)
		}
	}
}
