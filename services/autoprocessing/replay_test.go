package autoprocessing_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// traffic is a random mix of everything about few customers, as lodged.
func traffic(w *world, customers, count int, seed uint64) []*eventv1.Event {
	random := rand.New(rand.NewPCG(seed, 2))
	people := make([]person, customers)
	for i := range people {
		people[i] = someone(i)
		switch i % 4 {
		case 1:
			w.registry.knows(people[i], inTerritory)
		case 2:
			w.registry.knows(people[i], restricted)
		default:
			w.registry.knows(people[i])
		}
	}
	var all []*eventv1.Event
	for range count {
		p := people[random.IntN(len(people))]
		a := []authority{frc, qldCP, ntCP, ntSpar}[random.IntN(4)]
		var s *intakev1.Submission
		switch random.IntN(6) {
		case 0:
			// A search names no CRN, so it has no turn; about a customer whose
			// register does not change its moment does not matter.
			s = find(w.registry.knows(someone(1000 + random.IntN(3))))
		case 1:
			s = disclose(p)
		case 2, 3:
			s = commence(p, []string{"2026-03-02", "2026-03-20", "2026-04-15"}[random.IntN(3)], 3)
			if a == frc {
				s.GetNoticeToCommence().QuarantinedPercent = 75
			}
		case 4:
			s = revoke(p)
		default:
			s = refer(p)
			if a == frc {
				s = revoke(p)
			}
		}
		all = append(all, w.lodgings.lodge(a, s))
	}
	return all
}

// feed hands events over in batches of random size, those that are not in turn
// again later, as the inbox does, and each a few times.
func feed(w *world, all []*eventv1.Event, times int, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 3))
	var pending []*eventv1.Event
	for range times {
		pending = append(pending, all...)
	}
	pending = shuffled(pending, seed)
	for round := 0; len(pending) > 0; round++ {
		if round > 20*len(all) {
			w.t.Fatalf("%d events never had their turn", len(pending))
		}
		n := min(len(pending), 1+random.IntN(40))
		batch := pending[:n]
		pending = pending[n:]
		effects := w.decide(batch...)
		for _, d := range effects.Defer {
			at := slices.IndexFunc(batch, func(e *eventv1.Event) bool { return string(e.GetId()) == string(d.ID[:]) })
			pending = append(pending, batch[at])
		}
	}
}

func TestRepeatedAndReorderedEventsLeaveTheSameTables(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			calm := newWorld(t)
			all := traffic(calm, 6, 60, seed)
			calm.decide(all...)
			calm.sound()
			rough := newWorld(t)
			rough.registry = calm.registry
			rough = rough.replica()
			feed(rough, all, 3, seed)
			rough.sound()
			if calm.hash() != rough.hash() {
				t.Fatal("the tables differ")
			}
			// Every event that was told has one meaning, however often it was told.
			told := map[string]string{}
			for _, e := range append(calm.told, rough.told...) {
				meaning := fmt.Sprint(e.GetBody())
				if before, known := told[string(e.GetId())]; known && before != meaning {
					t.Errorf("event %x was told as\n%s\nand as\n%s", e.GetId(), before, meaning)
				}
				told[string(e.GetId())] = meaning
			}
		})
	}
}

func TestTwoReplicasShareFewCustomers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	all := traffic(w, 5, 300, 42)
	calm := newWorld(t)
	calm.registry = w.registry
	calm = calm.replica()
	calm.decide(all...)
	var wait sync.WaitGroup
	for n := range 2 {
		wait.Go(func() {
			r := w.replica()
			pending := shuffled(all, uint64(n))
			for round := 0; len(pending) > 0 && round < 10_000; round++ {
				size := min(len(pending), 25)
				batch := pending[:size]
				pending = pending[size:]
				effects, err := r.apply(batch...)
				if fault.Retryable(err) {
					pending = append(pending, batch...)
					continue
				}
				if err != nil {
					t.Errorf("replica %d: %v", n, err)
					return
				}
				for _, d := range effects.Defer {
					at := slices.IndexFunc(batch, func(e *eventv1.Event) bool { return string(e.GetId()) == string(d.ID[:]) })
					pending = append(pending, batch[at])
				}
			}
			if len(pending) > 0 {
				t.Errorf("replica %d: %d events never had their turn", n, len(pending))
			}
		})
	}
	wait.Wait()
	w.sound()
	if w.hash() != calm.hash() {
		t.Error("two replicas came to other tables than one")
	}
}

func TestReconcileTellsAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, stranger := w.registry.knows(someone(1)), someone(2)
	lodged := []*eventv1.Event{
		w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)), w.lodgings.lodge(qldCP, commence(p, "2026-03-02", 3)), w.lodgings.lodge(qldCP, find(stranger)),
	}
	w.decide(lodged...)
	first := w.told
	w.told = nil
	w.decide(again(lodged[0]), again(lodged[1]), again(lodged[2]))
	w.decide(lodged...) // a mere redelivery tells nothing
	equal(t, "again", kinds(w.told), []string{"decided COMMENCED", "unprocessed CURRENT_NOTICE_NOT_ENDING", "unprocessed NO_MATCH"})
	for _, e := range w.told {
		at := slices.IndexFunc(first, func(o *eventv1.Event) bool { return string(o.GetId()) == string(e.GetId()) })
		if at < 0 || fmt.Sprint(first[at].GetBody()) != fmt.Sprint(e.GetBody()) {
			t.Errorf("told again as %v", e)
		}
	}
	w.sound()
}

func TestTwoSubmissionsOfOneReferenceAreADefect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := refer(w.registry.knows(someone(1))), refer(w.registry.knows(someone(2)))
	a.Reference, b.Reference = "same", "same"
	w.decide(w.lodgings.lodge(qldCP, a))
	_, err := w.apply(w.lodgings.lodge(qldCP, b))
	var f *fault.Error
	if !errors.As(err, &f) || f.Reason != "SUBMISSION_CLASH" || fault.Retryable(err) {
		t.Errorf("got %v", err)
	}
}
