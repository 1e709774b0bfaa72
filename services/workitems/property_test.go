package workitems_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// wander changes a record at random so that items are raised, covered and closed.
func wander(random *rand.Rand, r *record) {
	switch random.IntN(6) {
	case 0:
		r.moves(fmt.Sprint(random.IntN(100), " High Street"))
	case 1:
		r.change("partner_crn", func(c *registryv1.Customer) { c.PartnerCrn = []string{"", "100000001B", "100000002C"}[random.IntN(3)] })
	case 2:
		r.change("card", func(c *registryv1.Customer) {
			c.Card = &registryv1.Card{
				BalanceCents: 100 * int64(random.IntN(3)), LimitCents: 100, PinBlocked: random.IntN(2) == 0, MethodSince: "2026-11-01",
				AllocationMethod: registryv1.AllocationMethod(1 + random.IntN(2)), PreviousMethod: registryv1.AllocationMethod_ALLOCATION_METHOD_RESIDUAL,
			}
		})
	case 3:
		r.change("expenses", func(c *registryv1.Customer) {
			c.Expenses = []*registryv1.Expense{{
				ExpenseId: "e1", Kind: registryv1.ExpenseKind(1 + random.IntN(6)), AllocationCents: 5_000, Regular: true, FromDate: "2026-11-02",
				ConsecutiveFailures: int32(random.IntN(6)),
			}}
		})
	case 4:
		r.change("account", func(c *registryv1.Customer) {
			c.Account = &registryv1.IncomeManagementAccount{BalanceCents: 300_000 + int64(random.IntN(2)), ManagedCents: 10_000}
		})
	case 5:
		r.change("office", func(c *registryv1.Customer) { c.Office = []string{"DARWIN", "ALICE"}[random.IntN(2)] })
	}
}

// shuffled cuts events into messages in a random order, some of them twice.
func shuffled(random *rand.Rand, events []*eventv1.Event) (packets [][]*eventv1.Event) {
	list := slices.Clone(events)
	for _, e := range events {
		if random.IntN(4) == 0 {
			list = append(list, e)
		}
	}
	random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	for len(list) > 0 {
		n := min(1+random.IntN(20), len(list))
		packets, list = append(packets, list[:n]), list[n:]
	}
	return packets
}

// everyItem is what is raised, ended and covered, and where, in one text.
func (w *world) everyItem() string {
	w.t.Helper()
	rows, err := w.pool.Query(w.t.Context(), `SELECT concat_ws(' ', crn, code, cause, occurrence, status, office) FROM work_item
		UNION ALL SELECT concat_ws(' ', crn, code, cause, occurrence, 'covered') FROM covered ORDER BY 1`)
	if err != nil {
		w.t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.Join(list, "\n")
}

// Two replicas that get the changes and notices of many customers shuffled over
// messages, some twice and then all again with nothing remembered, raise, close
// and cover the same as one that gets them in order; officers complete some in
// between. (The same against a model, at random and shrunk: internal/events.)
func TestTheOrderOfDeliveryDoesNotMatter(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			ordered, mixed := newWorld(t), newWorld(t)
			ordered.run()
			mixed.run()
			mixed.run()
			const people = 40
			var halves [2][]*eventv1.Event
			var decided []*eventv1.Event
			for i := range people {
				r := newRecord(i)
				for range 4 + random.IntN(8) {
					wander(random, r)
				}
				half := random.IntN(len(r.events))
				halves[0], halves[1] = append(halves[0], r.events[:half]...), append(halves[1], r.events[half:]...)
				n := newNotice(r.crn(), fmt.Sprintf("2026-12-%02d", 20+random.IntN(12)))
				decided = append(decided, activated(n), noticeEvent(n.next(eventv1.NoticeState_NOTICE_STATE_REVOKED, n.change.EndDate), "revoked"),
					revocation(r.crn(), "2026-12-31", random.IntN(2) == 0, random.IntN(2) == 0))
			}
			for i, half := range halves {
				ordered.send(subject.Customer, half)
				mixed.send(subject.Customer, shuffled(random, slices.Concat(halves[0], half))...)
				for _, w := range []*world{ordered, mixed} {
					w.settled()
				}
				if i == 0 {
					for _, w := range []*world{ordered, mixed} {
						w.exec(`UPDATE work_item SET status = 3, closed_at = now(), version = version + 1 WHERE status <= 2 AND code IN ('I070Q1', 'I010BC', 'I001BC')`)
					}
				}
			}
			ordered.send(subject.Decided, decided)
			// Revocations of notices and their activations come in any order, but a
			// sweep in between would see another register.
			random.Shuffle(len(decided), func(i, j int) { decided[i], decided[j] = decided[j], decided[i] })
			mixed.send(subject.Decided, decided)
			mixed.consumed()
			mixed.exec(`DELETE FROM inbox`)
			mixed.send(subject.Customer, shuffled(random, slices.Concat(halves[0], halves[1]))...)
			mixed.send(subject.Decided, shuffled(random, decided)...)
			for _, w := range []*world{ordered, mixed} {
				w.settled()
				w.swept()
			}
			if got, want := mixed.everyItem(), ordered.everyItem(); got != want {
				t.Errorf("items\n%s\n\nwant\n%s", got, want)
			}
			if n := mixed.count("work_item"); n < people {
				t.Errorf("only %d items", n)
			}
			// Raised and ended once each, in what is told as well.
			told := map[string]bool{}
			for _, e := range mixed.announced() {
				if told[string(e.GetId())] {
					t.Errorf("told twice: %v", e)
				}
				told[string(e.GetId())] = true
			}
			if n := mixed.count(`work_item WHERE status = 4`); len(told) != mixed.count("work_item")+n {
				t.Errorf("%d events tell of %d items and %d closed", len(told), mixed.count("work_item"), n)
			}
		})
	}
}
