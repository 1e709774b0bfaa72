package autoprocessing_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// secretive is a restricted record each of whose fields is a canary; what the
// authority lodges of it is only CRN, family name and date of birth.
func secretive(c *registryv1.Customer) {
	c.RestrictedAccess = true
	c.Name.GivenName = "CANARYGIVEN"
	c.Addresses[0].Street, c.Addresses[0].Locality, c.Addresses[0].State = "1 CANARYSTREET", "CANARYTOWN", eventv1.Jurisdiction_JURISDICTION_VIC
	c.Payments = []*registryv1.Payment{{Code: "CANARY_PAYMENT", FortnightlyCents: 4242, FromDate: "2025-01-06"}}
	c.Nominee = &registryv1.Nominee{Kind: "CANARY_NOMINEE"}
	c.PartnerCrn = "999999999Z"
	c.DateOfDeath = "2026-01-01"
}

// silent fails when a message tells anything of a secretive record beyond what
// was lodged, or of its reasons.
func silent(t *testing.T, what string, m proto.Message) {
	t.Helper()
	text := prototext.Format(m)
	for _, canary := range []string{
		"CANARY", "999999999Z", "VIC", "DECEASED", "OUTSIDE_DECLARED_AREA", "NO_ELIGIBLE_PAYMENT", "EXCLUDED_NOMINEE", "alive did not pass", "Given",
	} {
		if strings.Contains(text, canary) {
			t.Errorf("%s shows %q of a restricted record:\n%s", what, canary, text)
		}
	}
}

// callers who may not see a restricted record.
func outsiders() map[string]context.Context {
	return map[string]context.Context{
		"contact officer": alice(), "supervisor": as("sue", "supervisor"), "auditor": as("ann", "auditor"),
		"a Restricted Access officer with a conflict": as("carl", "restricted-access-officer"),
	}
}

func TestNothingOfARestrictedRecordIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), secretive)
	if _, err := w.access.DeclareConflict(as("carl", "restricted-access-officer"), &processingv1.DeclareConflictRequest{Crn: p.crn, Reason: "my sister"}); err != nil {
		t.Fatal(err)
	}
	own := commence(p, "2026-03-02", 3)
	s, r := w.lodgings.lodge(qldCP, own), w.lodgings.lodge(qldCP, revoke(p))
	w.decide(s, r)
	if n := one[int64](w, "SELECT max(cardinality(reasons))::bigint FROM queue_entry"); n < 4 {
		t.Fatalf("the record gave only %d reasons: nothing is proved", n)
	}
	guardedReason := eventv1.RejectionReason_REJECTION_REASON_RESTRICTED_ACCESS
	for who, ctx := range outsiders() {
		reason := "RESTRICTED_ACCESS"
		if strings.Contains(who, "conflict") {
			reason = "CONFLICT_OF_INTEREST"
		}
		for _, e := range []*eventv1.Event{s, r} {
			d := w.detailAs(ctx, id(e))
			silent(t, "the detail for a "+who, d)
			if !d.GetGuarded() || len(d.GetNotices()) != 0 || d.GetSummary().GetCrn() != p.crn || len(d.GetSummary().GetReasons()) != 1 || d.GetSummary().GetReasons()[0] != guardedReason {
				t.Errorf("%s: %v", who, d.GetSummary())
			}
			if d.GetSubmission() == nil {
				t.Errorf("%s does not see what the authority lodged", who)
			}
		}
		page, err := w.queue.SearchSubmissions(ctx, &processingv1.SearchSubmissionsRequest{})
		if err != nil || len(page.GetSubmissions()) != 2 {
			t.Fatalf("%s: %v, %v", who, page, err)
		}
		silent(t, "the list for a "+who, page)
		// Neither can it be asked for by what is not shown.
		for _, by := range []eventv1.RejectionReason{
			eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_DECEASED, eventv1.RejectionReason_REJECTION_REASON_OUTSIDE_DECLARED_AREA,
		} {
			page, err := w.queue.SearchSubmissions(ctx, &processingv1.SearchSubmissionsRequest{Reasons: []eventv1.RejectionReason{by}})
			if err != nil || len(page.GetSubmissions()) != 0 {
				t.Errorf("%s finds by %s: %v, %v", who, by, page, err)
			}
		}
		_, err = w.queue.SearchSubmissions(ctx, &processingv1.SearchSubmissionsRequest{Crn: p.crn})
		refused(t, who+" searches by CRN", err, fault.Denied, reason)
		_, err = w.register.ListNotices(ctx, &processingv1.ListNoticesRequest{Crn: p.crn})
		refused(t, who+" lists notices", err, fault.Denied, reason)
		counts, err := w.queue.CountQueue(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		silent(t, "the counts for a "+who, counts)
	}
	for _, e := range w.outboxEvents() {
		silent(t, "an event", e)
	}
	if d := w.detailAs(rita(), id(s)); d.GetGuarded() || len(d.GetSummary().GetReasons()) < 4 {
		t.Errorf("the Restricted Access officer sees %v", d.GetSummary())
	}
	if _, err := w.register.ListNotices(rita(), &processingv1.ListNoticesRequest{Crn: p.crn}); err != nil {
		t.Error(err)
	}
	w.sound()
}

