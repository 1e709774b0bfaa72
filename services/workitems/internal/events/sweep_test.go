package events

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// onPartial is a customer who needs a regular card expense since a day.
func onPartial(n int, since string) *registryv1.Customer {
	c := person(n)
	c.Card = &registryv1.Card{AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_PARTIAL, MethodSince: since}
	return c
}

// A damaged row does not keep the sweep from the others; it is looked at again
// the next day.
func TestDamagedFactsDoNotStopTheSweep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	good, bad := begin(onPartial(1, "2026-11-25"), morning), begin(onPartial(2, "2026-11-25"), morning)
	w.changes(good.events[0], bad.events[0])
	if _, err := w.pool.Exec(t.Context(), `UPDATE customer SET facts = '\xff' WHERE crn = $1`, crnOf(2)); err != nil {
		t.Fatal(err)
	}
	w.sweepCustomers(morning.AddDate(0, 0, 2))
	want := []row{{crnOf(1), "I010BC", "card-expense", "2026-11-25", 1}}
	if got := w.rows(); !slices.Equal(got, want) {
		t.Errorf("items %v, want %v", got, want)
	}
	if w.count(`customer WHERE crn = '`+crnOf(2)+`' AND next_due = '2026-11-26'`) != 1 {
		t.Error("the damaged one is not looked at again tomorrow")
	}
	bad.then(morning.AddDate(0, 0, 2), func(c *registryv1.Customer) { c.Office = "ALICE" }) // mends it
	w.changes(bad.events[1])
	w.sweepCustomers(morning.AddDate(0, 0, 3))
	if got := w.rows(crnOf(2)); len(got) != 1 {
		t.Errorf("items after the repair: %v", got)
	}
}

// A change that comes after the sweep has looked at a later day than the
// change's does not bring back what the sweep has passed over; the sweep looks
// again at once.
func TestALateChangeDoesNotGoBackInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := begin(onPartial(1, "2026-11-01"), morning)
	w.changes(h.events[0])
	w.complete(crnOf(1), []string{"I010BC"})
	year := morning.AddDate(1, 0, 0)
	w.sweepCustomers(year) // raises the second repeat, the first was missed
	w.complete(crnOf(1), []string{"I010BC"})
	before := w.rows()
	h.then(morning.AddDate(0, 7, 0), func(c *registryv1.Customer) { c.PaydayCode = ""; c.Office = "ALICE" }) // after the first repeat
	w.changes(h.events[1])
	if got := w.rows(); !slices.Equal(got, before) || len(got) != 2 {
		t.Errorf("items %v, want %v", got, before)
	}
	w.sweepCustomers(year)
	if got := w.rows(); !slices.Equal(got, before) {
		t.Errorf("items after another look %v, want %v", got, before)
	}
	if n := w.count(`customer WHERE next_due > '2027-11-23'`); n != 1 {
		t.Error("the next repeat is not expected")
	}
}

// Repeating notice events in any order leaves the notice of the highest version,
// and an event that is damaged fails by itself.
func TestNoticesOfAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := clock.NewID(morning)
	at := func(version int32, state eventv1.NoticeState, end string) *eventv1.Event {
		e := clock.DerivedID(id, string('0'+version))
		return &eventv1.Event{Id: e[:], SchemaVersion: 1, OccurredAt: timestamppb.New(morning), Body: &eventv1.Event_NoticeShortened{
			NoticeShortened: &eventv1.NoticeShortened{Notice: &eventv1.NoticeChange{
				NoticeId: id[:], Crn: crnOf(1), AuthorityId: "qld-cp", Measure: eventv1.Measure_MEASURE_CPEIM, State: state,
				StartDate: "2026-06-01", EndDate: end, Version: version,
			}},
		}}
	}
	active, shorter, ended := at(2, 2, "2027-05-31"), at(3, 2, "2026-12-21"), at(4, 3, "2026-12-21")
	w.notices(shorter, active)
	w.notices(active)
	if w.count(`notice WHERE version = 3 AND state = 2 AND end_date = '2026-12-21' AND warned_end IS NULL`) != 1 {
		t.Error("not the highest version")
	}
	if err := w.generator.EndingNotices(t.Context(), morning); err != nil {
		t.Fatal(err)
	}
	w.notices(ended)
	w.notices(active, shorter)
	if w.count(`notice WHERE version = 4 AND state = 3 AND warned_end = '2026-12-21'`) != 1 || len(w.rows()) != 1 {
		t.Error("not the last version, or not warned once")
	}
	for name, spoil := range map[string]func(*eventv1.NoticeChange){
		"no notice": nil, "no CRN": func(n *eventv1.NoticeChange) { n.Crn = "" }, "an impossible end": func(n *eventv1.NoticeChange) { n.EndDate = "2026-02-30" },
		"no start": func(n *eventv1.NoticeChange) { n.StartDate = "" }, "no id": func(n *eventv1.NoticeChange) { n.NoticeId = nil },
		"no version": func(n *eventv1.NoticeChange) { n.Version = 0 }, "a state not known": func(n *eventv1.NoticeChange) { n.State = 77 },
	} {
		e := at(9, 2, "2027-05-31")
		if body := e.GetNoticeShortened(); spoil == nil {
			body.Notice = nil
		} else {
			spoil(body.Notice)
		}
		list, err := w.generator.Notices().Decode(delivery(t, []*eventv1.Event{e}))
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		if _, _, err := w.generator.readNotices(list); err == nil {
			t.Errorf("%s: was applied", name)
		}
	}
}

