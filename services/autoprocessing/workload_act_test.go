package autoprocessing_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// act makes a call and returns its results by submission; the total must be told
// first, and be the number of the results.
func (w *world) act(ctx context.Context, r *processingv1.ActOnSubmissionsRequest) (map[string]*processingv1.ActionResult, error) {
	w.t.Helper()
	sent, err := collect(ctx, func(s grpc.ServerStreamingServer[processingv1.ActOnSubmissionsResponse]) error {
		return w.workload.ActOnSubmissions(r, s)
	})
	if err != nil {
		if len(sent) > 0 {
			w.t.Errorf("told %v before it failed with %v", sent, err)
		}
		return nil, err
	}
	results := make(map[string]*processingv1.ActionResult)
	for i, m := range sent {
		if (i == 0) != (len(m.GetResults()) == 0) {
			w.t.Errorf("message %d is %v", i, m)
		}
		for _, one := range m.GetResults() {
			if results[one.GetSubmissionId()] != nil || (one.GetError() == nil) != (one.GetSubmission() != nil) {
				w.t.Errorf("result %v", one)
			}
			results[one.GetSubmissionId()] = one
		}
	}
	if int(sent[0].GetTotal()) != len(results) {
		w.t.Errorf("%d results of %d", len(results), sent[0].GetTotal())
	}
	return results, nil
}

// told is what became of each, in the order of the ids: "" is done.
func toldOf(results map[string]*processingv1.ActionResult, ids ...string) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		r := results[id]
		if r == nil {
			out[i] = "nothing"
			continue
		}
		for _, d := range status.FromProto(r.GetError()).Details() {
			if info, ok := d.(*errdetails.ErrorInfo); ok {
				out[i] = info.GetReason()
			}
		}
	}
	return out
}

func named(ids ...string) *processingv1.ActOnSubmissionsRequest_Named {
	return &processingv1.ActOnSubmissionsRequest_Named{Named: &processingv1.Named{SubmissionIds: ids}}
}

func claimEach() *processingv1.ActOnSubmissionsRequest_Claim {
	return &processingv1.ActOnSubmissionsRequest_Claim{Claim: &processingv1.ClaimEach{}}
}

func assignTo(officer string) *processingv1.ActOnSubmissionsRequest_Assign {
	return &processingv1.ActOnSubmissionsRequest_Assign{Assign: &processingv1.AssignTo{OfficerId: officer, Reason: "alice is on leave"}}
}

func TestActOnManyWithMixedResults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.referrals(5)
	w.claim(bob(), ids[1])
	w.claim(bob(), ids[2])
	if _, err := w.queue.RecordOutcome(bob(), outcome(ids[2], eventv1.Outcome_OUTCOME_REFERRAL_NOTED)); err != nil {
		t.Fatal(err)
	}
	_, hidden := w.hiddenCustomer(refer)
	missing := "0199aaaa-0000-7000-8000-00000000dead"
	all := append(slices.Clone(ids), missing, hidden)
	r := &processingv1.ActOnSubmissionsRequest{ActionId: "a-1", Which: named(all...), Action: claimEach()}
	want := []string{"", "HELD_BY_ANOTHER", "SUBMISSION_CHANGED", "", "", "SUBMISSION_NOT_FOUND", ""}
	for range 2 { // again: the same
		got, err := w.act(alice(), r)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "claims", toldOf(got, all...), want)
		if s := got[ids[0]].GetSubmission(); s.GetHeldBy() != "alice" || got[ids[1]].GetReference() != s.GetReference()[:4]+"2" || got[missing].GetReference() != "" {
			t.Errorf("claimed %v, failed %v", s, got[ids[1]])
		}
		silent(t, "a result about a restricted record", got[hidden])
	}
	claimed := 0
	for _, a := range actions(w.audited()) {
		if a == "queue.claimed" {
			claimed++
		}
	}
	if claimed != 6 { // two of bob's, four of alice's
		t.Errorf("%d claims on the audit log, want 6", claimed)
	}
	_, err := w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "a-2", Which: named(ids...), Action: assignTo("bob")})
	refused(t, "assign without the role", err, fault.Denied, "SUPERVISOR_REQUIRED")
	_, err = w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "a-2", Which: named(ids...), Action: &processingv1.ActOnSubmissionsRequest_Hold{Hold: &processingv1.HoldUntil{Until: "2026-03-02", Note: "later"}}})
	refused(t, "hold until today", err, fault.Invalid, "FIELD_INVALID")
	_, err = w.act(asAuthority("qld-cp"), r)
	refused(t, "an authority", err, fault.Denied, "OFFICER_REQUIRED")
	got, err := w.act(sue(), &processingv1.ActOnSubmissionsRequest{ActionId: "a-2", Which: named(ids...), Action: assignTo("carol")})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "assignments", toldOf(got, ids...), []string{"", "", "SUBMISSION_CHANGED", "", ""})
	w.sound()
}