// A record restricted after a decision is masked from then on, by what the
// registry says; while it cannot be asked, everything counts as restricted.
func TestARecordRestrictedLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), secretive, func(c *registryv1.Customer) { c.RestrictedAccess = false })
	s := w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3))
	w.decide(s)
	if d := w.detailAs(alice(), id(s)); d.GetGuarded() || len(d.GetSummary().GetReasons()) < 3 {
		t.Fatalf("unrestricted: %v", d.GetSummary())
	}
	hidden := func(what string) {
		t.Helper()
		silent(t, what, w.detailAs(alice(), id(s)))
		for _, by := range [][]eventv1.RejectionReason{nil, {eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_DECEASED}} {
			page, err := w.queue.SearchSubmissions(alice(), &processingv1.SearchSubmissionsRequest{Reasons: by})
			if err != nil || (by != nil && len(page.GetSubmissions()) != 0) {
				t.Errorf("%s: %v, %v", what, page, err)
			}
			silent(t, what+", in a list", page)
		}
	}
	w.registry.breaks(func() error { return status.Error(codes.Unavailable, "down") })
	hidden("while nobody can be asked")
	_, err := w.register.ListNotices(alice(), &processingv1.ListNoticesRequest{Crn: p.crn})
	refused(t, "notices while nobody can be asked", err, fault.Unavailable, "REGISTRY_UNAVAILABLE")
	w.registry.breaks(nil)
	w.registry.knows(p, secretive)
	hidden("restricted later")
	w.claim(alice(), id(s))
	_, err = w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_COMMENCED))
	refused(t, "commence", err, fault.Precondition, "RESTRICTED_ACCESS")
}

func TestRestrictedCandidatesAreACount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	twin := w.registry.knows(someone(1), secretive)
	other := w.registry.knows(person{crn: "300000001A", family: twin.family, given: "Other", born: twin.born}, func(c *registryv1.Customer) {
		secretive(c)
		c.Name.GivenName = "CANARYOTHER"
	})
	third := w.registry.knows(person{crn: "300000002A", family: twin.family, given: "Third", born: twin.born})
	s := w.lodgings.lodge(qldCP, find(person{family: twin.family, given: "Someone", born: twin.born}))
	w.decide(s)
	d := w.detailAs(alice(), id(s))
	if d.GetRestrictedCandidates() != 2 || len(d.GetCandidates()) != 1 || d.GetCandidates()[0].GetCrn() != third.crn {
		t.Errorf("candidates %v and %d", d.GetCandidates(), d.GetRestrictedCandidates())
	}
	for _, crn := range []string{twin.crn, other.crn} {
		if strings.Contains(prototext.Format(d), crn) {
			t.Errorf("the CRN of a restricted candidate is shown")
		}
	}
	if d := w.detailAs(rita(), id(s)); d.GetRestrictedCandidates() != 0 || len(d.GetCandidates()) != 3 {
		t.Errorf("the Restricted Access officer sees %v", d.GetCandidates())
	}
	w.claim(alice(), id(s))
	_, err := w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_MATCHED, func(r *processingv1.RecordOutcomeRequest) { r.Crn = other.crn }))
	refused(t, "match a restricted one", err, fault.Precondition, "RESTRICTED_ACCESS")

	// The officer asks without knowing whom; the Restricted Access officer chooses.
	c := w.contacted(id(s), true)
	if c.GetCrn() != "" {
		t.Errorf("the case tells the CRN %s", c.GetCrn())
	}
	_, err = w.access.RecordRiskAssessment(rita(), assessment(id(s), c.GetVersion(), lift))
	refused(t, "nobody chosen", err, fault.Invalid, "FIELD_INVALID")
	if v, err := w.access.ViewRestrictedRecord(rita(), &processingv1.ViewRestrictedRecordRequest{SubmissionId: id(s), Reason: "assess it", Crn: other.crn}); err != nil || v.GetCustomer().GetCrn() != other.crn {
		t.Errorf("%v, %v", v, err)
	}
	choose := func(crn string) func(*processingv1.RecordRiskAssessmentRequest) {
		return func(r *processingv1.RecordRiskAssessmentRequest) { r.Crn = crn }
	}
	_, err = w.access.RecordRiskAssessment(rita(), assessment(id(s), c.GetVersion(), lift, choose(third.crn)))
	refused(t, "no restricted candidate", err, fault.Invalid, "FIELD_INVALID")
	if _, err = w.access.RecordRiskAssessment(rita(), assessment(id(s), c.GetVersion(), lift, choose(other.crn))); err != nil {
		t.Fatal(err)
	}
	if d = w.detailAs(alice(), id(s)); d.GetRestrictedCandidates() != 1 || len(d.GetCandidates()) != 2 {
		t.Errorf("under the lift: %v and %d", d.GetCandidates(), d.GetRestrictedCandidates())
	}
	got, err := w.queue.RecordOutcome(alice(), outcome(id(s), eventv1.Outcome_OUTCOME_MATCHED, reinstating, func(r *processingv1.RecordOutcomeRequest) { r.Crn = other.crn }))
	if err != nil {
		t.Fatal(err)
	}
	// Locked again: what the hub found is masked, in the answer, too.
	if got.GetSubmission().GetCrn() != "" {
		t.Errorf("the answer tells the CRN")
	}
	child := one[string](w, "SELECT id::text FROM submission WHERE parent_id IS NOT NULL")
	for _, x := range []string{id(s), child} {
		silent(t, "after the outcome", w.detailAs(bob(), x))
	}
	page, err := w.queue.SearchSubmissions(bob(), &processingv1.SearchSubmissionsRequest{})
	if err != nil || strings.Contains(prototext.Format(page), other.crn) {
		t.Errorf("the list tells the CRN: %v, %v", page, err)
	}
	w.sound()
}

func TestConflictsAlarmAndGuardedNotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, s := w.hiddenCustomer(disclose)
	conflict := &processingv1.DeclareConflictRequest{OfficerId: "rita", Crn: p.crn, Reason: "a relative"}
	_, err := w.access.DeclareConflict(alice(), conflict)
	refused(t, "somebody else's conflict", err, fault.Denied, "SUPERVISOR_REQUIRED")
	c := w.contacted(s, true)
	for range 2 {
		if _, err := w.access.DeclareConflict(as("sue", "supervisor"), conflict); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift))
	refused(t, "a relative decides", err, fault.Denied, "CONFLICT_OF_INTEREST")
	_, err = w.access.ViewRestrictedRecord(rita(), look(s))
	refused(t, "a relative looks", err, fault.Denied, "CONFLICT_OF_INTEREST")
	if d := w.detailAs(rita(), s); !d.GetGuarded() {
		t.Error("a relative sees the detail")
	}
	rob := as("rob", "restricted-access-officer")
	if _, err := w.access.RecordRiskAssessment(rob, assessment(s, c.GetVersion(), lift)); err != nil {
		t.Fatal(err)
	}
	before := len(w.audited())
	for range viewsPerHour + 1 {
		if _, err := w.access.ViewRestrictedRecord(rob, look(s)); err != nil {
			t.Fatal(err)
		}
	}
	alarms := 0
	for _, e := range w.audited()[before:] {
		if e.Action == "access.view-alarm" {
			alarms++
		}
	}
	if alarms != 1 {
		t.Errorf("%d alarms", alarms)
	}
	// What is written under a lift is for those who may know.
	if _, err := w.queue.AddNote(alice(), &processingv1.AddNoteRequest{SubmissionId: s, Text: "CANARY lives with the aunt", ActionId: "n"}); err != nil {
		t.Fatal(err)
	}
	silent(t, "notes for another officer", w.detailAs(bob(), s))
	if h, err := w.access.GetAccessCase(bob(), &processingv1.GetAccessCaseRequest{SubmissionId: s}); err != nil || strings.Contains(prototext.Format(h), "CANARY") || h.GetCase().GetCrn() != "" {
		t.Errorf("another officer reads %v, %v", h, err)
	}
	w.clock.Advance(time.Hour)
	if d := w.detailAs(rob, s); len(d.GetNotes()) != 1 || !strings.Contains(d.GetNotes()[0].GetText(), "CANARY") {
		t.Errorf("the Restricted Access officer reads %v", d.GetNotes())
	}
}
