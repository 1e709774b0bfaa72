package adviceoutcome

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/internal/packet"
)

const (
	address  = eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_ADDRESS
	partner  = eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_PARTNER
	children = eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_CHILDREN
)

// changed makes the event that tells an authority of circumstances changed now.
func (b *bundle) changed(authority string, kinds ...eventv1.CircumstanceKind) *eventv1.Event {
	notice := clock.NewID(b.clock.Now())
	id := clock.DerivedID(notice, "circumstances/7")
	return &eventv1.Event{
		Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(b.clock.Now()),
		Body: &eventv1.Event_CircumstancesNotified{CircumstancesNotified: &eventv1.CircumstancesNotified{
			NotificationId: id[:], AuthorityId: authority, Crn: "301000009A", NoticeId: notice[:], Kinds: kinds, ChangedAt: timestamppb.New(b.clock.Now()),
		}},
	}
}

func notification(e *eventv1.Event) string {
	id, err := clock.IDFromBytes(e.GetCircumstancesNotified().GetNotificationId())
	if err != nil {
		panic(err)
	}
	return id.String()
}

// notify is a transaction of the notified consumer.
func (b *bundle) notify(events ...*eventv1.Event) inbox.Effects {
	b.t.Helper()
	effects, err := b.tryNotify(events...)
	if err != nil {
		b.t.Fatal(err)
	}
	return effects
}

func (b *bundle) tryNotify(events ...*eventv1.Event) (effects inbox.Effects, err error) {
	err = postgres.InTx(b.t.Context(), b.pool, func(tx pgx.Tx) (err error) {
		if effects, err = b.handlers.Notified(b.t.Context(), tx, received(events...)); err != nil {
			return err
		}
		return outbox.Insert(b.t.Context(), tx, effects.Outbox...)
	})
	return effects, err
}

// TestNotificationsThroughTheBus has every message sent three times and packed
// anew, with an authority announced late and a restart on the way.
func TestNotificationsThroughTheBus(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("qld-cp", term.QLD, "2026-11-04")
	stop := b.start()
	var own, late []*eventv1.Event
	for range 120 {
		own, late = append(own, b.changed("qld-cp", address)), append(late, b.changed("nt-cp", partner, children))
	}
	b.publish(subject.Decided, 2, b.decided("qld-cp"))
	b.publish(subject.Notified, 3, own[:100]...)
	b.publish(subject.Notified, 2, own[50:]...) // the same again, in other company
	b.publish(subject.Notified, 2, late...)
	b.await(121, "SELECT count(*) FROM outcome")
	b.await(120, "SELECT count(*) FROM parked WHERE consumer = 'adviceoutcome-notified' AND state = 'waiting'")
	stop()

	b = b.restarted()
	b.start()
	b.announce("nt-cp", eventv1.Jurisdiction_JURISDICTION_NT, 1, "2026-11-04")
	b.await(241, "SELECT count(*) FROM outcome")
	b.await(0, "SELECT count(*) FROM parked")
	b.clock.Set(local(4, 0, 0))
	b.await(2, "SELECT count(*) FROM report WHERE sealed_at IS NOT NULL")
	b.await(0, "SELECT count(*) FROM outbox")
	for id, want := range map[string]string{
		"qld-cp": "1 2026-11-04 covers 2026-11-03..2026-11-03 lines 121 pending 0 unprocessed 0\n",
		"nt-cp":  "1 2026-11-04 covers 2026-11-03..2026-11-03 lines 120 pending 0 unprocessed 0\n",
	} {
		reports := b.reports(id)
		if got := summary(reports); got != want {
			t.Errorf("%s: %s", id, got)
		}
		b.verify(reports...)
	}
	lines := b.linesOf(b.reports("nt-cp")[0])
	slices.Sort(lines)
	if len(slices.Compact(lines)) != len(late) {
		t.Errorf("%d lines for %d notifications", len(lines), len(late))
	}
}

