package autoprocessing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// received are the revocations told of.
func received(all []*eventv1.Event) (out []*eventv1.Event) {
	for _, e := range all {
		if e.GetRevocationReceived() != nil {
			out = append(out, e)
		}
	}
	return out
}

// facts of a RevocationReceived in one line.
func facts(e *eventv1.Event) string {
	r := e.GetRevocationReceived()
	n := r.GetNotice()
	return fmt.Sprintf("%s %s %s..%s v%d, lodged %s, continuation %v, other %v", n.GetAuthorityId(), n.GetState(), n.GetStartDate(), n.GetEndDate(),
		n.GetVersion(), r.GetLodgedOn(), r.GetContinuationExists(), r.GetOtherAuthorityNoticeExists())
}

// A notice from 2 March 2026 for three months ends on 1 June: 29 days from 3 May.
func TestRevocationIsToldWithTheFactsBeforeIt(t *testing.T) {
	t.Parallel()
	const notice = "qld-cp NOTICE_STATE_ACTIVE 2026-03-02..2026-06-01 v1"
	for _, c := range []struct {
		name       string
		month, day int
		continued  bool
		want       []string
		facts      string
	}{
		{"29 days left", 5, 3, false, []string{"decided REVOKED", "revocation received", "notice shortened"}, notice + ", lodged 2026-05-03, continuation false, other false"},
		{"28 days left", 5, 4, false, []string{"unprocessed END_DATE_WITHIN_28_DAYS", "revocation received"}, notice + ", lodged 2026-05-04, continuation false, other false"},
		{"27 days left", 5, 5, false, []string{"unprocessed END_DATE_WITHIN_28_DAYS", "revocation received"}, notice + ", lodged 2026-05-05, continuation false, other false"},
		{"29 days left, continued", 5, 3, true, []string{"decided REVOKED", "revocation received", "notice shortened", "notice revoked"}, notice + ", lodged 2026-05-03, continuation true, other false"},
		{"28 days left, continued", 5, 4, true, []string{"unprocessed END_DATE_WITHIN_28_DAYS", "revocation received", "notice revoked"}, notice + ", lodged 2026-05-04, continuation true, other false"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.registry.knows(someone(1))
			w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)))
			w.clock.Set(day(2026, 4, 20))
			if c.continued {
				w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-06-02", 3)))
			}
			w.clock.Set(day(2026, time.Month(c.month), c.day))
			before := len(w.told)
			s := w.lodgings.lodge(qldCP, revoke(p))
			w.decide(s)
			equal(t, "told", kinds(w.told[before:]), c.want)
			e := received(w.told)[0]
			if got := facts(e); got != c.facts {
				t.Errorf("got  %s\nwant %s", got, c.facts)
			}
			r := e.GetRevocationReceived()
			of, err := clock.IDFromBytes(s.GetSubmissionLodged().GetSubmissionId())
			if err != nil {
				t.Fatal(err)
			}
			id := clock.DerivedID(of, "revocation-received/1")
			if string(e.GetId()) != string(id[:]) || string(r.GetSubmissionId()) != string(of[:]) || r.GetNotice().GetCrn() != p.crn ||
				r.GetNotice().GetMeasure() != eventv1.Measure_MEASURE_CPEIM || len(r.GetNotice().GetSubmissionId()) != 0 || e.GetTraceparent() != s.GetTraceparent() {
				t.Errorf("told %v", e)
			}
			// Redelivered, lodged anew under the same id, asked for again: once is once.
			w.decide(s, s)
			w.decide(again(s))
			if n := len(received(w.outboxEvents())); n != 1 {
				t.Errorf("told %d times", n)
			}
			w.sound()
		})
	}
}

// Another authority's notice that waits is told of, whatever its measure.
func TestRevocationTellsOfAnotherAuthoritysNotice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)))
	w.clock.Set(day(2026, 4, 20))
	asked := commence(p, "2026-06-10", 3)
	asked.GetNoticeToCommence().QuarantinedPercent = 75
	other := w.lodgings.lodge(frc, asked)
	w.decide(other)
	w.claim(alice(), id(other))
	if _, err := w.queue.RecordOutcome(alice(), outcome(id(other), eventv1.Outcome_OUTCOME_COMMENCED, func(r *processingv1.RecordOutcomeRequest) {
		r.RegisterChange = &processingv1.RegisterChange{StartDate: "2026-06-10"}
	})); err != nil {
		t.Fatal(err)
	}
	w.decide(w.lodgings.lodge(qldCP, revoke(p)))
	all := received(w.told)
	if len(all) != 1 || facts(all[0]) != "qld-cp NOTICE_STATE_ACTIVE 2026-03-02..2026-06-01 v1, lodged 2026-04-20, continuation false, other true" {
		t.Errorf("told %v", all)
	}
	w.sound()
}

func TestRevocationsOfOthersAreNotTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	cape, risk, child := w.registry.knows(someone(1)), w.registry.knows(someone(2), inTerritory), w.registry.knows(someone(3))
	first := commence(cape, "2026-03-02", 3)
	first.GetNoticeToCommence().QuarantinedPercent = 75
	w.decide(w.lodgings.lodge(frc, first), w.lodgings.lodge(ntSpar, commence(risk, "2026-03-02", 3)), w.lodgings.lodge(qldCP, commence(child, "2026-03-20", 3)))
	before := len(w.told)
	w.decide(w.lodgings.lodge(frc, revoke(cape)), w.lodgings.lodge(ntSpar, revoke(risk)), w.lodgings.lodge(qldCP, revoke(child)), w.lodgings.lodge(ntCP, revoke(cape)))
	equal(t, "told", kinds(w.told[before:]), []string{
		"unprocessed ACTIVE_NOTICE_NEEDS_OFFICER", "decided REVOKED", "notice revoked", "decided REVOKED", "notice revoked", "unprocessed NO_NOTICE_TO_REVOKE",
	})
	w.sound()
}

// A revocation that could not act the first time is told when it is sent to
// automatic processing again and can; one told already is not told again.
func TestReprocessTellsWhatWasNotToldYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	w.decide(w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)))
	w.clock.Set(day(2026, 5, 4))
	w.registry.knows(p, func(c *registryv1.Customer) { c.DateOfBirth = "1991-05-17" })
	s := w.lodgings.lodge(qldCP, revoke(p))
	w.decide(s)
	reprocess := func() {
		t.Helper()
		if r, err := w.queue.Reprocess(alice(), &processingv1.ReprocessRequest{SubmissionId: id(s)}); err != nil || r.GetError() != nil {
			t.Fatal(r, err)
		}
	}
	reprocess() // still somebody else
	if n := len(received(w.outboxEvents())); n != 0 {
		t.Fatalf("told %d times of a customer who is not identified", n)
	}
	w.registry.knows(p)
	reprocess()
	reprocess()
	all := received(w.outboxEvents())
	if len(all) != 1 || facts(all[0]) != "qld-cp NOTICE_STATE_ACTIVE 2026-03-02..2026-06-01 v1, lodged 2026-05-04, continuation false, other false" {
		t.Errorf("told %v", all)
	}
	told := kinds(w.outboxEvents())
	if at := slices.Index(told, "revocation received"); told[at-1] != "unprocessed END_DATE_WITHIN_28_DAYS" {
		t.Errorf("told %q", told)
	}
	w.sound()
}
