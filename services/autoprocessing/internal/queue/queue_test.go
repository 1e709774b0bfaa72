package queue

import (
	"errors"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
)

var (
	now   = time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)
	today = calendar.DateOf(2026, time.March, 2)
)

func reason(err error) string {
	var f *fault.Error
	if errors.As(err, &f) {
		return f.Reason
	}
	return ""
}

func TestWhoMayAct(t *testing.T) {
	t.Parallel()
	later := today.Add(3)
	for _, c := range []struct {
		name          string
		holding       Holding
		decide, touch string // why bob may not
	}{
		{"nobody's", Holding{}, "CLAIM_REQUIRED", ""},
		{"bob's claim", Holding{HeldBy: "bob", Until: now.Add(time.Second)}, "", ""},
		{"bob's claim to the second", Holding{HeldBy: "bob", Until: now}, "CLAIM_REQUIRED", ""},
		{"alice's claim", Holding{HeldBy: "alice", Until: now.Add(time.Minute)}, "HELD_BY_ANOTHER", "HELD_BY_ANOTHER"},
		{"alice's expired claim", Holding{HeldBy: "alice", Until: now.Add(-time.Minute)}, "CLAIM_REQUIRED", ""},
		{"assigned to bob long ago", Holding{HeldBy: "bob", Assigned: true}, "", ""},
		{"assigned to alice", Holding{HeldBy: "alice", Assigned: true}, "HELD_BY_ANOTHER", "HELD_BY_ANOTHER"},
		{"on hold", Holding{HoldUntil: &later}, "CLAIM_REQUIRED", ""},
	} {
		h := c.holding.At(now, today)
		if got := reason(h.MayDecide("bob")); got != c.decide {
			t.Errorf("%s: may decide: %q, want %q", c.name, got, c.decide)
		}
		if got := reason(h.MayTouch("bob")); got != c.touch {
			t.Errorf("%s: may touch: %q, want %q", c.name, got, c.touch)
		}
		if _, err := h.Claim("bob", now, time.Minute); (err == nil) != (c.touch == "") {
			t.Errorf("%s: claim: %v", c.name, err)
		}
		if _, err := h.Release("bob"); (err == nil) != (c.touch == "") {
			t.Errorf("%s: release: %v", c.name, err)
		}
	}
}

func TestClaimsHoldsAndAssignments(t *testing.T) {
	t.Parallel()
	until := today.Add(1)
	h, err := Holding{}.Claim("bob", now, DefaultClaim)
	if err != nil || h.HeldBy != "bob" || !h.Until.Equal(now.Add(30*time.Minute)) {
		t.Errorf("claim: %+v, %v", h, err)
	}
	if h, err = h.Hold("bob", &until, today); err != nil || h.HeldBy != "" || *h.HoldUntil != until {
		t.Errorf("a hold ends the claim: %+v, %v", h, err)
	}
	if woken := h.At(now, until); woken.HoldUntil != nil {
		t.Errorf("a hold whose day has come counts: %+v", woken)
	}
	if h, err = h.Claim("alice", now, time.Minute); err != nil || h.HoldUntil != nil {
		t.Errorf("a claim ends the hold: %+v, %v", h, err)
	}
	h = h.Assign("bob")
	if h, err = h.Claim("bob", now, time.Minute); err != nil || !h.Assigned || !h.Until.IsZero() {
		t.Errorf("an assignment stays one when claimed: %+v, %v", h, err)
	}
	if h, err = h.Hold("bob", &until, today); err != nil || !h.Assigned {
		t.Errorf("an assignment stays over a hold: %+v, %v", h, err)
	}
	if h, err = h.Hold("bob", nil, today); err != nil || h.HoldUntil != nil {
		t.Errorf("a hold ended early: %+v, %v", h, err)
	}
	if _, err = h.Hold("bob", &today, today); !fault.Is(err, fault.Invalid) {
		t.Errorf("a hold until today: %v", err)
	}
	if h, err = h.Release("bob"); err != nil || h.HeldBy != "" || h.Assigned {
		t.Errorf("release: %+v, %v", h, err)
	}
}
