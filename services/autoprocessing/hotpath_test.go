package autoprocessing_test

import (
	"testing"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
)

// kinds names the events told, for comparing.
func kinds(all []*eventv1.Event) []string {
	var out []string
	for _, e := range all {
		switch b := e.GetBody().(type) {
		case *eventv1.Event_SubmissionDecided:
			out = append(out, "decided "+term.Outcome(b.SubmissionDecided.GetOutcome()).String())
		case *eventv1.Event_SubmissionUnprocessed:
			out = append(out, "unprocessed "+term.Reason(b.SubmissionUnprocessed.GetReasons()[0]).String())
		case *eventv1.Event_SubmissionCreated:
			out = append(out, "created")
		case *eventv1.Event_NoticeRecorded:
			out = append(out, "notice recorded")
		case *eventv1.Event_NoticeExtended:
			out = append(out, "notice extended")
		case *eventv1.Event_NoticeActivated:
			out = append(out, "notice activated")
		case *eventv1.Event_NoticeEnded:
			out = append(out, "notice ended")
		case *eventv1.Event_NoticeRevoked:
			out = append(out, "notice revoked")
		case *eventv1.Event_NoticeShortened:
			out = append(out, "notice shortened")
		case *eventv1.Event_RevocationReceived:
			out = append(out, "revocation received")
		case *eventv1.Event_AccessLifted:
			out = append(out, "access lifted")
		case *eventv1.Event_AccessReinstated:
			out = append(out, "access reinstated")
		}
	}
	return out
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			t.Errorf("%s: got %q, want %q", what, got, want)
			return
		}
	}
}

func TestEachKindOfSubmission(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, stranger := w.registry.knows(someone(1)), someone(2)
	hidden := w.registry.knows(someone(3), restricted)
	poor := w.registry.knows(someone(4), withoutPayments)
	for _, c := range []struct {
		name string
		e    *eventv1.Event
		want []string
	}{
		{"match", w.lodgings.lodge(qldCP, find(p)), []string{"decided MATCHED", "created", "decided ELIGIBLE"}},
		{"no match", w.lodgings.lodge(qldCP, find(stranger)), []string{"unprocessed NO_MATCH"}},
		{"restricted looks like no match", w.lodgings.lodge(qldCP, find(hidden)), []string{"unprocessed NO_MATCH"}},
		{"disclosure", w.lodgings.lodge(qldCP, disclose(p)), []string{"decided ELIGIBLE"}},
		{"no payment", w.lodgings.lodge(qldCP, disclose(poor)), []string{"unprocessed ELIGIBILITY_NO_RESULT"}},
		{"commence today", w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)), []string{"decided COMMENCED", "notice activated"}},
		{"commence with long left", w.lodgings.lodge(qldCP, commence(p, "2026-03-05", 3)), []string{"unprocessed CURRENT_NOTICE_NOT_ENDING"}},
		{"unknown customer", w.lodgings.lodge(qldCP, commence(stranger, "2026-03-05", 3)), []string{"unprocessed CUSTOMER_NOT_IDENTIFIED"}},
		{"revoke", w.lodgings.lodge(qldCP, revoke(p)), []string{"decided REVOKED", "revocation received", "notice shortened"}},
		{"revoke nothing", w.lodgings.lodge(ntCP, revoke(poor)), []string{"unprocessed NO_NOTICE_TO_REVOKE"}},
		{"referral", w.lodgings.lodge(qldCP, refer(p)), []string{"unprocessed DECLARATION_REQUIRED"}},
	} {
		before := len(w.told)
		w.decide(c.e)
		equal(t, c.name, kinds(w.told[before:]), c.want)
	}
	w.sound()
	if n := one[int64](w, "SELECT count(*) FROM disclosure"); n != 2 {
		t.Errorf("%d disclosures, want 2", n)
	}
	if n := one[int64](w, "SELECT count(*) FROM decision"); n != 12 {
		t.Errorf("%d decisions, want 12", n)
	}
}

func TestOneBatchCarriesTheRegisterAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1), inTerritory)
	w.decide(
		w.lodgings.lodge(ntSpar, commence(p, "2026-03-02", 3)),
		w.lodgings.lodge(ntSpar, commence(p, "2026-03-10", 6)), // long left: not a continuation
		w.lodgings.lodge(ntSpar, revoke(p)),
		w.lodgings.lodge(ntSpar, commence(p, "2026-03-03", 6)),
		w.lodgings.lodge(ntCP, commence(p, "2026-03-02", 3)), // another one waits
		w.lodgings.lodge(ntSpar, revoke(p)),
		w.lodgings.lodge(ntCP, commence(p, "2026-03-02", 3)),
	)
	equal(t, "told", kinds(w.told), []string{
		"decided COMMENCED", "notice activated",
		"unprocessed CURRENT_NOTICE_NOT_ENDING",
		"decided REVOKED", "notice revoked",
		"decided COMMENCED", "notice recorded",
		"unprocessed PENDING_NOTICE_EXISTS",
		"decided REVOKED", "notice revoked",
		"decided COMMENCED", "notice activated",
	})
	w.sound()
	if n := one[int64](w, "SELECT count(*) FROM notice_history"); n != 5 {
		t.Errorf("%d versions in the history, want 5", n)
	}
}

func TestLanesWaitForTheirTurn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	first, second, third := w.lodgings.lodge(qldCP, disclose(p)), w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)), w.lodgings.lodge(qldCP, revoke(p))
	effects := w.decide(third)
	if len(effects.Defer) != 1 || effects.Defer[0].Key != p.crn || len(w.told) != 0 {
		t.Fatalf("out of turn: %+v, told %v", effects, kinds(w.told))
	}
	// Out of order in one batch is no reason to wait.
	if effects = w.decide(second, first); len(effects.Defer) != 0 {
		t.Errorf("deferred %d", len(effects.Defer))
	}
	equal(t, "told", kinds(w.told), []string{"decided ELIGIBLE", "decided COMMENCED", "notice activated"})
	if effects = w.decide(third); len(effects.Defer) != 0 {
		t.Errorf("its turn has come, deferred %d", len(effects.Defer))
	}
	w.sound()
}