// TestNotificationAtMidnight: a minute before it goes into the report sealed at
// midnight, at midnight into the next; one that comes late goes with its day of arrival.
func TestNotificationAtMidnight(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 23, 59))
	b.authority("frc", term.QLD, "2026-11-04")
	before, delayed := b.changed("frc", address), b.changed("frc", partner)
	b.notify(before)
	b.clock.Set(local(4, 0, 0))
	after := b.changed("frc", children)
	b.notify(after)
	b.sweep()
	b.notify(delayed, before)            // after the seal
	behind := b.replica(local(3, 23, 0)) // a clock that is behind finds the report closed
	behindTime := behind.changed("frc", address)
	behind.notify(behindTime)
	b.clock.Set(local(5, 0, 0))
	b.sweep()
	b.clock.Set(local(6, 0, 0)) // nothing happened on Thursday
	b.sweep()
	reports := b.reports("frc")
	expect(t, reports, `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 1 pending 0 unprocessed 0
		2 2026-11-05 covers 2026-11-04..2026-11-04 lines 3 pending 0 unprocessed 0
		3 2026-11-06 covers 2026-11-05..2026-11-05 lines 0 pending 0 unprocessed 0
	`)
	if got := b.linesOf(reports[0]); !slices.Equal(got, []string{notification(before)}) {
		t.Errorf("first report: %v", got)
	}
	got, want := b.linesOf(reports[1]), []string{notification(after), notification(delayed), notification(behindTime)}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("second report: %v, want %v", got, want)
	}
	b.verify(reports...)
}

// TestNotificationAlone stands in a report that would be nil without it, in both
// forms and the list; counts of submissions are not touched by it.
func TestNotificationAlone(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.lodged("frc=2")
	b.apply(b.unprocessed(b.decided("frc")))
	e := b.changed("frc", children, address)
	if effects := b.notify(e); len(effects.Outbox)+len(effects.Defer) != 0 {
		t.Errorf("effects %+v", effects)
	}
	b.clock.Set(local(4, 0, 0))
	b.sweep()
	reports := b.reports("frc")
	expect(t, reports, `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 1 pending 1 unprocessed 1
	`)
	if reports[0].OwnLines != 0 {
		t.Errorf("%d lines count as lodged", reports[0].OwnLines)
	}
	id, err := clock.ParseID(notification(e))
	if err != nil {
		t.Fatal(err)
	}
	reference := report.ChangeReference(id)
	const at, note = "2026-11-02T23:00:00.000Z", "Changed circumstances: address, children in care"
	rows := parseCSV(t, b.content(reports[0], report.CSV))
	want := []string{id.String(), reference, "CHANGE_OF_CIRCUMSTANCES", "301000009A", "", at, at, "", "", "AUTOMATIC", note}
	if len(rows) != 2 || !slices.Equal(rows[1], want) {
		t.Errorf("got  %q\nwant %q", rows, want)
	}
	var form struct{ Lines []map[string]string }
	if err := json.Unmarshal(b.content(reports[0], report.JSON), &form); err != nil {
		t.Fatal(err)
	}
	for i, column := range strings.Split(report.Columns, ",") {
		if form.Lines[0][column] != want[i] {
			t.Errorf("JSON %s is %q, want %q", column, form.Lines[0][column], want[i])
		}
	}
	list, err := b.serve()(frc).ListAdviceOutcomes(t.Context(), &advicev1.ListAdviceOutcomesRequest{ReportDate: "2026-11-04"})
	if err != nil || len(list.GetOutcomes()) != 1 {
		t.Fatal(list, err)
	}
	if o := list.GetOutcomes()[0]; o.GetOutcome() != 0 || o.GetInformationType() != eventv1.InformationType_INFORMATION_TYPE_CHANGE_OF_CIRCUMSTANCES ||
		o.GetNote() != note || o.GetReference() != reference || o.GetReportDate() != "2026-11-04" || o.GetStartDate() != "" || o.GetByOfficer() {
		t.Errorf("listed %v", o)
	}
	b.verify(reports...)
}

