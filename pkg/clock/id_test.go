package clock

import (
	"bytes"
	"testing"
	"time"
)

func TestIDsSortByTimeAndOrder(t *testing.T) {
	t.Parallel()
	at := time.Now()
	var before ID
	seen := make(map[ID]bool)
	for i := range 20_000 {
		id := NewID(at)
		if bytes.Compare(id[:], before[:]) <= 0 {
			t.Fatalf("id %d %v is not after %v", i, id, before)
		}
		if seen[id] || id[6]>>4 != 7 || id[8]>>6 != 2 {
			t.Fatalf("id %v is no new version 7 UUID", id)
		}
		seen[id], before = true, id
	}
	if later := NewID(at.Add(time.Hour)); later.Time().Sub(at) < 59*time.Minute {
		t.Errorf("time of id %v", later.Time())
	}
}

// Ids of one holder do not tell how many others were made between them.
func TestIDsDoNotCount(t *testing.T) {
	t.Parallel()
	at := time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC) // ahead of other tests, so that the serial goes on
	steps := map[int]int{}
	serial := func(id ID) int { return int(id[6]&0x0f)<<8 | int(id[7]) }
	for range 1000 {
		a, b := NewID(at), NewID(at)
		if step := serial(b) - serial(a); step > 0 {
			steps[step]++
		}
	}
	if len(steps) < 8 || steps[1] > 200 {
		t.Errorf("steps %v", steps)
	}
}

func TestIDText(t *testing.T) {
	t.Parallel()
	id := NewID(time.Now())
	back, err := ParseID(id.String())
	if err != nil || back != id {
		t.Errorf("ParseID(%v) = %v, %v", id, back, err)
	}
	for _, bad := range []string{"", "x", id.String() + "0", "zzzzzzzz-0000-7000-8000-000000000000"} {
		if _, err := ParseID(bad); err == nil {
			t.Errorf("ParseID(%q) was accepted", bad)
		}
	}
	if _, err := IDFromBytes(id[:15]); err == nil {
		t.Error("15 bytes were accepted")
	}
	if got, err := IDFromBytes(id[:]); err != nil || got != id || got.IsZero() || !(ID{}).IsZero() {
		t.Errorf("IDFromBytes = %v, %v", got, err)
	}
}

func TestDerivedIDs(t *testing.T) {
	t.Parallel()
	parent := NewID(time.Now())
	a, b := DerivedID(parent, "disclosure"), DerivedID(parent, "decided/3")
	if a == b || a != DerivedID(parent, "disclosure") || a == DerivedID(NewID(time.Now()), "disclosure") {
		t.Error("derived ids must depend on parent and label, and on nothing else")
	}
	if !a.Time().Equal(parent.Time()) {
		t.Error("a derived id must sort near its parent")
	}
}
