package autoprocessing_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// search returns the references found, in order, over all pages.
func (w *world) search(r *processingv1.SearchSubmissionsRequest) []string {
	w.t.Helper()
	var found []string
	for {
		page, err := w.queue.SearchSubmissions(alice(), r)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, s := range page.GetSubmissions() {
			found = append(found, s.GetReference())
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			return found
		}
	}
}

func TestSearchFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, poor := w.registry.knows(someone(1)), w.registry.knows(someone(2), withoutPayments)
	all := []*eventv1.Event{
		w.lodgings.lodge(qldCP, disclose(p)), // ref-1 PROCESSED
	}
	w.clock.Advance(time.Hour)
	all = append(all,
		w.lodgings.lodge(qldCP, disclose(poor)), // ref-2 ELIGIBILITY_NO_RESULT
		w.lodgings.lodge(ntCP, refer(p)),        // ref-3 DECLARATION_REQUIRED
		w.lodgings.lodge(frc, find(someone(9))), // ref-4 NO_MATCH
		w.lodgings.lodge(ntSpar, refer(poor)),   // ref-5 DECLARATION_REQUIRED
	)
	w.decide(all...)
	w.claim(alice(), id(all[2]))
	if _, err := w.queue.Hold(alice(), &processingv1.HoldRequest{SubmissionId: id(all[4]), Until: "2026-04-01", Note: "later", Version: 3}); err != nil {
		t.Fatal(err)
	}
	open := []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED}
	for _, c := range []struct {
		name string
		r    *processingv1.SearchSubmissionsRequest
		want []string
	}{
		{"everything", &processingv1.SearchSubmissionsRequest{}, []string{"ref-1", "ref-2", "ref-3", "ref-4", "ref-5"}},
		{"newest first", &processingv1.SearchSubmissionsRequest{Order: processingv1.SortOrder_SORT_ORDER_NEWEST_FIRST}, []string{"ref-5", "ref-4", "ref-3", "ref-2", "ref-1"}},
		{"by function", &processingv1.SearchSubmissionsRequest{BusinessFunctions: []eventv1.BusinessFunction{2}}, []string{"ref-1", "ref-2", "ref-3"}},
		{"by authority", &processingv1.SearchSubmissionsRequest{AuthorityIds: []string{"qld-cp", "frc"}}, []string{"ref-1", "ref-2", "ref-4"}},
		{"by authority and function", &processingv1.SearchSubmissionsRequest{AuthorityIds: []string{"qld-cp", "frc"}, BusinessFunctions: []eventv1.BusinessFunction{1}}, []string{"ref-4"}},
		{"by type", &processingv1.SearchSubmissionsRequest{InformationTypes: []eventv1.InformationType{5, 1}}, []string{"ref-3", "ref-4", "ref-5"}},
		{"open", &processingv1.SearchSubmissionsRequest{Statuses: open}, []string{"ref-2", "ref-3", "ref-4"}},
		{"open and held", &processingv1.SearchSubmissionsRequest{Statuses: open, IncludeHeld: true}, []string{"ref-2", "ref-3", "ref-4", "ref-5"}},
		{"by reason", &processingv1.SearchSubmissionsRequest{Reasons: []eventv1.RejectionReason{21}}, []string{"ref-3", "ref-5"}},
		{"mine", &processingv1.SearchSubmissionsRequest{AssignedTo: "alice"}, []string{"ref-3"}},
		{"an authority's by reason and another status", &processingv1.SearchSubmissionsRequest{
			AuthorityIds: []string{"nt-cp"}, Reasons: []eventv1.RejectionReason{21}, Statuses: []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED},
		}, nil},
		{"nobody's", &processingv1.SearchSubmissionsRequest{Unassigned: true, Statuses: open}, []string{"ref-2", "ref-4"}},
		{"old", &processingv1.SearchSubmissionsRequest{MinAgeDays: 1}, nil},
		{"lodged from", &processingv1.SearchSubmissionsRequest{LodgedFrom: timestamppb.New(monday.Add(time.Minute))}, []string{"ref-2", "ref-3", "ref-4", "ref-5"}},
		{"lodged before", &processingv1.SearchSubmissionsRequest{LodgedBefore: timestamppb.New(monday.Add(time.Minute))}, []string{"ref-1"}},
		{"by CRN", &processingv1.SearchSubmissionsRequest{Crn: poor.crn}, []string{"ref-2", "ref-5"}},
		{"by CRN, type and status", &processingv1.SearchSubmissionsRequest{Crn: poor.crn, InformationTypes: []eventv1.InformationType{2}, Statuses: open}, []string{"ref-2"}},
		{"by reference", &processingv1.SearchSubmissionsRequest{Reference: "ref-4"}, []string{"ref-4"}},
		{"by another authority's reference", &processingv1.SearchSubmissionsRequest{Reference: "ref-4", AuthorityIds: []string{"qld-cp"}}, nil},
		{"pending, which nobody here knows", &processingv1.SearchSubmissionsRequest{Statuses: []eventv1.SubmissionStatus{1}}, nil},
	} {
		equal(t, c.name, w.search(c.r), c.want)
		c.r.PageSize, c.r.PageToken = 1, ""
		equal(t, c.name+", page by page", w.search(c.r), c.want)
	}
	w.clock.Advance(25 * time.Hour)
	equal(t, "old", w.search(&processingv1.SearchSubmissionsRequest{MinAgeDays: 1}), []string{"ref-2", "ref-3", "ref-4", "ref-5"})
	_, err := w.queue.SearchSubmissions(alice(), &processingv1.SearchSubmissionsRequest{PageToken: "rubbish"})
	refused(t, "a forged token", err, fault.Invalid, "FIELD_INVALID")
}

func TestPagesAreStableWhileRowsCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	lodge := func(n int) {
		for range n {
			w.decide(w.lodgings.lodge(qldCP, refer(p)))
		}
	}
	lodge(20)
	for _, order := range []processingv1.SortOrder{1, 2} {
		r := &processingv1.SearchSubmissionsRequest{PageSize: 3, Order: order, LodgedBefore: timestamppb.New(w.clock.Now().Add(time.Second))}
		before := w.search(&processingv1.SearchSubmissionsRequest{Order: order, LodgedBefore: r.LodgedBefore})
		w.clock.Advance(time.Minute)
		var found []string
		for {
			page, err := w.queue.SearchSubmissions(alice(), r)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range page.GetSubmissions() {
				found = append(found, s.GetReference())
			}
			lodge(2)
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				break
			}
		}
		if !slices.Equal(found, before) {
			t.Errorf("order %s: pages gave %q, at once %q", order, found, before)
		}
		_, err := w.queue.SearchSubmissions(alice(), &processingv1.SearchSubmissionsRequest{Order: 3 - order, PageToken: tokenOfFirst(t, w, order)})
		refused(t, "a token of the other order", err, fault.Invalid, "FIELD_INVALID")
	}
}

func tokenOfFirst(t *testing.T, w *world, order processingv1.SortOrder) string {
	t.Helper()
	page, err := w.queue.SearchSubmissions(alice(), &processingv1.SearchSubmissionsRequest{Order: order, PageSize: 1})
	if err != nil || page.GetNextPageToken() == "" {
		t.Fatalf("first page: %v, %v", page, err)
	}
	return page.GetNextPageToken()
}
