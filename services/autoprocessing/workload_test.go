package autoprocessing_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

func sue() context.Context { return as("sue", "supervisor") }

// referrals lodges so many referrals of one customer, which wait for an officer.
func (w *world) referrals(n int) []string {
	w.t.Helper()
	p := w.registry.knows(someone(1))
	all, ids := make([]*eventv1.Event, n), make([]string, n)
	for i := range all {
		all[i] = w.lodgings.lodge(qldCP, refer(p))
		ids[i] = id(all[i])
	}
	w.decide(all...)
	return ids
}

// count is what CountSubmissions says.
func (w *world) count(ctx context.Context, r *processingv1.SearchSubmissionsRequest) *processingv1.CountSubmissionsResponse {
	w.t.Helper()
	c, err := w.workload.CountSubmissions(ctx, &processingv1.CountSubmissionsRequest{Search: r})
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

func TestCountsAgreeWithSearches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, poor := w.registry.knows(someone(1)), w.registry.knows(someone(2), withoutPayments)
	s := []*eventv1.Event{
		w.lodgings.lodge(qldCP, disclose(p)), w.lodgings.lodge(qldCP, disclose(poor)), w.lodgings.lodge(ntCP, refer(p)),
		w.lodgings.lodge(frc, find(someone(9))), w.lodgings.lodge(ntSpar, refer(poor)),
	}
	w.decide(s...)
	w.claim(alice(), id(s[2]))
	if _, err := w.queue.Hold(alice(), &processingv1.HoldRequest{SubmissionId: id(s[4]), Until: "2026-04-01", Note: "later", Version: 3}); err != nil {
		t.Fatal(err)
	}
	open := []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED}
	decided := []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED}
	for _, r := range []*processingv1.SearchSubmissionsRequest{
		{},
		{Statuses: open},
		{Statuses: open, IncludeHeld: true},
		{Statuses: open, Unassigned: true},
		{AssignedTo: "alice"},
		{Reasons: []eventv1.RejectionReason{21}},
		{Reasons: []eventv1.RejectionReason{21, 1}, Statuses: open},
		{Crn: poor.crn},
		{Reference: "ref-4"},
		{Reference: "ref-4", AuthorityIds: []string{"qld-cp"}},
		{AuthorityIds: []string{"qld-cp", "frc"}},
		{BusinessFunctions: []eventv1.BusinessFunction{2}},
		{InformationTypes: []eventv1.InformationType{5, 1}},
		{LodgedBefore: timestamp(monday)},
		{MinAgeDays: 1},
		{InformationTypes: []eventv1.InformationType{5}, Statuses: open, Reasons: []eventv1.RejectionReason{21}},
		{InformationTypes: []eventv1.InformationType{5}, Statuses: decided, Reasons: []eventv1.RejectionReason{21}},
		{AuthorityIds: []string{"nt-cp"}, Statuses: decided, Reasons: []eventv1.RejectionReason{21}},
		{Statuses: decided, Reasons: []eventv1.RejectionReason{21}},
	} {
		want := len(w.search(proto.CloneOf(r)))
		r.PageSize, r.Order = 1, processingv1.SortOrder_SORT_ORDER_NEWEST_FIRST // of no account
		c := w.count(alice(), r)
		if c.GetTotal() != int64(want) || c.GetMore() || !c.GetAsAt().AsTime().Equal(w.clock.Now()) {
			t.Errorf("%v: counted %v, found %d", r, c, want)
		}
	}
}

