package autoprocessing_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

const eligible = eventv1.Outcome_OUTCOME_ELIGIBLE

func TestALiftLetsTheRequesterDisclose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, s := w.hiddenCustomer(disclose)
	w.claim(alice(), s)
	_, err := w.queue.RecordOutcome(alice(), outcome(s, eligible))
	refused(t, "without a lift", err, fault.Precondition, "RESTRICTED_ACCESS")

	c := w.lifted(s)
	if c.GetState() != processingv1.AccessState_ACCESS_STATE_LIFTED || c.GetUntil().AsTime().Sub(w.clock.Now()) != time.Hour || c.GetDecider() != "rita" {
		t.Fatalf("case %v", c)
	}
	d := w.detailAs(alice(), s)
	if d.GetGuarded() || len(d.GetAllowedOutcomes()) != 3 {
		t.Errorf("under the lift: guarded %v, allowed %v", d.GetGuarded(), d.GetAllowedOutcomes())
	}
	if other := w.detailAs(bob(), s); !other.GetGuarded() || len(other.GetAllowedOutcomes()) != 1 {
		t.Errorf("another officer: guarded %v, allowed %v", other.GetGuarded(), other.GetAllowedOutcomes())
	}
	v, err := w.access.ViewRestrictedRecord(alice(), look(s))
	if err != nil || v.GetCustomer().GetName().GetFamilyName() != p.family || v.GetUntil() == nil {
		t.Fatalf("view %v, %v", v, err)
	}
	_, err = w.access.ViewRestrictedRecord(bob(), look(s))
	refused(t, "another officer's view", err, fault.Denied, "RESTRICTED_ACCESS")
	_, err = w.queue.RecordOutcome(alice(), outcome(s, eligible))
	refused(t, "finish while lifted", err, fault.Precondition, "ACCESS_LIFTED")
	_, err = w.queue.ReturnToAuthority(alice(), &processingv1.ReturnToAuthorityRequest{SubmissionId: s, Version: 3, ActionId: "r", Declaration: true, Note: "back"})
	refused(t, "return while lifted", err, fault.Precondition, "ACCESS_LIFTED")
	_, err = w.queue.Reprocess(alice(), &processingv1.ReprocessRequest{SubmissionId: s})
	refused(t, "reprocess while lifted", err, fault.Precondition, "ACCESS_LIFTED")

	for range 2 {
		if _, err = w.queue.RecordOutcome(alice(), outcome(s, eligible, reinstating)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := w.disclosures.GetDisclosure(asAuthority("qld-cp"), &processingv1.GetDisclosureRequest{SubmissionId: s})
	if err != nil || got.GetDisclosure().GetCrn() != p.crn {
		t.Errorf("disclosure %v, %v", got, err)
	}
	equal(t, "told", kinds(w.outboxEvents()), []string{"unprocessed CUSTOMER_NOT_IDENTIFIED", "access lifted", "access reinstated", "decided ELIGIBLE"})
	if l := w.outboxEvents()[1].GetAccessLifted(); l.GetOfficerId() != "alice" || l.GetCrn() != p.crn {
		t.Errorf("told %v", l)
	}
	h, err := w.access.GetAccessCase(rita(), &processingv1.GetAccessCaseRequest{SubmissionId: s})
	if err != nil || h.GetCase().GetState() != processingv1.AccessState_ACCESS_STATE_REINSTATED {
		t.Fatalf("case %v, %v", h, err)
	}
	var steps []string
	for _, x := range h.GetSteps() {
		steps = append(steps, x.GetStep()+" "+x.GetActor())
		if x.GetReason() == "" {
			t.Errorf("%s has no reason", x.GetStep())
		}
	}
	equal(t, "history", steps, []string{"contacted officer:alice", "requested officer:alice", "lifted officer:rita", "viewed officer:alice", "reinstated officer:alice"})
	if d = w.detailAs(alice(), s); !d.GetGuarded() {
		t.Error("the record is open after the outcome")
	}
	_, err = w.access.ViewRestrictedRecord(alice(), look(s))
	refused(t, "view after the outcome", err, fault.NotFound, "ACCESS_CASE_NOT_FOUND")
	w.sound()
}

func TestTwoPersonsReasonAndContact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, s := w.hiddenCustomer(disclose)
	_, err := w.access.RecordAuthorityContact(alice(), contact(s))
	refused(t, "without a claim", err, fault.Precondition, "CLAIM_REQUIRED")
	both := as("alice", "contact-officer", "restricted-access-officer")
	c := w.contacted(s, false)
	_, err = w.access.RecordRiskAssessment(both, assessment(s, c.GetVersion(), lift))
	refused(t, "the same person", err, fault.Denied, "SECOND_PERSON_REQUIRED")
	_, err = w.access.RecordRiskAssessment(bob(), assessment(s, c.GetVersion(), lift))
	refused(t, "without the role", err, fault.Denied, "RESTRICTED_OFFICER_REQUIRED")
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift, func(r *processingv1.RecordRiskAssessmentRequest) { r.Reason = "  " }))
	refused(t, "without a reason", err, fault.Invalid, "FIELD_INVALID")
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift))
	refused(t, "the customer does not know", err, fault.Precondition, "CUSTOMER_CONTACT_REQUIRED")
	spoken := func(at time.Time, how string) func(*processingv1.RecordRiskAssessmentRequest) {
		return func(r *processingv1.RecordRiskAssessmentRequest) {
			r.CustomerContactedAt, r.CustomerContact = timestamppb.New(at), how
		}
	}
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift, spoken(w.clock.Now().Add(time.Hour), "by telephone")))
	refused(t, "contact in the future", err, fault.Invalid, "FIELD_INVALID")
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift, spoken(w.clock.Now(), " ")))
	refused(t, "contact nobody knows how", err, fault.Invalid, "FIELD_INVALID")
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion()-1, lift))
	refused(t, "another version", err, fault.Conflict, "ACCESS_CASE_CHANGED")
	_, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift, func(r *processingv1.RecordRiskAssessmentRequest) { r.Minutes = 481 }, spoken(w.clock.Now(), "by telephone")))
	refused(t, "longer than allowed", err, fault.Invalid, "FIELD_INVALID")
	for range 2 {
		if _, err = w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), lift, spoken(w.clock.Now(), "by telephone"))); err != nil {
			t.Fatal(err)
		}
	}
	_, err = w.access.RecordRiskAssessment(as("rob", "restricted-access-officer"), assessment(s, c.GetVersion(), keep, func(r *processingv1.RecordRiskAssessmentRequest) { r.ActionId = "other" }))
	refused(t, "a second decision", err, fault.Conflict, "ACCESS_CASE_CHANGED")
	_, err = w.access.RecordAuthorityContact(alice(), contact(s, func(r *processingv1.RecordAuthorityContactRequest) { r.ActionId = "again" }))
	refused(t, "a second case", err, fault.Conflict, "ACCESS_CASE_OPEN")
}

func TestKeptMeansNotDisclosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, s := w.hiddenCustomer(disclose)
	c := w.contacted(s, true)
	if _, err := w.access.RecordRiskAssessment(rita(), assessment(s, c.GetVersion(), keep)); err != nil {
		t.Fatal(err)
	}
	_, err := w.access.ViewRestrictedRecord(alice(), look(s))
	refused(t, "view", err, fault.NotFound, "ACCESS_CASE_NOT_FOUND")
	_, err = w.queue.RecordOutcome(alice(), outcome(s, eligible, reinstating))
	refused(t, "disclose", err, fault.Precondition, "RESTRICTED_ACCESS")
	if _, err = w.queue.RecordOutcome(alice(), outcome(s, eventv1.Outcome_OUTCOME_NOT_DISCLOSED)); err != nil {
		t.Fatal(err)
	}
	if d := lastDecided(w.outboxEvents()); len(d.GetReasons()) != 1 || d.GetReasons()[0] != eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_NOT_IDENTIFIED {
		t.Errorf("the authority reads %v", d)
	}
	w.sound()
}

func TestALiftEndsByItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, s := w.hiddenCustomer(disclose)
	w.lifted(s, func(r *processingv1.RecordRiskAssessmentRequest) { r.Minutes = 10 })
	w.clock.Advance(10 * time.Minute)
	// Before any sweep.
	_, err := w.access.ViewRestrictedRecord(alice(), look(s))
	refused(t, "view after the time", err, fault.Denied, "RESTRICTED_ACCESS")
	_, err = w.queue.RecordOutcome(alice(), outcome(s, eligible, reinstating))
	refused(t, "disclose after the time", err, fault.Precondition, "RESTRICTED_ACCESS")
	if d := w.detailAs(alice(), s); !d.GetGuarded() || len(d.GetAllowedOutcomes()) != 1 {
		t.Errorf("after the time: %v", d)
	}
	_, err = w.register.ListNotices(alice(), &processingv1.ListNoticesRequest{Crn: p.crn})
	refused(t, "notices after the time", err, fault.Denied, "RESTRICTED_ACCESS")
	for range 2 {
		if err := w.p.Relock(t.Context(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "told", kinds(w.outboxEvents())[1:], []string{"access lifted", "access reinstated"})
	if n := one[int64](w, "SELECT count(*) FROM access_step WHERE step = 'expired' AND actor = 'system'"); n != 1 {
		t.Errorf("%d steps tell that it expired", n)
	}
	// A new case may follow.
	if _, err := w.access.RecordAuthorityContact(alice(), contact(s, func(r *processingv1.RecordAuthorityContactRequest) { r.ActionId = "contact-2" })); err != nil {
		t.Error(err)
	}
}

// The business clock may stand still or run back: the database's own bounds the
// lift, up to the very commit.
func TestTheDatabaseBoundsALift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, s := w.hiddenCustomer(disclose)
	w.lifted(s)
	ctx := t.Context()
	tamper := func(sql string) {
		t.Helper()
		if _, err := w.admin().Exec(ctx, "SET session_replication_role = replica; "+sql+"; SET session_replication_role = origin"); err != nil {
			t.Fatal(err)
		}
	}
	tamper("UPDATE autoprocessing.access_case SET granted_at = clock_timestamp() - interval '61 minutes'")
	_, err := w.access.ViewRestrictedRecord(alice(), look(s))
	refused(t, "view", err, fault.Denied, "RESTRICTED_ACCESS")
	_, err = w.queue.RecordOutcome(alice(), outcome(s, eligible, reinstating))
	refused(t, "disclose", err, fault.Precondition, "RESTRICTED_ACCESS")
	if err := w.p.Relock(ctx, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if n := one[int64](w, "SELECT count(*) FROM access_case WHERE state = 6"); n != 1 {
		t.Errorf("%d lifts expired", n)
	}
}

// What is over in the middle of recording an outcome is over.
func TestALiftThatEndsDuringTheOutcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, s := w.hiddenCustomer(disclose)
	w.lifted(s)
	// By the database's clock: the outcome waits at its commit.
	ctx := t.Context()
	if _, err := w.admin().Exec(ctx, `CREATE FUNCTION autoprocessing.late() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN NEW.granted_at := clock_timestamp() - interval '60 minutes' + interval '200 milliseconds'; PERFORM pg_sleep(0.4); RETURN NEW; END $$;
		CREATE TRIGGER zz_late BEFORE UPDATE ON autoprocessing.access_case FOR EACH ROW WHEN (NEW.state = 5) EXECUTE FUNCTION autoprocessing.late()`); err != nil {
		t.Fatal(err)
	}
	_, err := w.queue.RecordOutcome(alice(), outcome(s, eligible, reinstating))
	refused(t, "over at the commit", err, fault.Precondition, "RESTRICTED_ACCESS")
	if _, err := w.admin().Exec(ctx, "DROP TRIGGER zz_late ON autoprocessing.access_case"); err != nil {
		t.Fatal(err)
	}
	// By the business clock: it passes the end while the outcome waits for a lock.
	tx, err := w.pool.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(ctx, "SELECT FROM submission WHERE id = $1 FOR UPDATE", s); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := w.queue.RecordOutcome(alice(), outcome(s, eligible, reinstating))
		done <- err
	}()
	w.waiting()
	w.clock.Advance(time.Hour)
	w.claimUntil(s, w.clock.Now().Add(time.Hour), tx)
	if err := tx.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	refused(t, "over behind the lock", <-done, fault.Precondition, "RESTRICTED_ACCESS")
	if n := one[int64](w, "SELECT count(*) FROM disclosure"); n != 0 {
		t.Errorf("%d disclosures", n)
	}
	w.sound()
}
