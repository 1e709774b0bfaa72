package workitems_test

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// notice is a child protection notice whose events are made one by one.
type notice struct{ change *eventv1.NoticeChange }

func newNotice(crn, end string) *notice {
	id := clock.NewID(morning)
	return &notice{&eventv1.NoticeChange{
		NoticeId: id[:], Crn: crn, AuthorityId: "qld-cp", Measure: eventv1.Measure_MEASURE_CPEIM, State: eventv1.NoticeState_NOTICE_STATE_ACTIVE,
		StartDate: "2026-06-01", EndDate: end, Version: 1,
	}}
}

// next is the next version of the notice.
func (n *notice) next(state eventv1.NoticeState, end string) *eventv1.NoticeChange {
	c := &eventv1.NoticeChange{
		NoticeId: n.change.NoticeId, Crn: n.change.Crn, AuthorityId: n.change.AuthorityId, Measure: n.change.Measure, State: state,
		StartDate: n.change.StartDate, EndDate: end, Version: n.change.Version + 1,
	}
	n.change = c
	return c
}

func noticeEvent(c *eventv1.NoticeChange, kind string) *eventv1.Event {
	id := clock.DerivedID(clock.ID(c.GetNoticeId()), fmt.Sprint(kind, "/", c.GetVersion()))
	e := &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(morning)}
	switch kind {
	case "shortened":
		e.Body = &eventv1.Event_NoticeShortened{NoticeShortened: &eventv1.NoticeShortened{Notice: c}}
	case "revoked":
		e.Body = &eventv1.Event_NoticeRevoked{NoticeRevoked: &eventv1.NoticeRevoked{Notice: c}}
	case "ended":
		e.Body = &eventv1.Event_NoticeEnded{NoticeEnded: &eventv1.NoticeEnded{Notice: c}}
	default:
		e.Body = &eventv1.Event_NoticeActivated{NoticeActivated: &eventv1.NoticeActivated{Notice: c}}
	}
	return e
}

func activated(n *notice) *eventv1.Event { return noticeEvent(n.change, "activated") }

// revocation is a notice to revoke lodged on 23 November 2026.
func revocation(crn, end string, continuation, other bool) *eventv1.Event {
	submission := clock.NewID(morning)
	id := clock.DerivedID(submission, "revocation")
	return &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(morning), Body: &eventv1.Event_RevocationReceived{
		RevocationReceived: &eventv1.RevocationReceived{
			Notice: newNotice(crn, end).change, SubmissionId: submission[:], LodgedOn: "2026-11-23", ContinuationExists: continuation, OtherAuthorityNoticeExists: other,
		},
	}}
}

// swept waits until nothing is due any more.
func (w *world) swept() {
	w.t.Helper()
	w.eventually("everything due is raised", func() (bool, error) {
		today := w.clock.Now().Add(11 * time.Hour).Format(time.DateOnly) // Sydney's summer
		return w.count(`notice WHERE state = 2 AND measure = 2 AND warned_end IS NULL AND end_date <= DATE '`+today+`' + 35`)+
			w.count(`customer WHERE next_due <= DATE '`+today+`'`) == 0, nil
	})
}

// The end of a notice is warned of 35 days before it, later when that day was
// missed, and not earlier; whatever is known of the customer.
func TestNoticesEndIn35Days(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ends := map[string]string{"36": "2026-12-29", "35": "2026-12-28", "34": "2026-12-27", "ended": "2026-12-20", "another measure": "2026-12-28"}
	crns, n := map[string]string{}, 0
	for name, end := range ends {
		n++
		crns[name] = fmt.Sprintf("20000000%dA", n)
		x := newNotice(crns[name], end)
		switch name {
		case "another measure":
			x.change.Measure = eventv1.Measure_MEASURE_SPAREIM
			w.send(subject.Decided, one(activated(x)))
		case "ended":
			// The end comes before the beginning.
			first := activated(x)
			w.send(subject.Decided, one(noticeEvent(x.next(eventv1.NoticeState_NOTICE_STATE_ENDED, end), "ended")), one(first))
		default:
			w.send(subject.Decided, one(activated(x)))
		}
	}
	w.run()
	w.consumed()
	w.swept()
	w.wants(crns["35"], "I289Q1 open")
	w.wants(crns["34"], "I289Q1 open")
	w.wants("", "I289Q1 open", "I289Q1 open")
	w.clock.Advance(24 * time.Hour)
	w.swept()
	w.wants(crns["36"], "I289Q1 open")
	w.clock.Advance(40 * 24 * time.Hour)
	w.swept()
	w.wants("", "I289Q1 open", "I289Q1 open", "I289Q1 open")
	if w.count(`work_item WHERE due_on = '2026-11-24'`) != 1 || w.count(`work_item WHERE due_on = '2026-11-22'`) != 1 {
		t.Error("an item is due on another day than 35 days before the end")
	}
	if n := len(w.announced()); n != 3 {
		t.Errorf("%d events tell of 3 items", n)
	}
}

