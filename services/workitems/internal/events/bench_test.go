package events

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// loaded is a customer as full as many are: a card, expenses, children.
func loaded(n int) *registryv1.Customer {
	c := person(n)
	c.Office = fmt.Sprintf("OFF%d", n%20)
	for i := range 3 {
		c.Children = append(c.Children, &registryv1.Child{GivenName: fmt.Sprint("Kid", i), DateOfBirth: fmt.Sprintf("201%d-05-06", i)})
		c.Expenses = append(c.Expenses, &registryv1.Expense{
			ExpenseId: fmt.Sprint("e", i), Kind: registryv1.ExpenseKind(i%6 + 1), AllocationCents: 5_000, Regular: true, FromDate: "2026-02-01",
		})
	}
	c.Account = &registryv1.IncomeManagementAccount{BalanceCents: 20_000, ManagedCents: 50_000}
	c.Card = &registryv1.Card{BalanceCents: 5_000, LimitCents: 100_000, AllocationMethod: 2, PreviousMethod: 1, MethodSince: "2026-03-01"}
	for i := range 10 {
		c.Card.Declined = append(c.Card.Declined, &registryv1.CardTransaction{
			TransactionId: fmt.Sprint("t", i), At: timestamppb.New(morning.AddDate(0, 0, -10*i)), Cents: 1_000,
		})
	}
	return c
}

// feed is what comes in over a day: mostly figures of cards and accounts, some
// of which raise an item.
func feed(h *history, i int) *eventv1.Event {
	return h.then(morning.Add(time.Duration(i)*time.Second), func(c *registryv1.Customer) {
		switch i % 10 {
		case 0, 1, 2:
			c.Card.BalanceCents = int64(i%200) * 1000
		case 3, 4, 5:
			c.Account.BalanceCents = int64(i) * 1000
		case 6:
			c.Payments[0].FortnightlyCents++
		case 7:
			c.Addresses[0].Street = fmt.Sprint(i, " High Street")
		case 8:
			c.Expenses[0].ConsecutiveFailures = int32(i % 7)
		default:
			c.Card.Declined = append(c.Card.Declined[1:], &registryv1.CardTransaction{
				TransactionId: fmt.Sprint("d", i), At: timestamppb.New(morning.Add(time.Duration(i) * time.Second)), Cents: 100,
			})
		}
	})
}

// BenchmarkChanges applies batches of 500 changed records of different
// customers: decode, triggers, read and write, commit, in two workers at once,
// as the service does. One operation is one batch; changes/s is what counts.
func BenchmarkChanges(b *testing.B) {
	w := newWorld(b)
	const size = 500
	people := make([]*history, 20_000)
	for i := range people {
		people[i] = begin(loaded(i), morning)
	}
	for i := 0; i < len(people); i += size {
		var list []*eventv1.Event
		for _, h := range people[i : i+size] {
			list = append(list, h.events[0])
		}
		w.changes(list...)
	}
	made := make([][]*eventv1.Event, b.N)
	for i := range made {
		for j := range size {
			made[i] = append(made[i], feed(people[(i*size+j)%len(people)], i*7+j))
		}
	}
	before := w.count("work_item")
	b.ReportAllocs()
	b.ResetTimer()
	batches, done := make(chan []*eventv1.Event), make(chan error)
	for range 2 {
		go func() {
			for list := range batches {
				if err := w.one(list); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for _, list := range made {
		batches <- list
	}
	close(batches)
	for range 2 {
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "changes/s")
	b.ReportMetric(float64(w.count("work_item")-before)/float64(b.N*size), "items/change")
}

// one applies a batch as the kit does, in one transaction with its outbox rows.
func (w *world) one(list []*eventv1.Event) error {
	in, err := w.generator.decodeChanges(delivery(w.t, list))
	if err != nil {
		return err
	}
	return w.generator.Store.InTx(w.t.Context(), func(tx pgx.Tx) error {
		var effects inbox.Effects
		if effects, err = w.generator.applyChanges(w.t.Context(), tx, in); err != nil {
			return err
		}
		if len(effects.Defer) > 0 {
			return fmt.Errorf("%d changes came too early", len(effects.Defer))
		}
		return outbox.Insert(w.t.Context(), tx, effects.Outbox...)
	})
}

// BenchmarkEndingNotices warns of notices that all fall due on one day. One
// operation is one sweep of all of them.
func BenchmarkEndingNotices(b *testing.B) {
	const notices = 100_000
	for b.Loop() {
		b.StopTimer()
		w := newWorld(b)
		if _, err := w.pool.Exec(b.Context(), `INSERT INTO customer (crn, record_version, office)
			SELECT lpad(n::text, 9, '0') || 'A', 1, 'OFF' || n % 20 FROM generate_series(1, $1) AS n`, notices); err != nil {
			b.Fatal(err)
		}
		if _, err := w.pool.Exec(b.Context(), `INSERT INTO notice (notice_id, crn, authority_id, measure, state, start_date, end_date, version)
			SELECT gen_random_uuid(), lpad(n::text, 9, '0') || 'A', 'qld-cp', 2, 2, '2026-01-01', '2026-12-28', 2 FROM generate_series(1, $1) AS n`, notices); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		from := clock.System().Now()
		if err := w.generator.EndingNotices(b.Context(), morning); err != nil {
			b.Fatal(err)
		}
		seconds := clock.System().Now().Sub(from).Seconds()
		b.StopTimer()
		if n := w.count("work_item"); n != notices {
			b.Fatalf("%d items", n)
		}
		b.ReportMetric(seconds*1e6/notices, "s/million")
		b.StartTimer()
	}
}