// A count tells of a restricted record neither by its CRN nor by the reasons it
// gave, whether it was restricted before the decision or after it.
func TestCountsOfRestrictedRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), withoutPayments)
	s := w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3))
	w.decide(s)
	byReason := &processingv1.SearchSubmissionsRequest{Reference: "ref-1", Reasons: w.detail(id(s)).GetSummary().GetReasons()}
	if c := w.count(alice(), byReason); c.GetTotal() != 1 {
		t.Fatalf("before: %v", c)
	}
	w.registry.knows(p, secretive)
	for who, ctx := range outsiders() {
		if c := w.count(ctx, byReason); c.GetTotal() != 0 && who != "a Restricted Access officer with a conflict" {
			t.Errorf("%s learns the reason by counting: %v", who, c)
		}
		if who == "a Restricted Access officer with a conflict" {
			continue
		}
		_, err := w.workload.CountSubmissions(ctx, &processingv1.CountSubmissionsRequest{Search: &processingv1.SearchSubmissionsRequest{Crn: p.crn}})
		refused(t, who+" counts by CRN", err, fault.Denied, "RESTRICTED_ACCESS")
	}
	if c := w.count(rita(), byReason); c.GetTotal() != 1 {
		t.Errorf("the Restricted Access officer counts %v", c)
	}
	if _, err := w.access.DeclareConflict(rita(), &processingv1.DeclareConflictRequest{Crn: p.crn, Reason: "my sister"}); err != nil {
		t.Fatal(err)
	}
	if c := w.count(rita(), byReason); c.GetTotal() != 0 {
		t.Errorf("with a conflict counted %v", c)
	}
}

func TestTeamLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.referrals(3)
	w.clock.Advance(6 * 24 * time.Hour)
	young := w.referrals(4)
	for _, id := range old[:2] {
		if _, err := w.queue.Assign(sue(), &processingv1.AssignRequest{SubmissionId: id, OfficerId: "bob", Reason: "to share the work"}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.queue.Hold(bob(), &processingv1.HoldRequest{SubmissionId: old[0], Until: "2026-04-01", Note: "later", Version: 3}); err != nil {
		t.Fatal(err)
	}
	for _, id := range young[:3] {
		w.claim(alice(), id)
	}
	load := func() *processingv1.CountTeamLoadResponse {
		t.Helper()
		r, err := w.workload.CountTeamLoad(sue(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r := load()
	if len(r.GetOfficers()) != 2 {
		t.Fatalf("load %v", r)
	}
	a, b := r.GetOfficers()[0], r.GetOfficers()[1]
	if a.GetOfficerId() != "alice" || a.GetHeld() != 3 || a.GetOnHold() != 0 || a.GetAssigned() != 0 {
		t.Errorf("alice has %v", a)
	}
	if b.GetOfficerId() != "bob" || b.GetHeld() != 2 || b.GetOnHold() != 1 || b.GetAssigned() != 2 || !b.GetOldestSince().AsTime().Equal(monday) {
		t.Errorf("bob has %v", b)
	}
	ages := func(r *processingv1.CountTeamLoadResponse) (out []string) {
		for _, g := range r.GetAges() {
			out = append(out, fmt.Sprintf("%d-%d: %d held, %d not", g.GetFromDays(), g.GetToDays(), g.GetHeld(), g.GetUnassigned()))
		}
		return out
	}
	equal(t, "ages", ages(r), []string{"0-1: 3 held, 1 not", "2-4: 0 held, 0 not", "5-9: 2 held, 1 not", "10-29: 0 held, 0 not", "30-0: 0 held, 0 not"})
	// Claims that are over count for nothing, whether or not the sweep has been there.
	w.clock.Advance(31 * time.Minute)
	if r = load(); len(r.GetOfficers()) != 1 || r.GetAges()[0].GetUnassigned() != 4 {
		t.Errorf("after the claims are over: %v", r)
	}
}

func TestWatchQueue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	background(t, w.workload.Run)
	ids := w.referrals(3)
	watch := func(ids ...string) *sink[processingv1.WatchQueueResponse] {
		return listen(alice(), t, func(s grpc.ServerStreamingServer[processingv1.WatchQueueResponse]) error {
			return w.workload.WatchQueue(&processingv1.WatchQueueRequest{SubmissionIds: ids}, s)
		})
	}
	unknown := "0199aaaa-0000-7000-8000-00000000dead"
	two, none := watch(ids[0], ids[1], unknown, ids[0]), watch()
	for _, s := range []*sink[processingv1.WatchQueueResponse]{two, none} {
		if first := s.next(t, "the first"); first.GetCounts().GetOpen() != 3 || len(first.GetChanged()) != 0 {
			t.Errorf("first told %v", first)
		}
	}
	two.silent(t, "nothing happened")
	changed := func(what string, counts bool, want ...string) *processingv1.ChangedSubmission {
		t.Helper()
		began := time.Now()
		m := two.next(t, what)
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s was told after %s", what, took)
		}
		var got []string
		for _, c := range m.GetChanged() {
			got = append(got, c.GetSubmissionId())
		}
		if !slices.Equal(got, want) || (m.GetCounts() != nil) != counts {
			t.Fatalf("%s: told %v, want changes of %v", what, m, want)
		}
		return m.GetChanged()[0]
	}
	w.claim(bob(), ids[0])
	if c := changed("a claim", true, ids[0]); c.GetHeldBy() != "bob" || c.GetVersion() != 3 || c.GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED {
		t.Errorf("claimed: %v", c)
	}
	if m := none.next(t, "a claim"); m.GetCounts().GetHeldByOfficers() != 1 || len(m.GetChanged()) != 0 {
		t.Errorf("who watches no submission is told %v", m)
	}
	if _, err := w.queue.AddNote(bob(), &processingv1.AddNoteRequest{SubmissionId: ids[1], Text: "called", ActionId: "note-1"}); err != nil {
		t.Fatal(err)
	}
	changed("a note", false, ids[1])
	if _, err := w.queue.Hold(bob(), &processingv1.HoldRequest{SubmissionId: ids[1], Until: "2026-03-04", Note: "later", Version: 3}); err != nil {
		t.Fatal(err)
	}
	changed("a hold", true, ids[1])
	if _, err := w.queue.RecordOutcome(bob(), outcome(ids[0], eventv1.Outcome_OUTCOME_REFERRAL_NOTED)); err != nil {
		t.Fatal(err)
	}
	if c := changed("an outcome", true, ids[0]); c.GetVersion() != 4 || c.GetHeldBy() != "" || c.GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED {
		t.Errorf("decided: %v", c)
	}
	// What time alone changes shows, too.
	w.clock.Set(day(2026, 3, 4))
	changed("the end of a hold", true, ids[1])
	// What is not watched shows in the counts only.
	w.claim(bob(), ids[2])
	if m := two.next(t, "another one's claim"); m.GetCounts().GetHeldByOfficers() != 1 || len(m.GetChanged()) != 0 {
		t.Errorf("another one's claim: %v", m)
	}
	_, err := collect(alice(), func(s grpc.ServerStreamingServer[processingv1.WatchQueueResponse]) error {
		return w.workload.WatchQueue(&processingv1.WatchQueueRequest{SubmissionIds: []string{"rubbish"}}, s)
	})
	refused(t, "no id", err, fault.Invalid, "FIELD_INVALID")
}

func TestWatchNotices(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	background(t, w.register.Run)
	p := w.registry.knows(someone(1))
	ended := make(chan error, 1)
	s := listen(alice(), t, func(s grpc.ServerStreamingServer[processingv1.WatchNoticesResponse]) error {
		ended <- w.register.WatchNotices(&processingv1.WatchNoticesRequest{Crn: p.crn}, s)
		return nil
	})
	if m := s.next(t, "the first"); m.GetChanges() != 0 {
		t.Errorf("told %v", m)
	}
	w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)))
	if m := s.next(t, "a notice"); m.GetChanges() != 1 {
		t.Errorf("told %v", m)
	}
	w.decide(w.lodgings.lodge(qldCP, revoke(p)))
	if m := s.next(t, "its end"); m.GetChanges() != 2 {
		t.Errorf("told %v", m)
	}
	s.silent(t, "nothing happened")
	w.registry.knows(p, restricted)
	w.clock.Set(day(2026, 7, 1))
	if err := w.p.DayRoll(context.Background(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	refused(t, "a change once it is restricted", <-ended, fault.Denied, "RESTRICTED_ACCESS")
	for who, ctx := range outsiders() {
		if who == "a Restricted Access officer with a conflict" {
			continue // has none here
		}
		_, err := collect(ctx, func(s grpc.ServerStreamingServer[processingv1.WatchNoticesResponse]) error {
			return w.register.WatchNotices(&processingv1.WatchNoticesRequest{Crn: p.crn}, s)
		})
		refused(t, who+" watches", err, fault.Denied, "RESTRICTED_ACCESS")
	}
}