// A notice that is cut is warned of anew, once the first warning was seen to;
// while that is open it covers the new end.
func TestACutNoticeIsWarnedOfAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	open, seen := newNotice("200000001A", "2026-12-28"), newNotice("200000002A", "2026-12-28")
	for _, n := range []*notice{open, seen} {
		w.send(subject.Decided, one(activated(n)))
	}
	w.consumed()
	w.swept()
	w.complete("200000002A", "I289Q1")
	for _, n := range []*notice{open, seen} {
		cut := noticeEvent(n.next(eventv1.NoticeState_NOTICE_STATE_ACTIVE, "2026-12-21"), "shortened")
		w.send(subject.Decided, one(cut), one(activated(n)))
	}
	w.consumed()
	w.swept()
	w.wants("200000001A", "I289Q1 open")
	w.wants("200000002A", "I289Q1 completed", "I289Q1 open")
	if w.count("covered") != 1 {
		t.Error("the new end is not noted as covered")
	}
	w.send(subject.Decided, one(noticeEvent(seen.next(eventv1.NoticeState_NOTICE_STATE_REVOKED, "2026-12-21"), "revoked")))
	w.consumed()
	w.wants("200000002A", "I289Q1 completed", "I289Q1 open") // never removed without investigation
}

// The three cases of a revocation, and their boundary of 28 days.
func TestRevocationsRaiseTheirItem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	for i, c := range []struct {
		what                string
		end                 string
		continuation, other bool
		raised              bool
	}{
		{"over 28 days, no notice of another authority", "2026-12-22", true, false, true},
		{"over 28 days, no continuation", "2026-12-22", false, true, true},
		{"28 days", "2026-12-21", true, true, true},
		{"over 28 days, both wait to start", "2026-12-22", true, true, false},
	} {
		crn := fmt.Sprintf("20000000%dA", i)
		w.send(subject.Decided, one(revocation(crn, c.end, c.continuation, c.other)))
		w.consumed()
		if got := len(w.items(crn)) == 1; got != c.raised {
			t.Errorf("%s: raised %t", c.what, got)
		}
	}
	if w.count(`notice`) != 0 {
		t.Error("the notice as it was before the revocation was taken for what it is now")
	}
	// It is the office of the customer's record as soon as that is known.
	r := newRecord(0)
	r.events[0].GetCircumstanceChanged().Crn = "200000000A"
	r.now.Crn = "200000000A"
	w.send(subject.Customer, one(rewritten(r)))
	w.settled()
	if w.count(`work_item WHERE crn = '200000000A' AND office = 'DARWIN' AND version = 2`) != 1 {
		t.Error("the item did not follow the record")
	}
}

// Date triggers are raised on their day, of what was missed only the latest; two
// replicas raise each once.
func TestDatesOfCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.run()
	w.run()
	const people = 700
	var list []*eventv1.Event
	for i := range people {
		r := newRecord(i)
		r.change("card", func(c *registryv1.Customer) {
			c.Card = &registryv1.Card{AllocationMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_PARTIAL, MethodSince: "2026-11-01"}
		})
		list = append(list, r.events...)
	}
	w.send(subject.Customer, list)
	w.settled()
	w.swept()
	if n := w.count(`work_item WHERE code = 'I010BC' AND occurrence = '2026-11-01'`); n != people {
		t.Fatalf("%d items at once, want %d", n, people)
	}
	w.exec(`UPDATE work_item SET status = 3, closed_at = now(), version = 2 WHERE code = 'I010BC'`)
	w.clock.Advance(3 * 26 * 7 * 24 * time.Hour) // two repeats are missed
	w.swept()
	w.eventually("the repeat is raised", func() (bool, error) { return w.count(`work_item WHERE status = 1`) == people, nil })
	if n := w.count(`work_item WHERE occurrence = '2028-04-30'`); n != people || w.count("work_item") != 2*people {
		t.Errorf("%d items of the latest repeat, %d in all", n, w.count("work_item"))
	}
}