// TestNotificationsRebuild: outcomes and notifications between each other give
// the same bytes again, after a crash between close and seal too.
func TestNotificationsRebuild(t *testing.T) {
	t.Parallel()
	b := setup(t, local(2, 10, 0))
	b.authority("frc", term.QLD, "2026-11-03")
	for range 40 {
		b.notify(b.changed("frc", address), b.changed("frc", partner))
		b.record("frc", 3)
	}
	b.clock.Set(local(3, 0, 0))
	head, closed, err := b.sealer.Close(t.Context(), "frc", b.clock.Now())
	if err != nil || !closed {
		t.Fatal(closed, err)
	}
	want := rendered(t, b, head)
	after := b.replica(local(3, 8, 0)) // the first process dies here
	after.notify(after.changed("frc", children))
	after.sweep()
	reports := after.reports("frc")
	if len(reports) != 1 || reports[0].Lines != 200 {
		t.Fatalf("reports\n%s", summary(reports))
	}
	for _, form := range []report.Form{report.CSV, report.JSON} {
		if !bytes.Equal(after.content(reports[0], form), want[form]) {
			t.Errorf("the %s form is not what it was", form)
		}
	}
	after.verify(reports...)
}

func TestNotificationsThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	for name, spoil := range map[string]func(*eventv1.CircumstancesNotified){
		"no id":            func(n *eventv1.CircumstancesNotified) { n.NotificationId = nil },
		"a zero id":        func(n *eventv1.CircumstancesNotified) { n.NotificationId = make([]byte, 16) },
		"no authority":     func(n *eventv1.CircumstancesNotified) { n.AuthorityId = "" },
		"no customer":      func(n *eventv1.CircumstancesNotified) { n.Crn = "" },
		"no time":          func(n *eventv1.CircumstancesNotified) { n.ChangedAt = nil },
		"no kind":          func(n *eventv1.CircumstancesNotified) { n.Kinds = nil },
		"a kind unset":     func(n *eventv1.CircumstancesNotified) { n.Kinds = append(n.Kinds, 0) },
		"a kind not known": func(n *eventv1.CircumstancesNotified) { n.Kinds = append(n.Kinds, 99) },
	} {
		e := b.changed("frc", address)
		spoil(e.GetCircumstancesNotified())
		if _, err := b.tryNotify(b.changed("frc", address), e); fault.KindOf(err) != fault.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	decided := b.decided("frc")
	decided.GetSubmissionDecided().InformationType = eventv1.InformationType_INFORMATION_TYPE_CHANGE_OF_CIRCUMSTANCES
	if _, err := b.tryApply(t.Context(), decided); fault.KindOf(err) != fault.Invalid {
		t.Errorf("a decided change: %v", err)
	}
	if n := b.count("SELECT count(*) FROM outcome"); n != 0 {
		t.Errorf("%d entries of batches that failed", n)
	}
	// The ledger itself keeps outcomes and notifications apart.
	b.notify(b.changed("frc", address))
	for _, row := range []string{"0, 3", "6, 6"} {
		_, err := b.pool.Exec(t.Context(), `INSERT INTO outcome (submission_id, recorded_at, lodged_at, decided_at, report_date, outcome, information_type, by_officer, authority_id, reference, crn, note)
			SELECT gen_random_uuid(), recorded_at, lodged_at, decided_at, report_date, `+row+`, by_officer, authority_id, reference, crn, note FROM outcome`)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.ConstraintName != "outcome_or_notification" {
			t.Errorf("outcome and type %s: %v", row, err)
		}
	}
}

func TestWhatIsKeptOfANotifiedMessage(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	unknown, newer := b.changed("frc", address), b.changed("frc", address)
	unknown.Body, newer.SchemaVersion = nil, 2
	row := packet.Rows(subject.Notified, []*eventv1.Event{b.changed("frc", address), b.decided("frc"), unknown, newer}, 500)[0]
	kept, err := b.handlers.DecodeNotified(bus.Delivery{Message: bus.Message{ID: row.ID.String(), Data: row.Payload}})
	if err != nil || len(kept) != 3 {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
	for i, refused := range []bool{false, true, true} {
		if again, err := b.handlers.DecodeParked(kept[i].Data); (kept[i].Refused != nil) != refused || kept[i].Key != "" || err != nil || again.ID != kept[i].ID {
			t.Errorf("event %d: key %q, refused %v, parked %v", i, kept[i].Key, kept[i].Refused, err)
		}
	}
}
