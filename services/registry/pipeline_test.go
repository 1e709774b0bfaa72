package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry"
)

// eventually waits until ok; everything waited for here takes milliseconds.
func eventually(t testing.TB, what string, ok func() (bool, error)) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		done, err := ok()
		if done && err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not happen: %v", what, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// publish sends packets on the decided stream, each a message of its own.
func publish(t testing.TB, b *bus.Bus, packets ...[]*eventv1.Event) {
	t.Helper()
	var messages []bus.Message
	for _, list := range packets {
		data, err := proto.Marshal(&eventv1.Packet{Events: list})
		if err != nil {
			t.Fatal(err)
		}
		messages = append(messages, bus.Message{ID: clock.NewID(morning).String(), Subject: subject.Of(subject.Decided, 0), Data: data})
	}
	acks, err := b.Publish(t.Context(), messages)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range acks {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
	}
}

func (w *world) count(t testing.TB, what string) int {
	t.Helper()
	var n int
	if err := w.pool.QueryRow(t.Context(), `SELECT count(*) FROM `+what).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// drained waits until so many decided messages have been consumed.
func (w *world) drained(t testing.TB, messages uint64) {
	t.Helper()
	eventually(t, "the decided stream is consumed", func() (bool, error) {
		floor, err := w.bus.Floor(t.Context(), subject.Decided, []string{subject.RegistryOutcomes})
		return floor.Sequence >= messages, err
	})
}

// siblings takes what the registry tells of customers, as the services do that
// must have it before the outbox lets it go.
func siblings(t testing.TB, b *bus.Bus) {
	t.Helper()
	for stream, consumer := range map[string]string{subject.Customer: subject.WorkItemCircumstances, subject.Notified: subject.AdviceNotified} {
		background(t, func(ctx context.Context) error {
			return b.Consume(ctx, bus.ConsumeOptions{Stream: stream, Consumer: consumer}, func(context.Context, []bus.Delivery) error { return nil })
		})
	}
}

// streams are those that have to be there before anybody runs.
func streams() []bus.Stream {
	return packet.Streams(subject.Authority, subject.Customer, subject.Notified, subject.Decided, subject.WorkItem)
}

// What changes reaches those who must know, and the outbox empties.
func TestChangesReachTheBus(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.bus.Declare(t.Context(), streams()...); err != nil {
		t.Fatal(err)
	}
	w.run(t)
	siblings(t, w.bus)
	heard := make(chan *eventv1.AuthorityChanged, 100)
	for _, name := range []string{subject.IntakeAuthorities, subject.AdviceAuthorities} {
		background(t, func(ctx context.Context) error {
			return w.bus.Consume(ctx, bus.ConsumeOptions{Stream: subject.Authority, Consumer: name}, func(_ context.Context, list []bus.Delivery) error {
				for _, d := range list {
					p := new(eventv1.Packet)
					if err := proto.Unmarshal(d.Data, p); err != nil {
						return err
					}
					for _, e := range p.GetEvents() {
						if e.GetAuthorityChanged() == nil {
							return errors.New("not an authority")
						}
						heard <- e.GetAuthorityChanged()
					}
				}
				return nil
			})
		})
	}
	if _, err := w.as(t, administrator).PutAuthority(t.Context(), &registryv1.PutAuthorityRequest{Authority: authority("frc")}); err != nil {
		t.Fatal(err)
	}
	w.put(t, people(1200)...)
	for range 2 {
		select {
		case a := <-heard:
			if a.GetAuthorityId() != "frc" || a.GetReportsFrom() != "2026-11-23" {
				t.Errorf("heard %v", a)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("a consumer heard nothing")
		}
	}
	eventually(t, "the outbox empties", func() (bool, error) { return w.count(t, "outbox") == 0, nil })
}

// Messages that come again, also under another id, and one that cannot be
// understood, leave what one clean pass leaves; the strange event is kept.
func TestDecidedEventsFromTheBus(t *testing.T) {
	t.Parallel()
	w := setup(t)
	if err := w.bus.Declare(t.Context(), packet.Streams(subject.Decided)...); err != nil {
		t.Fatal(err)
	}
	c := customer(1)
	crn := c.GetCrn()
	w.put(t, c)
	w.run(t)
	strange := decided(50, crn, eventv1.Outcome_OUTCOME_COMMENCED, "")
	strange.SchemaVersion = 9
	first := []*eventv1.Event{
		decided(1, crn, eventv1.Outcome_OUTCOME_COMMENCED, ""), notice(1, crn, "activated", 1, eventv1.Measure_MEASURE_CPEIM, "2026-11-23"),
		strange, decided(2, crn, eventv1.Outcome_OUTCOME_ELIGIBLE, ""),
	}
	publish(t, w.bus, first, first, []*eventv1.Event{decided(3, crn, eventv1.Outcome_OUTCOME_NOT_ELIGIBLE, "alice")}, first[:1])
	w.drained(t, 4)
	if n := w.count(t, "document"); n != 2 {
		t.Errorf("%d documents, want 2", n)
	}
	if got := w.find(t, &registryv1.CustomerQuery{Crn: crn}).GetCustomer().GetRegisterMeasure(); got != eventv1.Measure_MEASURE_CPEIM {
		t.Errorf("measure %v", got)
	}
	if n := w.count(t, "parked"); n != 1 {
		t.Errorf("%d parked events, want the one of a later schema", n)
	}
}

// A registry that stops at any moment goes on where it was.
func TestRestart(t *testing.T) {
	t.Parallel()
	pool, b := postgrestest.Pool(t, registry.Schema()), bustest.New(t)
	if err := b.Declare(t.Context(), streams()...); err != nil {
		t.Fatal(err)
	}
	siblings(t, b)
	w := on(t, pool, b)
	w.put(t, people(600)...) // nobody publishes: as after a crash
	if w.count(t, "outbox") == 0 {
		t.Fatal("nothing waits to be published")
	}
	const rounds, each = 6, 40
	for round := range rounds {
		var list []*eventv1.Event
		for i := range each {
			n := round*each + i
			list = append(list, decided(n, customer(n).GetCrn(), eventv1.Outcome_OUTCOME_COMMENCED, ""),
				notice(n, customer(n).GetCrn(), "activated", 1, eventv1.Measure_MEASURE_CYEIM, "2026-11-23"))
		}
		publish(t, b, list, list[:each])
		w = on(t, pool, b)
		stop := w.run(t)
		if round%2 == 0 {
			eventually(t, fmt.Sprintf("round %d begins", round), func() (bool, error) { return w.count(t, "document") > round*each, nil })
		}
		stop()
	}
	w = on(t, pool, b)
	w.run(t)
	eventually(t, "all documents are placed", func() (bool, error) { return w.count(t, "document") == rounds*each, nil })
	eventually(t, "all notices are in force", func() (bool, error) { return w.count(t, "notice WHERE state = 2") == rounds*each, nil })
	eventually(t, "the outbox empties", func() (bool, error) { return w.count(t, "outbox") == 0, nil })
	got := w.resolve(t, &registryv1.CustomerQuery{Crn: customer(7).GetCrn()}, &registryv1.CustomerQuery{Crn: customer(599).GetCrn()})
	if got[0].GetCustomer().GetRegisterMeasure() != eventv1.Measure_MEASURE_CYEIM || got[1].GetCustomer().GetRegisterMeasure() != 0 {
		t.Errorf("measures %v and %v", got[0].GetCustomer().GetRegisterMeasure(), got[1].GetCustomer().GetRegisterMeasure())
	}
}

func TestNewNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	if _, err := registry.New(registry.Config{}, registry.Deps{}); err == nil {
		t.Error("a registry without anything was made")
	}
	if err := registry.Defaults().Validate(); err != nil {
		t.Errorf("defaults: %v", err)
	}
}
