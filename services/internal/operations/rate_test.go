package operations

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	t.Parallel()
	var r rate
	at := time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)
	want := func(what string, want float64) {
		t.Helper()
		if got := r.perSecond(); got != want {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	want("nothing is known", 0)
	r.note(at, 1000)
	want("a count is no rate", 0)
	for n := range 120 { // ten a second for a minute, then none
		at = at.Add(time.Second)
		r.note(at, 1000+10*int64(min(n+1, 60)))
		if n == 1 {
			want("as long as it is known", 10)
		}
	}
	want("a minute without any", 0)
	at = at.Add(time.Second)
	r.note(at, 1600+60)
	want("over the last minute", 1)
	if len(r.seen) > 62 {
		t.Errorf("%d counts are kept", len(r.seen))
	}
	r.note(at.Add(time.Second), 5)
	want("a count that began again", 0)
	r.note(at.Add(10*time.Second), 50)
	want("a new one", 5)
	r.note(at.Add(10*time.Minute), 500)
	want("after a long silence", 0)
}