// An action that was done is not done again by a repeated call, though it could
// be: somebody else may have undone it on purpose.
func TestRepeatedActionsOnManyAreDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.referrals(3)
	for name, action := range map[string]*processingv1.ActOnSubmissionsRequest{
		"hold":      {Action: &processingv1.ActOnSubmissionsRequest_Hold{Hold: &processingv1.HoldUntil{Until: "2026-03-09", Note: "waiting"}}},
		"reprocess": {Action: &processingv1.ActOnSubmissionsRequest_Reprocess{Reprocess: &processingv1.ReprocessEach{}}},
	} {
		action.ActionId, action.Which = name, named(ids...)
		for range 3 {
			got, err := w.act(alice(), action)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, name, toldOf(got, ids...), []string{"", "", ""})
		}
		if n := one[int64](w, "SELECT count(*) FROM note WHERE action = $1", name); n != 3 {
			t.Errorf("%s: %d notes, want 3", name, n)
		}
	}
	if n := one[int64](w, "SELECT count(*) FROM decision"); n != 6 {
		t.Errorf("%d decisions, want 6", n)
	}
	if _, err := w.queue.Hold(bob(), &processingv1.HoldRequest{SubmissionId: ids[0], Note: "not needed", Version: 3}); err != nil {
		t.Fatal(err)
	}
	release := &processingv1.ActOnSubmissionsRequest{ActionId: "r", Which: named(ids...), Action: &processingv1.ActOnSubmissionsRequest_Release{Release: &processingv1.ReleaseEach{}}}
	for _, r := range []*processingv1.ActOnSubmissionsRequest{
		{ActionId: "hold", Which: named(ids...), Action: &processingv1.ActOnSubmissionsRequest_Hold{Hold: &processingv1.HoldUntil{Until: "2026-03-09", Note: "waiting"}}}, release,
	} {
		if _, err := w.act(alice(), r); err != nil {
			t.Fatal(err)
		}
	}
	if n := one[int64](w, "SELECT count(*) FROM queue_entry WHERE hold_until IS NOT NULL"); n != 2 {
		t.Errorf("%d on hold, want the 2 nobody touched", n)
	}
	// Another officer's action under the same id is another action.
	got, err := w.act(bob(), release)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "another officer's", toldOf(got, ids...), []string{"ACTION_ID_REUSED", "ACTION_ID_REUSED", "ACTION_ID_REUSED"})
	w.registry.breaks(func() error { return status.Error(codes.Unavailable, "down") })
	got, err = w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "p2", Which: named(ids...), Action: &processingv1.ActOnSubmissionsRequest_Reprocess{Reprocess: &processingv1.ReprocessEach{}}})
	if err != nil || codes.Code(got[ids[0]].GetError().GetCode()) != codes.Unavailable || got[ids[0]].GetSubmission() != nil {
		t.Errorf("reprocessed without the registry: %v, %v", got, err)
	}
}

func TestActOnAllThatMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.referrals(6)
	w.claim(bob(), ids[5])
	search := &processingv1.SearchSubmissionsRequest{Unassigned: true, PageSize: 2}
	counted := w.count(alice(), search)
	if counted.GetTotal() != 5 {
		t.Fatalf("counted %v", counted)
	}
	matching := func(confirmed int64) *processingv1.ActOnSubmissionsRequest_Matching {
		return &processingv1.ActOnSubmissionsRequest_Matching{Matching: &processingv1.Matching{Search: search, AsAt: counted.GetAsAt(), ConfirmedTotal: confirmed}}
	}
	w.clock.Advance(time.Minute)
	late := w.referrals(2)
	_, err := w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "m", Which: matching(4), Action: claimEach()})
	refused(t, "more than were confirmed", err, fault.Precondition, "TOTAL_CHANGED")
	var f *fault.Error
	if errors.As(err, &f); f == nil || f.Meta["found"] != "5" || f.Meta["confirmed"] != "4" {
		t.Errorf("refused with %+v", f)
	}
	if n := one[int64](w, "SELECT count(*) FROM queue_entry WHERE held_by = 'alice'"); n != 0 {
		t.Errorf("%d claimed by a call that was refused", n)
	}
	got, err := w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "m", Which: matching(5), Action: claimEach()})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "claims", toldOf(got, slices.Concat(ids, late)...), []string{"", "", "", "", "", "nothing", "nothing", "nothing"})
	// Once more: what was claimed matches no longer, what came later stays.
	if got, err = w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "m", Which: matching(5), Action: claimEach()}); err != nil || len(got) != 0 {
		t.Errorf("again: %v, %v", got, err)
	}
	// Only open entries are acted on, whatever the search finds.
	if _, err := w.queue.RecordOutcome(alice(), outcome(ids[0], eventv1.Outcome_OUTCOME_REFERRAL_NOTED)); err != nil {
		t.Fatal(err)
	}
	everything := &processingv1.Matching{Search: &processingv1.SearchSubmissionsRequest{}, AsAt: timestamppb.New(w.clock.Now()), ConfirmedTotal: 8}
	got, err = w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "n", Which: &processingv1.ActOnSubmissionsRequest_Matching{Matching: everything}, Action: claimEach()})
	if err != nil || len(got) != 7 {
		t.Errorf("everything open: %v, %v", got, err)
	}
	everything.Search.Statuses = []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED}
	got, err = w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "o", Which: &processingv1.ActOnSubmissionsRequest_Matching{Matching: everything}, Action: claimEach()})
	if err != nil || len(got) != 0 {
		t.Errorf("decided ones: %v, %v", got, err)
	}
	p := w.registry.knows(someone(3), restricted)
	everything.Search = &processingv1.SearchSubmissionsRequest{Crn: p.crn}
	_, err = w.act(alice(), &processingv1.ActOnSubmissionsRequest{ActionId: "p", Which: &processingv1.ActOnSubmissionsRequest_Matching{Matching: everything}, Action: claimEach()})
	refused(t, "all of a restricted record", err, fault.Denied, "RESTRICTED_ACCESS")
	w.sound()
}

// Two officers take the same entries at the same time: each has one holder, and
// each result says who it is.
func TestTwoOfficersActOnTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.referrals(40)
	var wait sync.WaitGroup
	results := make([]map[string]*processingv1.ActionResult, 2)
	for n, officer := range []context.Context{alice(), bob()} {
		wait.Go(func() {
			var err error
			if results[n], err = w.act(officer, &processingv1.ActOnSubmissionsRequest{ActionId: fmt.Sprint("both-", n), Which: named(ids...), Action: claimEach()}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for _, id := range ids {
		a, b := results[0][id], results[1][id]
		if (a.GetError() == nil) == (b.GetError() == nil) {
			t.Errorf("%s: alice got %v, bob %v", id, a, b)
		}
	}
	w.sound()
}

// What was begun when the caller goes away is finished, nothing else is begun.
func TestTheCallerGoesAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.referrals(30)
	ctx, cancel := context.WithCancel(alice())
	s := &sink[processingv1.ActOnSubmissionsResponse]{ctx: ctx, sent: make(chan *processingv1.ActOnSubmissionsResponse)}
	ended := make(chan error, 1)
	go func() {
		ended <- w.workload.ActOnSubmissions(&processingv1.ActOnSubmissionsRequest{ActionId: "gone", Which: named(ids...), Action: claimEach()}, s)
	}()
	s.next(t, "the total")
	s.next(t, "a result")
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended with %v", err)
	}
	claimed := one[int64](w, "SELECT count(*) FROM queue_entry WHERE held_by = 'alice'")
	if claimed == 0 || claimed > 20 {
		t.Errorf("%d of 30 were claimed", claimed)
	}
	w.sound()
}
