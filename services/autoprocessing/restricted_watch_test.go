package autoprocessing_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"

	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// Who waits for cases is told of each change of them, wherever it was made, and
// contact officers of their own alone.
func TestWatchAccessCases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	background(t, w.access.Run)
	watch := func(ctx context.Context) *sink[processingv1.WatchAccessCasesResponse] {
		return listen(ctx, t, func(s grpc.ServerStreamingServer[processingv1.WatchAccessCasesResponse]) error {
			return w.access.WatchAccessCases(&processingv1.WatchAccessCasesRequest{}, s)
		})
	}
	everybodys, alices, bobs := watch(rita()), watch(alice()), watch(bob())
	signs := map[int64]bool{}
	for _, s := range []*sink[processingv1.WatchAccessCasesResponse]{everybodys, alices, bobs} {
		if m := s.next(t, "the first"); m.GetOpen() != 0 || m.GetSign() != 0 {
			t.Errorf("first told %v", m)
		}
	}
	told := func(what string, open int64) {
		t.Helper()
		began := time.Now()
		m, own := everybodys.next(t, what), alices.next(t, what)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s was told after %s", what, took)
		}
		if m.GetOpen() != open || own.GetOpen() != open || (open > 0 && signs[m.GetSign()]) {
			t.Errorf("%s: told %v and %v, want %d open and a new sign", what, m, own, open)
		}
		signs[m.GetSign()] = true
		for who, sign := range map[context.Context]int64{rita(): m.GetSign(), alice(): own.GetSign(), bob(): 0} {
			if list, err := w.access.ListAccessCases(who, &processingv1.ListAccessCasesRequest{}); err != nil || list.GetSign() != sign {
				t.Errorf("%s: the list has the sign %d, %v, want %d", what, list.GetSign(), err, sign)
			}
		}
	}
	_, id := w.hiddenCustomer(disclose)
	w.claim(alice(), id)
	if _, err := w.access.RecordAuthorityContact(alice(), contact(id, func(r *processingv1.RecordAuthorityContactRequest) { r.CustomerAware = true })); err != nil {
		t.Fatal(err)
	}
	told("a contact", 1)
	c, err := w.access.RequestRiskAssessment(alice(), &processingv1.RequestRiskAssessmentRequest{SubmissionId: id, ActionId: "request-1", Reason: "the criteria"})
	if err != nil {
		t.Fatal(err)
	}
	told("a request", 1)
	decision := assessment(id, c.GetCase().GetVersion(), lift)
	if _, err := w.access.RecordRiskAssessment(rita(), decision); err != nil {
		t.Fatal(err)
	}
	told("a lift", 1)
	if _, err := w.access.ViewRestrictedRecord(alice(), look(id)); err != nil {
		t.Fatal(err)
	}
	everybodys.silent(t, "a look changes nothing")
	w.clock.Advance(2 * time.Hour)
	if err := w.p.Relock(context.Background(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	told("the end of the time", 0)
	bobs.silent(t, "another officer's case")
}
