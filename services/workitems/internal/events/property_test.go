package events

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/calendar"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

func newDay(e *eventv1.Event) calendar.Date {
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		panic(err)
	}
	return calendar.FromTime(e.GetOccurredAt().AsTime(), zone)
}

func compareRows(a, b row) int {
	return cmp.Or(strings.Compare(a.CRN, b.CRN), strings.Compare(a.Code, b.Code), strings.Compare(a.Cause, b.Cause), strings.Compare(a.Occurrence, b.Occurrence))
}

// mutations are changes of a record that raise, repeat, cover and close items.
var mutations = []func(*rapid.T, *registryv1.Customer, time.Time){
	func(t *rapid.T, c *registryv1.Customer, _ time.Time) {
		c.Addresses[0].Street = rapid.StringMatching(`[1-9] (Main|High) Street`).Draw(t, "street")
	},
	func(t *rapid.T, c *registryv1.Customer, _ time.Time) {
		c.PartnerCrn = rapid.SampledFrom([]string{"", crnOf(1), crnOf(2)}).Draw(t, "partner")
	},
	func(t *rapid.T, c *registryv1.Customer, _ time.Time) {
		c.Office = rapid.SampledFrom([]string{"DARWIN", "ALICE", ""}).Draw(t, "office")
		c.RestrictedAccess = !c.GetRestrictedAccess()
	},
	func(t *rapid.T, c *registryv1.Customer, _ time.Time) {
		c.RegisterMeasure = rapid.SampledFrom([]eventv1.Measure{0, eventv1.Measure_MEASURE_CPEIM, eventv1.Measure_MEASURE_DEY, eventv1.Measure_MEASURE_VEIM}).Draw(t, "measure")
	},
	func(t *rapid.T, c *registryv1.Customer, at time.Time) {
		// A card on the Partial method is due for a regular expense every 26 weeks.
		c.Card = &registryv1.Card{
			BalanceCents: rapid.Int64Range(0, 3).Draw(t, "card balance") * 100, LimitCents: 200, PinBlocked: rapid.Bool().Draw(t, "blocked"),
			AllocationMethod: registryv1.AllocationMethod(rapid.Int32Range(1, 2).Draw(t, "method")), PreviousMethod: 1,
			MethodSince: at.AddDate(0, 0, -rapid.IntRange(0, 400).Draw(t, "method since")).Format(time.DateOnly),
		}
		if rapid.Bool().Draw(t, "declines") {
			for i := range 5 {
				c.Card.Declined = append(c.Card.Declined, &registryv1.CardTransaction{
					TransactionId: fmt.Sprint(at.Unix(), "-", i), At: timestamppb.New(at.Add(time.Duration(i) * time.Minute)), Cents: 1,
				})
			}
		}
	},
	func(t *rapid.T, c *registryv1.Customer, at time.Time) {
		c.Expenses = nil
		for i := range rapid.IntRange(0, 3).Draw(t, "expenses") {
			c.Expenses = append(c.Expenses, &registryv1.Expense{
				ExpenseId: fmt.Sprintf("e%d", i), Kind: registryv1.ExpenseKind(rapid.Int32Range(1, 6).Draw(t, "kind")), AllocationCents: 10_000, Regular: true,
				FromDate: at.AddDate(0, 0, -7).Format(time.DateOnly), ConsecutiveFailures: rapid.Int32Range(0, 5).Draw(t, "failures"),
			})
		}
	},
	func(t *rapid.T, c *registryv1.Customer, _ time.Time) {
		c.Account = &registryv1.IncomeManagementAccount{
			BalanceCents: rapid.SampledFrom([]int64{0, 300_000, 300_001}).Draw(t, "balance"), ManagedCents: rapid.Int64Range(0, 3).Draw(t, "managed") * 10_000,
		}
	},
	func(t *rapid.T, c *registryv1.Customer, at time.Time) {
		c.Children = nil
		for i := range rapid.IntRange(0, 2).Draw(t, "children") {
			born := at.AddDate(-5, 0, rapid.IntRange(-40, 40).Draw(t, "days to school age"))
			c.Children = append(c.Children, &registryv1.Child{GivenName: fmt.Sprintf("Kid%d", i), DateOfBirth: born.Format(time.DateOnly)})
		}
	},
	func(t *rapid.T, c *registryv1.Customer, at time.Time) {
		c.ServiceOffers = append(c.ServiceOffers, &registryv1.ServiceOffer{
			OfferId: fmt.Sprint("o", len(c.GetServiceOffers())), Kind: registryv1.ServiceOfferKind(rapid.Int32Range(1, 2).Draw(t, "offer")),
			OfferedOn: at.Format(time.DateOnly), Result: 1,
		})
	},
	func(t *rapid.T, c *registryv1.Customer, at time.Time) {
		asked := at.AddDate(0, 0, -rapid.IntRange(25, 32).Draw(t, "asked"))
		x := &registryv1.Exemption{ExemptionId: "x1", Status: 2, AppliedOn: asked.Format(time.DateOnly), EvidenceRequestedOn: asked.Format(time.DateOnly)}
		if rapid.Bool().Draw(t, "evidence") {
			x.EvidenceReceivedOn = at.Format(time.DateOnly)
		}
		c.Exemptions = []*registryv1.Exemption{x}
	},
	func(t *rapid.T, c *registryv1.Customer, at time.Time) {
		if c.DateOfDeath = ""; rapid.IntRange(0, 5).Draw(t, "dies") == 0 {
			c.DateOfDeath = at.Format(time.DateOnly)
		}
	},
}

