package events

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/childkey"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
)

// lean is an event as the registry tells it while the record is restricted, before
// the change or after it; other events stay.
func (w *world) lean(e *eventv1.Event) *eventv1.Event {
	w.t.Helper()
	e = proto.CloneOf(e)
	body := e.GetCircumstanceChanged()
	before, after := new(registryv1.Customer), new(registryv1.Customer)
	if proto.Unmarshal(body.GetBefore(), before) != nil || proto.Unmarshal(body.GetAfter(), after) != nil {
		w.t.Fatal("an event that cannot be read")
	}
	if !before.GetRestrictedAccess() && !after.GetRestrictedAccess() {
		return e
	}
	for _, c := range []*registryv1.Customer{before, after} {
		c.Name, c.Aliases, c.DateOfBirth = nil, nil, ""
		for _, k := range c.GetChildren() {
			k.Key, k.GivenName = childkey.Of(w.generator.Audit, c.GetCrn(), k.GetGivenName(), k.GetDateOfBirth()), ""
		}
	}
	if len(body.GetBefore()) > 0 {
		body.Before, _ = proto.Marshal(before)
	}
	body.After, _ = proto.Marshal(after)
	return e
}

// free is the event of the same change of a record nobody ever restricts.
func (w *world) free(e *eventv1.Event) *eventv1.Event {
	w.t.Helper()
	e = proto.CloneOf(e)
	body := e.GetCircumstanceChanged()
	for _, image := range []*[]byte{&body.Before, &body.After} {
		c := new(registryv1.Customer)
		if proto.Unmarshal(*image, c) != nil {
			w.t.Fatal("an event that cannot be read")
		}
		if c.RestrictedAccess = false; len(*image) > 0 {
			*image, _ = proto.Marshal(c)
		}
	}
	body.Changed = slices.DeleteFunc(body.Changed, func(part string) bool { return part == "restricted_access" })
	return e
}

// keptOf is what is kept of a customer, as text.
func (w *world) keptOf(crn string) string {
	w.t.Helper()
	var kept []byte
	if err := w.pool.QueryRow(w.t.Context(), `SELECT facts FROM customer WHERE crn = $1`, crn).Scan(&kept); err != nil {
		w.t.Fatal(err)
	}
	return string(kept)
}

// A history has the same items, with the same causes and occurrences, whether the
// record is restricted now and then or never: restricting raises, doubles and
// loses nothing. What is kept of a restricted record names no child.
func TestRestrictingMakesNoDifferenceToItems(t *testing.T) {
	t.Parallel()
	hidden, open, n, ofChildren := newWorld(t), newWorld(t), 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		h := begin(person(n), morning.AddDate(0, 0, -100))
		h.now.RegisterMeasure = eventv1.Measure_MEASURE_DEY
		h = begin(h.now, morning.AddDate(0, 0, -100))
		at := morning.AddDate(0, 0, -100)
		for i := range rapid.IntRange(2, 12).Draw(rt, "changes") {
			at = at.Add(time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour)
			h.then(at, func(c *registryv1.Customer) {
				switch rapid.IntRange(0, 3).Draw(rt, "what") {
				case 0:
					c.RestrictedAccess = !c.GetRestrictedAccess()
				case 1: // children come, go and are written in another order
					c.Children = nil
					for _, k := range rapid.Permutation([]int{0, 1, 2}).Draw(rt, "children")[rapid.IntRange(0, 2).Draw(rt, "gone"):] {
						born := morning.AddDate(-5, 0, 20*(k/2)-30) // twins, and one younger
						c.Children = append(c.Children, &registryv1.Child{GivenName: fmt.Sprintf("Kid%d", k), DateOfBirth: born.Format(time.DateOnly)})
					}
				default:
					rapid.SampledFrom(mutations).Draw(rt, "change")(rt, c, at)
				}
				c.PaydayCode = fmt.Sprint(i % 2) // no version without a change
			})
		}
		var lean, free []*eventv1.Event
		for _, e := range h.events {
			lean, free = append(lean, hidden.lean(e)), append(free, open.free(e))
		}
		deliver(rt, hidden, lean)
		deliver(rt, open, free)
		for _, day := range []int{0, 3, 30} {
			hidden.sweepCustomers(morning.AddDate(0, 0, day))
			open.sweepCustomers(morning.AddDate(0, 0, day))
		}
		crn := h.now.GetCrn()
		got, want := hidden.rows(crn), open.rows(crn)
		if !slices.Equal(got, want) {
			rt.Fatalf("items %v\nwant  %v", got, want)
		}
		if h.now.GetRestrictedAccess() && strings.Contains(hidden.keptOf(crn), "Kid") {
			rt.Fatal("a name of a child is kept of a restricted record")
		}
		for _, r := range got {
			if strings.HasPrefix(r.Cause, "child/") {
				ofChildren++
			}
		}
	})
	if hidden.consistent(); ofChildren < n/4 {
		t.Errorf("%d items of children in %d histories: nothing is proved", ofChildren, n)
	}
}

// However an event came to carry names of a restricted record: they are not kept,
// and no item has one.
func TestNamesOfARestrictedRecordAreNotKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := begin(person(1), morning.AddDate(0, 0, -2))
	h.now.RegisterMeasure, h.now.RestrictedAccess = eventv1.Measure_MEASURE_DEY, true
	h.now.Children = []*registryv1.Child{{GivenName: "Mia", DateOfBirth: morning.AddDate(-5, 0, -9).Format(time.DateOnly)}}
	h = begin(h.now, morning.AddDate(0, 0, -2))
	w.changes(h.events...)
	if n := w.count(`work_item WHERE code = 'I542Q1' AND value = 'A child in care'`); n != 1 {
		t.Errorf("%d items of the child without its name", n)
	}
	if strings.Contains(w.keptOf(crnOf(1)), "Mia") {
		t.Error("the name is kept")
	}
}

// A key of facts that an earlier program kept is made up for: the item of a child
// is not raised twice.
func TestChildrenOfFormerFactsHaveTheirKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := person(1)
	c.RegisterMeasure = eventv1.Measure_MEASURE_DEY
	c.Children = []*registryv1.Child{{GivenName: "Mia", DateOfBirth: "2021-11-25"}}
	w.changes(begin(c, morning.AddDate(0, 0, -2)).events...)
	f, err := facts.Decode([]byte(w.keptOf(c.GetCrn())))
	if err != nil {
		t.Fatal(err)
	}
	former := bytes.Replace(facts.Encode(f), append([]byte{byte(len(f.Children[0].Key))}, f.Children[0].Key...), nil, 1)
	former[0] = 1
	if _, err := w.pool.Exec(t.Context(), `UPDATE customer SET facts = $1`, former); err != nil {
		t.Fatal(err)
	}
	w.sweepCustomers(morning.AddDate(0, 0, 5))
	if n := w.count(fmt.Sprintf(`work_item WHERE code = 'I542Q1' AND cause = '%s' AND value = 'Mia'`, f.Children[0].Key)); n != 1 {
		t.Errorf("%d items have the child's key as their cause: %v", n, w.rows())
	}
}
