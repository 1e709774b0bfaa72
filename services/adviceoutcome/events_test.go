package adviceoutcome

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// recorded counts the outcomes told in a message of this service.
func recorded(t *testing.T, payload []byte) int {
	t.Helper()
	var p eventv1.Packet
	if err := proto.Unmarshal(payload, &p); err != nil {
		t.Fatal(err)
	}
	for _, e := range p.GetEvents() {
		if e.GetAdviceOutcomeRecorded().GetReportDate() != "2026-11-04" {
			t.Errorf("%+v", e)
		}
	}
	return len(p.GetEvents())
}

// TestRecordedOnce gives overlapping batches to several writers at once.
func TestRecordedOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	all := make([]*eventv1.Event, 600)
	for i := range all {
		all[i] = b.decided("frc")
	}
	var told atomic.Int64
	var wait sync.WaitGroup
	for n := range 6 {
		wait.Go(func() {
			for from := n * 20; from+100 <= len(all); from += 50 {
				batch := append(append([]*eventv1.Event(nil), all[from:from+100]...), all[from])
				if n%2 == 0 { // the other way round
					for i, j := 0, len(batch)-1; i < j; i, j = i+1, j-1 {
						batch[i], batch[j] = batch[j], batch[i]
					}
				}
				effects, err := b.tryApply(t.Context(), batch...)
				if err != nil {
					t.Error(err)
				}
				for _, row := range effects.Outbox {
					told.Add(int64(recorded(t, row.Payload)))
				}
			}
		})
	}
	wait.Wait()
	if n := b.count("SELECT count(*) FROM outcome"); n != len(all) || told.Load() != int64(n) {
		t.Errorf("%d decided, %d recorded, %d told", len(all), n, told.Load())
	}
}

func TestUnknownAuthorityWaits(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	early := b.decided("nt-cp")
	effects := b.apply(b.decided("frc"), early, b.decided("frc"))
	if len(effects.Defer) != 1 || effects.Defer[0].Value.(*eventv1.Event) != early {
		t.Fatalf("put off: %v", effects.Defer)
	}
	if n := b.count("SELECT count(*) FROM outcome"); n != 2 {
		t.Errorf("%d outcomes", n)
	}
	b.announce("nt-cp", eventv1.Jurisdiction_JURISDICTION_NT, 2, "")
	b.announce("nt-cp", eventv1.Jurisdiction_JURISDICTION_WA, 1, "2020-01-01") // an older version, late
	if effects := b.apply(early); len(effects.Defer) != 0 {
		t.Error("still put off")
	}
	standing, known, err := b.store.Standing(t.Context(), "nt-cp")
	if err != nil || !known || standing.Jurisdiction != term.NT || standing.ReportsFrom.String() != "2026-11-03" || standing.Version != 2 {
		t.Errorf("%+v, %v, %v", standing, known, err)
	}
}

// announce is a transaction of the authorities consumer.
func (b *bundle) announce(id string, in eventv1.Jurisdiction, version int64, from string) {
	b.t.Helper()
	event := b.decided(id)
	event.Body = &eventv1.Event_AuthorityChanged{AuthorityChanged: &eventv1.AuthorityChanged{
		AuthorityId: id, Jurisdiction: in, Enabled: true, RecordVersion: version, ReportsFrom: from,
	}}
	err := postgres.InTx(b.t.Context(), b.pool, func(tx pgx.Tx) error {
		_, err := b.handlers.Authorities(b.t.Context(), tx, received(event))
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestEventsThatCannotBeRecorded must be errors of the event, never trouble that
// is tried for ever, and must leave nothing behind.
func TestEventsThatCannotBeRecorded(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	b.authority("frc", term.QLD, "2026-11-04")
	for name, spoil := range map[string]func(*eventv1.Event){
		"no submission":        func(e *eventv1.Event) { e.GetSubmissionDecided().SubmissionId = nil },
		"no authority":         func(e *eventv1.Event) { e.GetSubmissionDecided().AuthorityId = "" },
		"an unknown outcome":   func(e *eventv1.Event) { e.GetSubmissionDecided().Outcome = 99 },
		"an outcome too large": func(e *eventv1.Event) { e.GetSubmissionDecided().Outcome = 1<<16 + 1 },
		"no type":              func(e *eventv1.Event) { e.GetSubmissionDecided().InformationType = 0 },
		"not terminal": func(e *eventv1.Event) {
			e.GetSubmissionDecided().Status = eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED
		},
		"no time":             func(e *eventv1.Event) { e.GetSubmissionDecided().DecidedAt = nil },
		"a date that is none": func(e *eventv1.Event) { e.GetSubmissionDecided().EndDate = "2026-02-30" },
		"unprocessed, no id": func(e *eventv1.Event) {
			e.Body = &eventv1.Event_SubmissionUnprocessed{SubmissionUnprocessed: &eventv1.SubmissionUnprocessed{AuthorityId: "frc"}}
		},
	} {
		event := b.decided("frc")
		spoil(event)
		if _, err := b.tryApply(t.Context(), b.decided("frc"), event); err == nil || fault.Retryable(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := b.count("SELECT count(*) FROM outcome"); n != 0 {
		t.Errorf("%d outcomes of batches that failed", n)
	}
}

// TestWhatIsKeptOfAMessage: other facts are left out, unknown ones are not.
func TestWhatIsKeptOfAMessage(t *testing.T) {
	t.Parallel()
	b := setup(t, local(3, 10, 0))
	later, unknown, notice := b.decided("frc"), b.decided("frc"), b.decided("frc")
	later.SchemaVersion = 2
	unknown.Body = nil
	notice.Body = &eventv1.Event_NoticeActivated{NoticeActivated: &eventv1.NoticeActivated{}}
	notice.SchemaVersion = 2
	row := packet.Rows(subject.Decided, []*eventv1.Event{b.decided("frc"), b.unprocessed(later), later, notice, unknown}, 500)[0]
	kept, err := b.handlers.DecodeDecided(bus.Delivery{Message: bus.Message{ID: row.ID.String(), Data: row.Payload}})
	if err != nil || len(kept) != 4 {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
	for i, refused := range []bool{false, false, true, true} {
		if (kept[i].Refused != nil) != refused || kept[i].Key != "" {
			t.Errorf("event %d: key %q, refused %v", i, kept[i].Key, kept[i].Refused)
		}
		again, err := b.handlers.DecodeParked(kept[i].Data)
		if err != nil || again.ID != kept[i].ID {
			t.Errorf("event %d parked comes back as %v, %v", i, again, err)
		}
	}
}

// BenchmarkDecided applies batches of 500 new outcomes of four authorities.
func BenchmarkDecided(b *testing.B) {
	s := setup(b, local(3, 10, 0))
	ids := []string{"frc", "qld-cp", "nt-cp", "nt-spar"}
	for _, id := range ids {
		s.authority(id, term.QLD, "2026-11-04")
	}
	const size = 500
	for b.Loop() {
		b.StopTimer()
		events := make([]*eventv1.Event, size)
		for i := range events {
			events[i] = s.decided(ids[i%len(ids)])
		}
		b.StartTimer()
		s.apply(events...)
	}
	b.ReportMetric(float64(size*b.N)/b.Elapsed().Seconds(), "outcomes/s")
}