// Events of changed records that cannot be acted on are told from others when
// they are decoded, and say nothing of the record.
func TestChangesThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, spoil := range map[string]func(*eventv1.Event, *eventv1.CircumstanceChanged){
		"no CRN": func(_ *eventv1.Event, c *eventv1.CircumstanceChanged) { c.Crn = "" }, "no version": func(_ *eventv1.Event, c *eventv1.CircumstanceChanged) { c.RecordVersion = 0 },
		"another customer's": func(_ *eventv1.Event, c *eventv1.CircumstanceChanged) { c.Crn = crnOf(2) }, "damaged": func(_ *eventv1.Event, c *eventv1.CircumstanceChanged) { c.After = []byte{0xff} },
		"damaged before": func(_ *eventv1.Event, c *eventv1.CircumstanceChanged) { c.Before = []byte{0xff} }, "no time": func(e *eventv1.Event, _ *eventv1.CircumstanceChanged) { e.OccurredAt = nil },
	} {
		e := changed(nil, person(1), 1, morning, everything...)
		spoil(e, e.GetCircumstanceChanged())
		list, err := w.generator.decodeChanges(delivery(t, []*eventv1.Event{e}))
		if err != nil || len(list) != 1 || list[0].Value.(*change).problem == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	c := person(1)
	c.Imprisonment = &registryv1.Imprisonment{FromDate: "2026-02-30"}
	if _, err := FromProto(c, w.generator.Audit); err == nil {
		t.Error("an impossible date was taken")
	}
}

func TestFactsOfARecord(t *testing.T) {
	t.Parallel()
	c := person(1)
	c.RegisterMeasure, c.OtherMeasure = 0, eventv1.Measure_MEASURE_LTWPR
	c.Payments = append(c.Payments, &registryv1.Payment{Code: "RENT_ASSISTANCE", Stopped: true, Supplementary: true, StatusSince: "2026-11-01"}, &registryv1.Payment{Code: "PENSION"})
	c.Nominee = &registryv1.Nominee{Kind: "PUBLIC_TRUSTEE"}
	c.CarerAllowance = registryv1.CarerAllowanceStatus_CARER_ALLOWANCE_STATUS_SUSPENDED
	c.Expenses = []*registryv1.Expense{{ExpenseId: "e", Kind: registryv1.ExpenseKind_EXPENSE_KIND_RENT_DEDUCTION_SCHEME, FromDate: "1970-01-02", ConsecutiveFailures: 3}}
	c.Card = &registryv1.Card{Declined: []*registryv1.CardTransaction{{At: timestamppb.New(time.Unix(1234, 5))}}, PreviousMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_RESIDUAL}
	c.Exemptions = []*registryv1.Exemption{{ExemptionId: "x", Status: registryv1.ExemptionStatus_EXEMPTION_STATUS_EVIDENCE_REQUESTED}}
	f, err := FromProto(c, auditor(t))
	if err != nil {
		t.Fatal(err)
	}
	since, _ := facts.Day("2026-11-01")
	for what, ok := range map[string]bool{
		"measure": f.Measure == "LTWPR", "address": f.Addresses[0] == facts.Address{Kind: "HOM", State: "NT"},
		"stopped payment": f.Payments[1] == facts.Payment{Code: "RENT_ASSISTANCE", Status: "CANCELLED", Since: since, Supplementary: true},
		"payment":         f.Payments[2].Status == "CURRENT" && f.Payments[2].Since == facts.None, "nominee": f.Nominee == "PUBLIC_TRUSTEE/",
		"carer": f.CarerAllowance == "SUSPENDED" && f.PartnerCarerAllowance == "", "no death": f.DateOfDeath == facts.None,
		"expense": f.Expenses[0].Kind == "RENT_DEDUCTION_SCHEME" && f.Expenses[0].From == 1 && f.Expenses[0].CeasedOn == facts.None && f.Expenses[0].Failures == 3,
		"card":    f.Card.Has && f.Card.Declined[0] == 1234 && f.Card.Method == "" && f.Card.PreviousMethod == "RESIDUAL",
		"account": !f.Account.Has, "exemption": f.Exemptions[0].Status == "EVIDENCE_REQUESTED",
	} {
		if !ok {
			t.Errorf("%s: %#v", what, f)
		}
	}
}
