package autoprocessing_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

func (w *world) detail(id string, roles ...string) *processingv1.GetSubmissionDetailResponse {
	w.t.Helper()
	d, err := w.queue.GetSubmissionDetail(as("reader", roles...), &processingv1.GetSubmissionDetailRequest{SubmissionId: id})
	if err != nil {
		w.t.Fatal(err)
	}
	for i, step := range d.GetHistory() {
		if int(step.GetVersion()) != i+1 || (i > 0 && step.GetFrom() != d.GetHistory()[i-1].GetTo()) || step.GetActor() == "" || step.GetCause() == "" {
			w.t.Errorf("history has a gap at %d: %v", i+1, d.GetHistory())
		}
	}
	if n := len(d.GetHistory()); int(d.GetSummary().GetVersion()) != n || d.GetHistory()[n-1].GetTo() != d.GetSummary().GetStatus() {
		w.t.Errorf("version %d and status %s do not end the history %v", d.GetSummary().GetVersion(), d.GetSummary().GetStatus(), d.GetHistory())
	}
	return d
}

func TestClaimsExpireAndHoldsWake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(1))))
	w.decide(s)
	ctx := context.Background()
	sweep := func() {
		t.Helper()
		if err := w.p.Claims(ctx, w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	stored := func() string {
		return one[string](w, "SELECT held_by || '/' || COALESCE(hold_until::text, '') FROM queue_entry")
	}
	w.claim(alice(), id(s))
	sweep()
	if got := stored(); got != "alice/" {
		t.Errorf("stored %q", got)
	}
	w.clock.Advance(29 * time.Minute)
	w.claim(alice(), id(s)) // extends
	w.clock.Advance(29 * time.Minute)
	sweep()
	if got := w.detail(id(s)).GetSummary(); got.GetHeldBy() != "alice" || stored() != "alice/" {
		t.Errorf("an extended claim is gone: %v", got)
	}
	w.clock.Advance(time.Minute)
	if got := w.detail(id(s)).GetSummary(); got.GetHeldBy() != "" || stored() != "alice/" {
		t.Errorf("an expired claim counts before the sweep: %v", got)
	}
	sweep()
	if got := stored(); got != "/" {
		t.Errorf("stored %q after the sweep", got)
	}

	hold := &processingv1.HoldRequest{SubmissionId: id(s), Until: "2026-03-04", Note: "waiting for the case worker", Version: 3}
	for range 2 {
		if _, err := w.queue.Hold(bob(), hold); err != nil {
			t.Fatal(err)
		}
	}
	d := w.detail(id(s))
	if d.GetSummary().GetHoldUntil() != "2026-03-04" || len(d.GetNotes()) != 1 {
		t.Errorf("on hold: %v, notes %v", d.GetSummary(), d.GetNotes())
	}
	w.clock.Set(day(2026, 3, 4))
	if got := w.detail(id(s)).GetSummary().GetHoldUntil(); got != "" {
		t.Errorf("still on hold until %s", got)
	}
	sweep()
	if got := stored(); got != "/" {
		t.Errorf("stored %q after waking", got)
	}
	hold.Until = "2026-03-04"
	_, err := w.queue.Hold(bob(), hold)
	refused(t, "hold until today", err, fault.Invalid, "FIELD_INVALID")
}

func TestSupervisorsAssign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(1))))
	w.decide(s)
	w.claim(alice(), id(s))
	assign := &processingv1.AssignRequest{SubmissionId: id(s), OfficerId: "bob", Reason: "alice is on leave"}
	_, err := w.queue.Assign(alice(), assign)
	refused(t, "assign without the role", err, fault.Denied, "SUPERVISOR_REQUIRED")
	for range 2 {
		if _, err := w.queue.Assign(as("sue", "supervisor"), assign); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(48 * time.Hour)
	_, err = w.queue.Claim(alice(), &processingv1.ClaimRequest{SubmissionId: id(s)})
	refused(t, "claim what is assigned", err, fault.Conflict, "HELD_BY_ANOTHER")
	if d := w.detail(id(s)); d.GetSummary().GetHeldBy() != "bob" || len(d.GetNotes()) != 1 {
		t.Errorf("assigned: %v, %v", d.GetSummary(), d.GetNotes())
	}
	r, err := w.queue.Release(bob(), &processingv1.ReleaseRequest{SubmissionId: id(s)})
	if err != nil || r.GetSubmission().GetHeldBy() != "" {
		t.Errorf("released: %v, %v", r, err)
	}
	note := &processingv1.AddNoteRequest{SubmissionId: id(s), Text: "called", ActionId: "note-1"}
	for range 2 {
		if _, err := w.queue.AddNote(alice(), note); err != nil {
			t.Fatal(err)
		}
	}
	if d := w.detail(id(s)); len(d.GetNotes()) != 2 {
		t.Errorf("notes %v", d.GetNotes())
	}
	c, err := w.queue.CountQueue(alice(), nil)
	if err != nil || c.GetOpen() != 1 || c.GetHeldByOfficers() != 0 || len(c.GetCounts()) != 4 {
		t.Errorf("counts %v, %v", c, err)
	}
	for _, n := range c.GetCounts() {
		if n.GetCount() != 1 || (n.GetDimension() == "age_days" && n.GetValue() != "2-4") || (n.GetDimension() == "reason" && n.GetValue() != "DECLARATION_REQUIRED") {
			t.Errorf("count %v", n)
		}
	}
}

func TestReprocessDecidesByTheFactsOfNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), withoutPayments)
	s := w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3))
	w.decide(s)
	again := &processingv1.ReprocessRequest{SubmissionId: id(s)}
	w.claim(alice(), id(s))
	_, err := w.queue.Reprocess(bob(), again)
	refused(t, "reprocess what another one holds", err, fault.Conflict, "HELD_BY_ANOTHER")

	w.registry.breaks(func() error { return status.Error(codes.Unavailable, "down") })
	r, err := w.queue.Reprocess(alice(), again)
	if err != nil || codes.Code(r.GetError().GetCode()) != codes.Unavailable || r.GetSubmission().GetVersion() != 3 {
		t.Errorf("registry down: %v, %v", r, err)
	}
	w.registry.breaks(nil)

	// Other facts, other reasons.
	w.registry.knows(p, func(c *registryv1.Customer) { c.Nominee = &registryv1.Nominee{Kind: "PUBLIC_TRUSTEE"} })
	r, err = w.queue.Reprocess(alice(), again)
	if err != nil || len(r.GetSubmission().GetReasons()) != 1 || r.GetSubmission().GetReasons()[0] != eventv1.RejectionReason_REJECTION_REASON_EXCLUDED_NOMINEE {
		t.Fatalf("still unprocessed: %v, %v", r, err)
	}
	w.registry.knows(p)
	if r, err = w.queue.Reprocess(alice(), again); err != nil || r.GetSubmission().GetOutcome() != eventv1.Outcome_OUTCOME_COMMENCED {
		t.Fatalf("processed: %v, %v", r, err)
	}
	told := w.outboxEvents()
	equal(t, "told", kinds(told), []string{"unprocessed NO_ELIGIBLE_PAYMENT", "unprocessed EXCLUDED_NOMINEE", "decided COMMENCED", "notice activated"})
	if string(told[0].GetId()) == string(told[1].GetId()) {
		t.Error("other reasons were told under the id of the first ones")
	}
	if d := told[2].GetSubmissionDecided(); d.GetByOfficer() || !d.GetWasUnprocessed() || d.GetVersion() != 4 || d.GetPolicyVersion() == "" {
		t.Errorf("told %v", d)
	}
	d := w.detail(id(s))
	if len(d.GetDecisions()) != 3 || d.GetDecisions()[2].GetNumber() != 3 || len(d.GetDecisions()[2].GetVerdicts()) == 0 || len(d.GetHistory()) != 4 {
		t.Errorf("detail %v", d)
	}
	w.sound()
}

func TestARestrictedRecordIsSeenByItsOfficerOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), restricted)
	s := w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3))
	w.decide(s)
	// The authority reads what it would read of a stranger.
	if u := w.told[0].GetSubmissionUnprocessed(); len(u.GetReasons()) != 1 || u.GetReasons()[0] != eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_NOT_IDENTIFIED {
		t.Errorf("told %v", u)
	}
	d := w.detail(id(s), "contact-officer")
	facts := d.GetDecisions()[0].GetFacts().GetFields()["customer"].GetStructValue().GetFields()
	if facts["payments"] != nil || len(d.GetAllowedOutcomes()) != 1 || d.GetAllowedOutcomes()[0] != eventv1.Outcome_OUTCOME_NOT_ACCEPTED {
		t.Errorf("a contact officer sees %v and may record %v", facts, d.GetAllowedOutcomes())
	}
	d = w.detail(id(s), "restricted-access-officer")
	if facts = d.GetDecisions()[0].GetFacts().GetFields()["customer"].GetStructValue().GetFields(); facts["payments"] == nil {
		t.Errorf("the Restricted Access officer sees %v", facts)
	}
	w.claim(alice(), id(s))
	_, err := w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_COMMENCED))
	refused(t, "commence while restricted", err, fault.Precondition, "RESTRICTED_ACCESS")
}

// Summing up the kept counts changes none of them, however often and by however
// many replicas at once.
func TestKeptCountsStaySums(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 4 {
		w.decide(w.lodgings.lodge(qldCP, commence(w.registry.knows(someone(i), withoutPayments), "2026-03-02", 3)))
	}
	if _, err := w.pool.Exec(t.Context(), "INSERT INTO queue_count (dimension, value, n) SELECT 'reason', '7', CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END FROM generate_series(1, 2000) i"); err != nil {
		t.Fatal(err)
	}
	w.sound()
	before, err := w.queue.CountQueue(alice(), nil)
	if err != nil || before.GetOpen() != 4 {
		t.Fatalf("counts %v, %v", before, err)
	}
	if err := w.p.Claims(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.sound()
	if n := one[int64](w, "SELECT count(*) FROM queue_count"); n > 20 {
		t.Errorf("%d rows keep the counts", n)
	}
	if after, err := w.queue.CountQueue(alice(), nil); err != nil || after.String() != before.String() {
		t.Errorf("counts %v, before %v, %v", after, before, err)
	}
}
