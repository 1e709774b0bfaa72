package adviceoutcome

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/proto/term"
)

// lodged counts a lodged message with this header, as made now.
func (b *bundle) lodged(header string) {
	b.t.Helper()
	// Not clock.NewID: it never goes back in a process, other tests' clocks are ahead.
	id := clock.NewID(b.clock.Now())
	millis := b.clock.Now().UnixMilli()
	for i := range 6 {
		id[i] = byte(millis >> (40 - 8*i))
	}
	events, err := b.handlers.DecodeTally(bus.Delivery{Message: bus.Message{
		ID: id.String(), Headers: map[string]string{subject.HeaderTally: header},
	}})
	if err != nil {
		b.t.Fatal(err)
	}
	var parked []inbox.Event
	for _, e := range events { // what is parked must come back as it was
		again, err := b.handlers.DecodeParkedTally(e.Data)
		if err != nil || again.ID != e.ID {
			b.t.Fatal(again, err)
		}
		parked = append(parked, again)
	}
	err = postgres.InTx(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := b.handlers.Lodged(b.t.Context(), tx, parked)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

func TestCountsAtTheClose(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	b.authority("qld-cp", term.QLD, "2026-11-04")
	b.lodged("frc=6,qld-cp=1")
	b.lodged("frc=4")
	b.lodged("")
	stuck, later := b.decided("frc"), b.decided("frc")
	b.apply(b.decided("frc"), b.decided("frc"), b.unprocessed(stuck), b.unprocessed(later))
	b.apply(b.unprocessed(stuck)) // its reasons changed
	// A match: the hub creates the disclosure, which goes to an officer at once.
	disclosure := b.decided("frc")
	disclosure.GetSubmissionDecided().Reference = "~DOI:REF-1"
	created := clock.NewID(b.clock.Now())
	b.apply(&eventv1.Event{Id: created[:], SchemaVersion: 1, Body: &eventv1.Event_SubmissionCreated{SubmissionCreated: &eventv1.SubmissionCreated{
		SubmissionId: disclosure.GetSubmissionDecided().GetSubmissionId(), AuthorityId: "frc", Reference: "~DOI:REF-1",
	}}}, b.unprocessed(disclosure))
	b.clock.Set(local(4, 0, 0))
	b.lodged("frc=2") // after midnight: not in this report
	late := b.decided("frc")
	b.apply(b.unprocessed(late))
	b.apply(stuck) // decided after midnight too
	b.sweep()
	// 10 lodged and 1 created; 2 decided, 3 unprocessed, 6 pending.
	expect(t, b.reports("frc"), `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 2 pending 6 unprocessed 3
	`)
	expect(t, b.reports("qld-cp"), `
		1 2026-11-04 covers 2026-11-03..2026-11-03 lines 0 pending 1 unprocessed 0
	`)
	b.apply(later, disclosure, b.unprocessed(disclosure), b.unprocessed(later)) // announced again, too late
	b.clock.Set(local(5, 0, 0))
	b.sweep()
	b.apply(b.unprocessed(disclosure), b.unprocessed(stuck)) // and once more after the announcements were dropped
	b.clock.Set(local(6, 0, 0))
	b.sweep()
	// 12 lodged and 1 created; 5 decided, the late one unprocessed, 7 pending.
	expect(t, b.reports("frc")[1:], `
		2 2026-11-05 covers 2026-11-04..2026-11-04 lines 3 pending 7 unprocessed 1
		3 2026-11-06 covers 2026-11-05..2026-11-05 lines 0 pending 7 unprocessed 1
	`)
	b.verify(b.reports("frc")...)
	if n := b.count("SELECT count(*) FROM unprocessed"); n > 3 {
		t.Errorf("%d announcements are kept", n)
	}
}

func TestBadTalliesAreRefused(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	for _, header := range []string{"frc", "frc=", "=1", "frc=-1", "frc=1,,", "frc=x"} {
		if _, err := b.handlers.DecodeTally(bus.Delivery{Message: bus.Message{
			ID: clock.NewID(b.clock.Now()).String(), Headers: map[string]string{subject.HeaderTally: header},
		}}); err == nil {
			t.Errorf("%q was counted", header)
		}
	}
	if _, err := b.handlers.DecodeTally(bus.Delivery{Message: bus.Message{ID: "x", Headers: map[string]string{subject.HeaderTally: "frc=1"}}}); err == nil {
		t.Error("a message without an id was counted")
	}
}