// randomHistory is a customer's changes, a day or a few apart.
func randomHistory(t *rapid.T, n int) *history {
	at := morning.AddDate(0, 0, -400)
	h := begin(person(n), at)
	for range rapid.IntRange(1, 10).Draw(t, "changes") {
		at = at.Add(time.Duration(rapid.IntRange(1, 600).Draw(t, "hours")) * time.Hour)
		h.then(at, func(c *registryv1.Customer) {
			rapid.SampledFrom(mutations).Draw(t, "change")(t, c, at)
		})
	}
	return h
}

// deliver hands events over in messages, shuffled, some of them several times.
func deliver(t *rapid.T, w *world, events []*eventv1.Event) {
	list := slices.Clone(events)
	for _, e := range events {
		if rapid.IntRange(0, 3).Draw(t, "again") == 0 {
			list = append(list, e)
		}
	}
	list = rapid.Permutation(list).Draw(t, "order")
	for len(list) > 0 {
		n := rapid.IntRange(1, len(list)).Draw(t, "message")
		w.changes(list[:n]...)
		list = list[n:]
	}
}

// complete is an officer who completes every open item of some codes.
func (w *world) complete(crn string, codes []string) {
	w.t.Helper()
	if _, err := w.pool.Exec(w.t.Context(), `WITH done AS (UPDATE work_item SET status = 3, closed_at = $3, version = version + 1
			WHERE crn = $1 AND code = ANY($2) AND status <= 2 RETURNING id, version)
		INSERT INTO work_item_step (work_item_id, version, action, actor, at, note) SELECT id, version, 'completed', 'officer:alice', $3, 'spoke with the customer' FROM done`,
		crn, codes, morning); err != nil {
		w.t.Fatal(err)
	}
}

