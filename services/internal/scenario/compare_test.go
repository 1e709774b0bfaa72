package scenario

import (
	"strings"
	"testing"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// A comparison that misses a difference would let everything pass.
func TestEveryDifferenceIsSeen(t *testing.T) {
	t.Parallel()
	good := func() *intakev1.Decision {
		return &intakev1.Decision{Status: processed, Outcome: commenced, StartDate: "2026-12-01", EndDate: "2027-05-31", Crn: "200000001A"}
	}
	want := Want{Status: processed, Outcome: commenced, Start: "2026-12-01", End: "2027-05-31"}
	if problem := differs(want, good(), false, "200000001A"); problem != "" {
		t.Errorf("a right decision%s", problem)
	}
	for seen, spoil := range map[string]func(*intakev1.Decision){
		"the result":               func(d *intakev1.Decision) { d.Outcome = extended },
		"the period":               func(d *intakev1.Decision) { d.EndDate = "2027-06-01" },
		"who decided":              func(d *intakev1.Decision) { d.ByOfficer = true },
		"the customer 200000002B":  func(d *intakev1.Decision) { d.Crn = "200000002B" },
		"reasons although decided": func(d *intakev1.Decision) { d.Reasons = []eventv1.RejectionReason{noPayment} },
	} {
		d := good()
		spoil(d)
		if problem := differs(want, d, false, "200000001A"); !strings.Contains(problem, seen) {
			t.Errorf("instead of %q: %q", seen, problem)
		}
	}
	open := Want{Status: unprocessed, Reasons: []eventv1.RejectionReason{deceased, noPayment}}
	for _, c := range []struct {
		reasons []eventv1.RejectionReason
		same    bool
	}{
		{[]eventv1.RejectionReason{noPayment, deceased}, true},
		{[]eventv1.RejectionReason{deceased}, false},
		{[]eventv1.RejectionReason{deceased, noPayment, outside}, false},
		{nil, false},
	} {
		if problem := differs(open, &intakev1.Decision{Status: unprocessed, Reasons: c.reasons}, false, ""); (problem == "") != c.same {
			t.Errorf("reasons %v: %q", c.reasons, problem)
		}
	}
}

func TestRestrictedLooksUnknown(t *testing.T) {
	t.Parallel()
	w := Want{Status: unprocessed, Reasons: []eventv1.RejectionReason{restricted, noPayment}}
	notice := &intakev1.Submission{Content: &intakev1.Submission_NoticeToCommence{}}
	if told := w.toldAuthority(notice); !sameReasons(told.Reasons, []eventv1.RejectionReason{notIdentified}) {
		t.Errorf("a notice is told %s", told)
	}
	search := &intakev1.Submission{Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{}}}
	if told := w.toldAuthority(search); !sameReasons(told.Reasons, []eventv1.RejectionReason{noMatch}) {
		t.Errorf("a search is told %s", told)
	}
}

func TestNoticeByDay(t *testing.T) {
	t.Parallel()
	start := day(t, "2026-12-01")
	n := &Notice{Start: start, End: start + 89, Recorded: start - 10, Cut: start + 30, CutOn: start + 2, RevokedOn: start + 20}
	for offset, want := range map[int]string{-11: "", -10: "INACTIVE", -1: "INACTIVE", 0: "ACTIVE", 1: "ACTIVE", 2: "ACTIVE", 19: "ACTIVE", 20: "REVOKED", 100: "REVOKED"} {
		end, state, ok := n.On(start.Add(offset))
		if got := strings.TrimPrefix(state.String(), "NOTICE_STATE_"); ok != (want != "") || ok && got != want {
			t.Errorf("day %d: %s, not %s", offset, got, want)
		}
		if ok && (end == n.Cut) != (offset >= 2) {
			t.Errorf("day %d ends on %s", offset, end)
		}
	}
	n.RevokedOn = 0
	if _, state, _ := n.On(n.Cut + 1); state != eventv1.NoticeState_NOTICE_STATE_ENDED {
		t.Errorf("after its new end it is %s", state)
	}
}
