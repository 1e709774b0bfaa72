package adviceoutcome

import (
	"context"
	"strconv"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// start runs the service until the test ends, or stop is called.
func (b *bundle) start() (stop func()) {
	b.t.Helper()
	if err := b.deps.Bus.Declare(b.t.Context(), packet.Streams(subject.Advice, subject.Decided, subject.Notified, subject.Authority, subject.Lodged)...); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			b.t.Errorf("run: %v", err)
		}
	}
	b.t.Cleanup(stop)
	return stop
}

// publish sends events as another service would, this many times over.
func (b *bundle) publish(stream string, times int, events ...*eventv1.Event) {
	b.t.Helper()
	for _, row := range packet.Rows(stream, events, 100) {
		for n := range times {
			acks, err := b.deps.Bus.Publish(b.t.Context(), []bus.Message{{
				ID: row.ID.String(), Attempt: strconv.Itoa(n), Stream: stream, Subject: row.Subject, Headers: row.Headers, Data: row.Payload,
			}})
			if err != nil || acks[0].Err != nil {
				b.t.Fatal(err, acks)
			}
		}
	}
}

// await waits until the query counts n rows.
func (b *bundle) await(n int, sql string) {
	b.t.Helper()
	var got int
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = b.count(sql); got == n {
			return
		}
	}
	b.t.Fatalf("%s: %d, want %d", sql, got, n)
}

// TestFromEventToReport runs the whole service, with every message sent three
// times, an authority announced late, and a restart before the close.
func TestFromEventToReport(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	stop := b.start()
	var decided, lodged []*eventv1.Event
	for range 250 {
		e := b.decided("qld-cp")
		decided = append(decided, e)
		id := e.GetSubmissionDecided().GetSubmissionId()
		lodged = append(lodged, &eventv1.Event{Id: id, SchemaVersion: 1, OccurredAt: timestamppb.New(b.clock.Now()), Body: &eventv1.Event_SubmissionLodged{
			SubmissionLodged: &eventv1.SubmissionLodged{SubmissionId: id, AuthorityId: "qld-cp", LodgedAt: timestamppb.New(b.clock.Now())},
		}})
	}
	b.publish(subject.Lodged, 3, lodged...)
	b.publish(subject.Decided, 3, append(decided[:200:200], b.unprocessed(decided[220]), b.unprocessed(decided[221]))...)
	b.publish(subject.Decided, 1, append(decided[:3:3], decided[200])...) // announced again, in other company
	b.await(201, "SELECT count(*) FROM parked WHERE state = 'waiting'")
	id := clock.NewID(b.clock.Now())
	b.publish(subject.Authority, 2, &eventv1.Event{Id: id[:], SchemaVersion: 1, OccurredAt: timestamppb.New(b.clock.Now()), Body: &eventv1.Event_AuthorityChanged{
		AuthorityChanged: &eventv1.AuthorityChanged{AuthorityId: "qld-cp", Jurisdiction: eventv1.Jurisdiction_JURISDICTION_QLD, Enabled: true, RecordVersion: 1, ReportsFrom: "2026-11-04"},
	}})
	b.await(201, "SELECT count(*) FROM outcome")
	b.await(0, "SELECT count(*) FROM parked")
	b.await(250, "SELECT coalesce(sum(submissions), 0) FROM lodged")
	stop()

	b = b.restarted()
	b.start()
	b.clock.Set(local(4, 0, 0)) // the jump alone starts the sweep
	b.await(1, "SELECT count(*) FROM report WHERE sealed_at IS NOT NULL")
	b.await(0, "SELECT count(*) FROM outbox")
	reports := b.reports("qld-cp")
	if r := reports[0]; r.Lines != 201 || r.Counts.Unprocessed != 2 {
		t.Errorf("report\n%s", summary(reports))
	}
	b.verify(reports...)
	if err := b.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

// restarted is the service made anew on the same database and bus.
func (b *bundle) restarted() *bundle {
	b.t.Helper()
	again := *b
	var err error
	if again.Service, err = New(b.cfg, b.deps); err != nil {
		b.t.Fatal(err)
	}
	return &again
}