// The same history leaves the same items, open and ended, however its events
// come: shuffled over messages, repeated, and all of it again with nothing
// remembered. Officers complete some in between, at fixed points.
func TestItemsDependOnTheHistoryAlone(t *testing.T) {
	t.Parallel()
	w, n, raised := newWorld(t), 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		n += 2
		h, other := randomHistory(rt, n), randomHistory(rt, n+1)
		m := &model{t: t, evaluator: w.items.Evaluator(), crn: h.now.GetCrn()}
		from := 0
		for from < len(h.events) {
			to := rapid.IntRange(from+1, len(h.events)).Draw(rt, "officer after")
			done := rapid.SliceOfN(rapid.SampledFrom([]string{"I070Q1", "I077Q1", "I001BC", "I010BC", "I036Q1", "I098Q1", "I064Q1", "I094PI"}), 0, 4).Draw(rt, "completed")
			for _, e := range h.events[from:to] {
				m.change(e)
			}
			m.end(3, func(r row) bool { return slices.Contains(done, r.Code) })
			// Another customer's changes are mixed in; older ones of this one come again.
			deliver(rt, w, slices.Concat(h.events[:to], other.events))
			w.complete(m.crn, done)
			from = to
		}
		for range 2 {
			if got, want := w.rows(m.crn), m.rows(); !slices.Equal(got, want) {
				rt.Fatalf("items %v\nwant  %v", got, want)
			}
			if got := w.count(`covered WHERE crn = '` + m.crn + `'`); got != len(m.covered) {
				rt.Fatalf("%d covered, want %d", got, len(m.covered))
			}
			deliver(rt, w, slices.Concat(h.events, other.events)) // everything again
		}
		raised += len(m.items)
	})
	w.consistent()
	// Some two items for each history; few would mean that nothing was tested.
	if left := w.count("parked"); left != 0 || raised < n/8 {
		t.Errorf("%d events still wait; %d items were raised", left, raised)
	}
}

// However many steps the days are swept in, the same causes have an open item:
// of a repeat only the latest missed occurrence is raised, so a slow sweep
// raises fewer occurrences, never others. What is no longer possible when it is
// looked at is not raised either; nothing of that kind passes in these days.
func TestSweepsInAnyNumberOfSteps(t *testing.T) {
	t.Parallel()
	often, seldom, n := newWorld(t), newWorld(t), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := randomHistory(rt, n)
		if rapid.Bool().Draw(rt, "youth") {
			h.then(morning.AddDate(0, 0, -1), func(c *registryv1.Customer) { c.RegisterMeasure = eventv1.Measure_MEASURE_DEY })
		}
		for _, w := range []*world{often, seldom} {
			w.changes(h.events...)
		}
		crn, steps := h.now.GetCrn(), 0
		for day := range 30 {
			at := morning.AddDate(0, 0, 10*day)
			often.sweepCustomers(at)
			if day == 0 || day == 29 || rapid.IntRange(0, 9).Draw(rt, "swept") == 0 {
				seldom.sweepCustomers(at)
				steps++
			}
		}
		many, few := often.rows(crn), seldom.rows(crn)
		if got, want := causes(few), causes(many); !slices.Equal(got, want) {
			rt.Fatalf("after %d steps open %v, want %v", steps, got, want)
		}
		for _, r := range few {
			if !slices.Contains(many, r) && often.count(fmt.Sprintf(
				`covered WHERE crn = '%s' AND code = '%s' AND cause = '%s' AND occurrence = '%s'`, r.CRN, r.Code, r.Cause, r.Occurrence)) == 0 {
				rt.Fatalf("%v was raised by seldom sweeps only", r)
			}
		}
	})
	often.consistent()
	seldom.consistent()
}

func (w *world) sweepCustomers(at time.Time) {
	w.t.Helper()
	if err := w.generator.DueCustomers(w.t.Context(), at); err != nil {
		w.t.Fatal(err)
	}
}

func causes(rows []row) (open []string) {
	for _, r := range rows {
		if r.Status <= 2 {
			open = append(open, r.Code+" "+r.Cause)
		}
	}
	slices.Sort(open)
	return open
}

// A record that is encoded, sent and decoded has the facts it had.
func TestFactsOfTheRecordAsSent(t *testing.T) {
	t.Parallel()
	g := &Generator{Deps: Deps{Audit: auditor(t)}}
	rapid.Check(t, func(rt *rapid.T) {
		h := randomHistory(rt, 1)
		want, err := FromProto(h.now, g.Audit)
		if err != nil {
			rt.Fatal(err)
		}
		data, _ := proto.Marshal(h.now)
		_, got, err := g.recordOf(data, h.now.GetCrn())
		if err != nil || fmt.Sprintf("%#v", *got) != fmt.Sprintf("%#v", want) {
			rt.Fatalf("%#v, want %#v (%v)", got, want, err)
		}
	})
}
