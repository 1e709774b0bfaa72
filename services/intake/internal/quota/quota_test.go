package quota

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

var (
	monday = calendar.DateOf(2026, 11, 23)
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
)

func quotas(l Limits) *Quotas {
	q := New(l, telemetry.Discard().Log, prometheus.NewRegistry())
	q.Load(nil)
	return q
}

// refusal is the reason and the pause of a refusal; "" when it was admitted.
func refusal(t *testing.T, q *Quotas, r Request, now time.Time) (string, time.Duration) {
	t.Helper()
	var f *fault.Error
	if err := q.Admit(t.Context(), r, now); errors.As(err, &f) {
		if f.Kind != fault.Exhausted || f.RetryAfter <= 0 || f.Help == "" {
			t.Errorf("%+v", f)
		}
		return f.Reason, f.RetryAfter
	} else if err != nil {
		t.Fatal(err)
	}
	return "", 0
}

func TestCustomersBucket(t *testing.T) {
	t.Parallel()
	q := quotas(Limits{CustomerRate: 1, CustomerBurst: 20})
	one := Request{Authority: "frc", CRN: "123456789A", Day: monday}
	for i := range 25 {
		if reason, wait := refusal(t, q, one, noon); (reason == "CUSTOMER_QUOTA") != (i >= 20) || wait > time.Second {
			t.Fatalf("%d: %s after %s", i, reason, wait)
		}
	}
	for what, r := range map[string]Request{
		"another customer": {Authority: "frc", CRN: "123456789B"}, "another authority": {Authority: "nt-cp", CRN: "123456789A"}, "no customer": {Authority: "frc"},
	} {
		if reason, _ := refusal(t, q, r, noon); reason != "" {
			t.Errorf("%s: %s", what, reason)
		}
	}
	if reason, _ := refusal(t, q, one, noon.Add(time.Second)); reason != "" {
		t.Errorf("a second later: %s", reason)
	}
	if reason, _ := refusal(t, q, one, noon.Add(time.Second)); reason == "" {
		t.Error("two in a second")
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	q := quotas(Limits{Searches: 3, Submissions: 5})
	search := Request{Authority: "frc", Search: true, Day: monday, Left: 12 * time.Hour}
	other := Request{Authority: "frc", Day: monday, Left: 12 * time.Hour}
	expect := func(what string, r Request, want string) {
		t.Helper()
		if reason, wait := refusal(t, q, r, noon); reason != want || want != "" && wait != 12*time.Hour {
			t.Errorf("%s: %q after %s, want %q", what, reason, wait, want)
		}
	}
	q.Counted([]store.Day{{AuthorityID: "frc", Day: monday, Submissions: 2, Searches: 1}})
	expect("the second", search, "")
	expect("the third", search, "")
	expect("the fourth", search, "ENUMERATION_QUOTA")
	q.Release(search) // one of the two was not lodged
	expect("in its place", search, "")
	expect("the last of all", other, "")
	expect("one too many", other, "DAILY_QUOTA")
	q.Counted([]store.Day{{AuthorityID: "frc", Day: monday, Submissions: 5, Searches: 3}, {AuthorityID: "frc", Day: monday.Add(-1), Submissions: 900}})
	for range 2 {
		q.Release(search)
	}
	q.Release(other)
	expect("all lodged", search, "ENUMERATION_QUOTA")
	expect("all lodged", other, "DAILY_QUOTA")
	q.Counted([]store.Day{{AuthorityID: "frc", Day: monday, Submissions: 4}}) // late news
	expect("after late news", other, "DAILY_QUOTA")
	expect("another authority", Request{Authority: "nt-cp", Search: true, Day: monday}, "")
	search.Day++
	expect("the next day", search, "")
}

func TestNothingBeforeTheCounts(t *testing.T) {
	t.Parallel()
	q := New(Limits{}, telemetry.Discard().Log, prometheus.NewRegistry())
	if err := q.Admit(t.Context(), Request{Authority: "frc", Day: monday}, noon); !fault.Is(err, fault.Unavailable) {
		t.Errorf("%v", err)
	}
	q.Load(nil)
	for range 10_000 { // no limits
		if err := q.Admit(t.Context(), Request{Authority: "frc", CRN: "123456789A", Search: true, Day: monday}, noon); err != nil {
			t.Fatal(err)
		}
	}
}

// TestCrowd has many lodge at once: never more are under way or counted than may be.
func TestCrowd(t *testing.T) {
	t.Parallel()
	q := quotas(Limits{Searches: 100})
	var lodged atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := range 50 {
				r := Request{Authority: "frc", Search: true, Day: monday}
				if q.Admit(t.Context(), r, noon) != nil {
					continue
				}
				if i%3 > 0 { // the rest were repetitions
					q.Counted([]store.Day{{AuthorityID: "frc", Day: monday, Searches: lodged.Add(1)}})
				}
				q.Release(r)
			}
		})
	}
	all.Wait()
	if n := lodged.Load(); n != 100 {
		t.Errorf("%d were lodged", n)
	}
	if d := fmt.Sprintf("%+v", *q.days["frc"]); q.days["frc"].searching != 0 {
		t.Errorf("left over: %s", d)
	}
}
