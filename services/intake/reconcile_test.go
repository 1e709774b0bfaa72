package intake_test

import (
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake"
)

// lodgedEvents are the announcements in the outbox, in order.
func (w *world) lodgedEvents() []*eventv1.Event {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), "SELECT payload FROM outbox WHERE stream = 'LODGED' ORDER BY id")
	if err != nil {
		w.t.Fatal(err)
	}
	var events []*eventv1.Event
	var payload []byte
	if _, err := pgx.ForEachRow(rows, []any{&payload}, func() error {
		var packet eventv1.Packet
		err := proto.Unmarshal(payload, &packet)
		events = append(events, packet.GetEvents()...)
		return err
	}); err != nil {
		w.t.Fatal(err)
	}
	return events
}

// TestReconciler lets submissions grow old: those without any status are
// announced again until they have one, those with one never are. Nobody consumes
// the lodged events here, so all announcements stay in the outbox.
func TestReconciler(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *intake.Config) {
		c.ReconcileAfter, c.ReconcileEvery = 300*time.Millisecond, 50*time.Millisecond
	})
	c := w.as("qld-cp")
	var lodged []*intakev1.Receipt
	for range 5 {
		lodged = append(lodged, submit(t, c, notice()))
	}
	w.decide(commenced(t, lodged[1]))
	w.clock.Advance(240 * time.Hour) // business time is not age
	again := func(r *intakev1.Receipt) (n int) {
		id := idOf(t, r)
		for _, e := range w.lodgedEvents() {
			if clock.ID(e.GetId()) == id && e.GetSubmissionLodged().GetReconcile() {
				n++
			}
		}
		return n
	}
	eventually(t, "stragglers are announced twice", func() bool { return again(lodged[0]) >= 2 && again(lodged[4]) >= 2 })
	if n := again(lodged[1]); n != 0 {
		t.Errorf("a decided submission was announced again %d times", n)
	}
	var first, last *eventv1.SubmissionLodged
	for _, e := range w.lodgedEvents() {
		if id := idOf(t, lodged[0]); clock.ID(e.GetId()) == id {
			if first == nil {
				first = e.GetSubmissionLodged()
			}
			last = e.GetSubmissionLodged()
		}
	}
	if first.GetReconcile() || !last.GetReconcile() {
		t.Errorf("marks: first %v, last %v", first.GetReconcile(), last.GetReconcile())
	}
	last.Reconcile = false
	if !proto.Equal(first, last) {
		t.Errorf("announced as\n%v\nthen as\n%v", first, last)
	}
	for _, r := range lodged {
		w.decide(commenced(t, r))
	}
	eventually(t, "nobody is a straggler any more", func() bool { return scalar[int](t, w.pool, "SELECT count(*) FROM straggler") == 0 })
	late := submit(t, c, notice())
	eventually(t, "a later one is found too", func() bool { return again(late) > 0 })
	if passed := scalar[bool](t, w.pool, "SELECT up_to > '2001-01-01' FROM reconciled"); !passed {
		t.Error("the mark did not move")
	}
}
