package registry_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// spells tells a record's measure history in short.
func spells(c *registryv1.Customer) string {
	var list []string
	for _, s := range c.GetMeasureHistory() {
		from := "register"
		if !s.GetFromRegister() {
			from = "older"
		}
		list = append(list, fmt.Sprintf("%s %s %s..%s", from, strings.TrimPrefix(s.GetMeasure().String(), "MEASURE_"), s.GetFromDate(), s.GetToDate()))
	}
	return strings.Join(list, ", ")
}

// period is an event of a notice with its own last day.
func period(n int, crn, what string, version int32, m eventv1.Measure, start, end string) *eventv1.Event {
	e := notice(n, crn, what, version, m, start)
	switch body := e.GetBody().(type) {
	case *eventv1.Event_NoticeRecorded:
		body.NoticeRecorded.Notice.EndDate = end
	case *eventv1.Event_NoticeActivated:
		body.NoticeActivated.Notice.EndDate = end
	case *eventv1.Event_NoticeEnded:
		body.NoticeEnded.Notice.EndDate = end
	case *eventv1.Event_NoticeRevoked:
		body.NoticeRevoked.Notice.EndDate = end
	}
	return e
}

func extended(n int, crn string, m eventv1.Measure, start, end string) *eventv1.Event {
	e := period(n, crn, "recorded", 1, m, start, end)
	e.Body = &eventv1.Event_NoticeExtended{NoticeExtended: &eventv1.NoticeExtended{Notice: e.GetNoticeRecorded().GetNotice()}}
	return e
}

const (
	cpeim = eventv1.Measure_MEASURE_CPEIM
	cyeim = eventv1.Measure_MEASURE_CYEIM
)

func TestMeasureHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, customer(1))
	crn := customer(1).GetCrn()
	version := int64(1)
	step := func(when, want string, versions int64, list ...*eventv1.Event) {
		t.Helper()
		for range 2 { // duplicates change nothing
			if err := w.apply(t.Context(), list...); err != nil {
				t.Fatal(err)
			}
		}
		version += versions
		c := w.read(t, 1)
		if got := spells(c); got != want || c.GetRecordVersion() != version {
			t.Errorf("%s: %q in version %d, want %q in %d", when, got, c.GetRecordVersion(), want, version)
		}
	}
	step("recorded", "", 0, period(1, crn, "recorded", 1, cpeim, "2026-11-23", "2027-02-22"))
	step("activated", "register CPEIM 2026-11-23..", 1, period(1, crn, "activated", 2, cpeim, "2026-11-23", "2027-02-22"))
	step("extended", "register CPEIM 2026-11-23..", 0, extended(2, crn, cpeim, "2027-02-23", "2027-05-22"))
	// The end of the first is known before the continuation is in force.
	step("ended", "register CPEIM 2026-11-23..", 0, period(1, crn, "ended", 3, cpeim, "2026-11-23", "2027-02-22"))
	if c := w.read(t, 1); c.GetRegisterMeasure() != 0 {
		t.Errorf("between the notices %v is in force", c.GetRegisterMeasure())
	}
	step("continued", "register CPEIM 2026-11-23..", 0, period(2, crn, "activated", 2, cpeim, "2027-02-23", "2027-05-22"))
	revoked := period(2, crn, "revoked", 3, cpeim, "2027-02-23", "2027-05-22")
	// Half past midnight of the 11th in Sydney is the 10th in London.
	revoked.OccurredAt = timestamppb.New(time.Date(2027, 3, 10, 13, 30, 0, 0, time.UTC))
	step("revoked", "register CPEIM 2026-11-23..2027-03-11", 1, revoked)
	step("transferred", "register CPEIM 2026-11-23..2027-03-11, register CYEIM 2027-03-11..", 1,
		period(3, crn, "activated", 1, cyeim, "2027-03-11", "2027-06-10"))
	for _, e := range w.announced(t) {
		if c := e.GetCircumstanceChanged(); c.GetRecordVersion() > 1 && (c.GetActor() != "system" || strings.Join(c.GetChanged(), " ") != "register_measure measure_history") {
			t.Errorf("told by %s of %q", c.GetActor(), c.GetChanged())
		}
	}
	// The same notices for a customer who comes later.
	var copies []*eventv1.Event
	for i, e := range []*eventv1.Event{revoked, period(3, crn, "activated", 1, cyeim, "2027-03-11", "2027-06-10"), period(1, crn, "ended", 3, cpeim, "2026-11-23", "2027-02-22")} {
		n := i + 10
		number := id(n)
		for _, c := range []*eventv1.NoticeChange{e.GetNoticeRevoked().GetNotice(), e.GetNoticeActivated().GetNotice(), e.GetNoticeEnded().GetNotice()} {
			if c != nil {
				c.NoticeId, c.Crn = number[:], customer(3).GetCrn()
			}
		}
		copies = append(copies, e)
	}
	if err := w.apply(t.Context(), copies...); err != nil {
		t.Fatal(err)
	}
	w.put(t, customer(3))
	if c := w.read(t, 3); spells(c) != spells(w.read(t, 1)) || c.GetRecordVersion() != 1 || c.GetRegisterMeasure() != cyeim {
		t.Errorf("who came later has %q in version %d", spells(c), c.GetRecordVersion())
	}
}

func TestOlderProgrammesAreInTheHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := customer(1)
	c.OtherMeasure = eventv1.Measure_MEASURE_VWPR
	w.put(t, c)
	other := func(m eventv1.Measure) *registryv1.Change {
		return &registryv1.Change{Change: &registryv1.Change_OtherMeasure{OtherMeasure: m}}
	}
	w.clock.Advance(24 * time.Hour)
	w.must(t, 1, other(eventv1.Measure_MEASURE_DEY))
	w.clock.Advance(24 * time.Hour)
	if err := w.apply(t.Context(), period(1, c.GetCrn(), "activated", 1, cpeim, "2026-11-25", "2027-02-22")); err != nil {
		t.Fatal(err)
	}
	want := "older VWPR 2026-11-23..2026-11-24, older DEY 2026-11-24..2026-11-25, register CPEIM 2026-11-25.."
	if got := spells(w.must(t, 1, other(0))); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := w.must(t, 1, rent("BOARD")); spells(got) != want || got.GetRegisterMeasure() != cpeim {
		t.Errorf("after another change %q", spells(got))
	}
}

// Whatever order notice events come in, and however often, records end with the
// same history.
func TestHistoryInAnyOrder(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.put(t, people(31)...)
	random := rand.New(rand.NewPCG(1, 2))
	want := "register CPEIM 2026-01-01..2026-06-30, register CYEIM 2026-07-01..2026-11-23"
	for n := range 30 {
		crn := customer(n).GetCrn()
		list := []*eventv1.Event{
			period(n*10+1, crn, "recorded", 1, cpeim, "2026-01-01", "2026-03-31"), period(n*10+1, crn, "activated", 2, cpeim, "2026-01-01", "2026-03-31"),
			extended(n*10+2, crn, cpeim, "2026-04-01", "2026-06-30"), period(n*10+1, crn, "ended", 3, cpeim, "2026-01-01", "2026-03-31"),
			period(n*10+2, crn, "activated", 2, cpeim, "2026-04-01", "2026-06-30"), period(n*10+2, crn, "ended", 3, cpeim, "2026-04-01", "2026-06-30"),
			period(n*10+3, crn, "activated", 1, cyeim, "2026-07-01", "2026-12-31"), period(n*10+3, crn, "revoked", 2, cyeim, "2026-07-01", "2026-12-31"),
		}
		if n > 0 { // the first has them in order
			list = append(list, list[random.IntN(len(list))], list[random.IntN(len(list))])
			random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
		}
		for len(list) > 0 {
			packet := 1 + random.IntN(min(3, len(list)))
			if err := w.apply(t.Context(), list[:packet]...); err != nil {
				t.Fatal(err)
			}
			list = list[packet:]
		}
		if got := spells(w.read(t, n)); got != want {
			t.Errorf("customer %d has %q, want %q", n, got, want)
		}
	}
}
