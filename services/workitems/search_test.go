package workitems_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// row is an item as the model keeps it.
type row struct {
	id, crn, code, office, assignee string
	measure, status                 int
	at                              time.Time
}

// thousand puts 1,000 items of all sorts on the desk, several of one moment.
func (d *desk) thousand() []row {
	d.t.Helper()
	d.exec(`INSERT INTO work_item (id, crn, code, cause, occurrence, measure, office, status, assignee, raised_at, due_on, started_at, closed_at)
		SELECT gen_random_uuid(), lpad((n % 40)::text, 9, '1') || 'A', (ARRAY['I070Q1', 'I217Q1', 'I289Q1', 'I045Q1', 'I607Q1', 'I092PI', 'I211Q1'])[1 + n % 7],
			n::text, 'v1', n % 4 * 2, (ARRAY['', 'QLD1', 'NT2'])[1 + n % 3], s, CASE WHEN s = 2 OR n % 11 = 0 THEN 'officer' || n % 2 ELSE '' END,
			timestamptz '2026-02-01' + (n / 3) * interval '1 hour', date '2026-02-01', CASE WHEN s = 2 THEN now() END, CASE WHEN s >= 3 THEN now() END
		FROM generate_series(1, 1000) n, LATERAL (SELECT 1 + n / 5 % 4 AS s) st`)
	rows, err := d.pool.Query(context.Background(), "SELECT id, crn, code, office, assignee, measure, status, raised_at FROM work_item")
	if err != nil {
		d.t.Fatal(err)
	}
	all, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (o row, err error) {
		var id clock.ID
		err = r.Scan((*[16]byte)(&id), &o.crn, &o.code, &o.office, &o.assignee, &o.measure, &o.status, &o.at)
		o.id = id.String()
		return o, err
	})
	if err != nil || len(all) != 1000 {
		d.t.Fatalf("%d items, %v", len(all), err)
	}
	slices.SortFunc(all, func(a, b row) int { return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id)) })
	return all
}

// pages returns the ids of all pages, which must be as many as each page says.
func (d *desk) pages(c workitemv1.WorkItemServiceClient, r *workitemv1.SearchWorkItemsRequest) []string {
	d.t.Helper()
	r = proto.Clone(r).(*workitemv1.SearchWorkItemsRequest)
	r.Count = true
	var ids []string
	var total *workitemv1.ItemTotal
	for {
		page, err := c.SearchWorkItems(context.Background(), r)
		if err != nil {
			d.t.Fatalf("%v: %v", r, err)
		}
		if total != nil && total.GetItems() != page.GetTotal().GetItems() {
			d.t.Errorf("%v: %v in all, and on a later page %v", r, total, page.GetTotal())
		}
		total = page.GetTotal()
		for _, w := range page.GetWorkItems() {
			ids = append(ids, w.GetWorkItemId())
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			if total.GetItems() != int64(len(ids)) || total.GetMore() {
				d.t.Errorf("%v: %d items, counted %v", r, len(ids), total)
			}
			return ids
		}
		if len(page.GetWorkItems()) != int(r.GetPageSize()) {
			d.t.Errorf("%v: a page of %d that is not the last", r, len(page.GetWorkItems()))
		}
	}
}

// filter is a filter of the search and the same of the model.
type filter struct {
	name string
	set  func(*workitemv1.SearchWorkItemsRequest)
	is   func(row) bool
}

func filters() []filter {
	from, before := time.Date(2026, 2, 3, 5, 0, 0, 0, time.UTC), time.Date(2026, 2, 9, 0, 0, 0, 0, time.UTC)
	in := func(codes ...string) func(row) bool {
		return func(r row) bool { return slices.Contains(codes, r.code) }
	}
	type request = workitemv1.SearchWorkItemsRequest
	return []filter{
		{"none", func(*request) {}, func(row) bool { return true }},
		{"office", func(r *request) { r.Office = "QLD1" }, func(r row) bool { return r.office == "QLD1" }},
		{"code", func(r *request) { r.Codes = []string{"I070Q1"} }, in("I070Q1")},
		{"codes and aliases", func(r *request) { r.Codes = []string{"217Q1", "1289Q1", "I217Q1", "I045Q1"} }, in("I217Q1", "I289Q1", "I045Q1")},
		{"group", func(r *request) { r.Group = workitemv1.Group_GROUP_CHILD_PROTECTION }, in("I217Q1", "I211Q1")},
		{"measure", func(r *request) { r.Measure = eventv1.Measure(2) }, func(r row) bool { return r.measure == 2 }},
		{"customer", func(r *request) { r.Crn = "111111117A" }, func(r row) bool { return r.crn == "111111117A" }},
		{"raised from", func(r *request) { r.RaisedFrom = timestamppb.New(from) }, func(r row) bool { return !r.at.Before(from) }},
		{"raised before", func(r *request) { r.RaisedBefore = timestamppb.New(before) }, func(r row) bool { return r.at.Before(before) }},
		{"assignee", func(r *request) { r.Assignee = "officer1" }, func(r row) bool { return r.assignee == "officer1" }},
		{"unassigned", func(r *request) { r.Assignee = "-" }, func(r row) bool { return r.assignee == "" }},
	}
}

func TestPagesLoseAndRepeatNothingUnderEveryPairOfFilters(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all := d.thousand()
	c := d.as("olive", "officer")
	states := map[workitemv1.State]func(row) bool{
		workitemv1.State_STATE_UNSPECIFIED: func(r row) bool { return r.status <= 2 },
		workitemv1.State_STATE_OPEN:        func(r row) bool { return r.status <= 2 },
		workitemv1.State_STATE_CLOSED:      func(r row) bool { return r.status >= 3 },
		workitemv1.State_STATE_ALL:         func(row) bool { return true },
	}
	found := 0
	for i, a := range filters() {
		for _, b := range filters()[i:] {
			for state, is := range states {
				r := &workitemv1.SearchWorkItemsRequest{State: state, PageSize: 83}
				a.set(r)
				b.set(r)
				if r.GetAssignee() == "-" && (a.name == "assignee" || b.name == "assignee") || a.name == "code" && b.name == "codes and aliases" {
					continue // one field
				}
				var want []string
				for _, o := range all {
					if a.is(o) && b.is(o) && is(o) {
						want = append(want, o.id)
					}
				}
				if got := d.pages(c, r); !slices.Equal(got, want) {
					t.Errorf("%s and %s, %s: %d items, want %d, or in another order", a.name, b.name, state, len(got), len(want))
				}
				found += len(want)
			}
		}
	}
	if found < 20_000 {
		t.Errorf("only %d items were looked for", found)
	}
	// One by one.
	r := &workitemv1.SearchWorkItemsRequest{Office: "QLD1", State: workitemv1.State_STATE_ALL, Codes: []string{"I070Q1", "I217Q1"}, PageSize: 200}
	whole := d.pages(c, r)
	if r.PageSize = 1; !slices.Equal(d.pages(c, r), whole) {
		t.Error("pages of one are not the whole")
	}
}

func TestPagesAreStableWhileItemsCome(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	c := d.as("olive", "officer")
	var placedIDs []string
	for n := range 30 {
		placedIDs = append(placedIDs, d.place(placed{at: d.clock.Now().Add(time.Duration(n/4-100) * time.Hour)}))
	}
	slices.Sort(placedIDs)
	var seen []string
	r := &workitemv1.ListCustomerWorkItemsRequest{Crn: "123456789A", PageSize: 7}
	for page := range 20 {
		answer, err := c.ListCustomerWorkItems(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range answer.GetWorkItems() {
			seen = append(seen, w.GetWorkItemId())
		}
		if page < 4 {
			d.place(placed{at: d.clock.Now().Add(time.Duration(-page) * time.Minute)}) // after all of them
		}
		if r.PageToken = answer.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	if len(seen) != 34 {
		t.Errorf("%d items seen, want the 30 and the 4 that came", len(seen))
	}
	slices.Sort(seen)
	if len(slices.Compact(seen)) != 34 {
		t.Error("an item was seen twice")
	}
}

func TestMineAreTheOpenOnesOfTheCaller(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all := d.thousand()
	c := d.as("officer1", "officer")
	var want, got []string
	for _, o := range all {
		if o.assignee == "officer1" && o.status <= 2 {
			want = append(want, o.id)
		}
	}
	r := &workitemv1.ListMyWorkItemsRequest{PageSize: 9}
	for {
		page, err := c.ListMyWorkItems(context.Background(), r)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range page.GetWorkItems() {
			got = append(got, w.GetWorkItemId())
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			break
		}
		_, err = d.as("officer0", "officer").ListMyWorkItems(context.Background(), r)
		refusedAs(t, "another officer's token", err, fault.Invalid, "FIELD_INVALID", "page_token")
	}
	if len(want) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d items, want %d", len(got), len(want))
	}
	counted, err := c.ListMyWorkItems(context.Background(), &workitemv1.ListMyWorkItemsRequest{PageSize: 1, Count: true})
	if err != nil || counted.GetTotal().GetItems() != int64(len(want)) {
		t.Errorf("counted %v, %v, want %d", counted.GetTotal(), err, len(want))
	}
}

func TestCountsAreThoseOfTheOpenItems(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	all := d.thousand()
	want := map[string]int64{}
	for _, o := range all {
		if o.status <= 2 {
			want[o.code+"@"+o.office]++
		}
	}
	for _, office := range []string{"", "NT2"} {
		answer, err := d.as("olive", "officer").CountWorkItems(context.Background(), &workitemv1.CountWorkItemsRequest{Office: office})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, n := range answer.GetCounts() {
			got[n.GetCode()+"@"+n.GetOffice()] = n.GetOpen()
		}
		for key, n := range want {
			if office == "" || strings.HasSuffix(key, "@"+office) {
				if got[key] != n {
					t.Errorf("office %q: %s has %d, want %d", office, key, got[key], n)
				}
				delete(got, key)
			}
		}
		if len(got) != 0 {
			t.Errorf("office %q: %v more", office, got)
		}
	}
}

func TestASearchThatCannotBe(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.thousand()
	c := d.as("olive", "officer")
	ctx := context.Background()
	_, err := c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Codes: []string{"I070Q1", "I999Q9", "i217q1", "X"}})
	f := refusedAs(t, "unknown codes", err, fault.Invalid, "FIELD_INVALID", "codes[1]", "I999Q9")
	if fmt.Sprint(f.Fields) != `[{codes[1] there is no work item "I999Q9"} {codes[3] there is no work item "X"}]` {
		t.Errorf("fields %v", f.Fields)
	}
	_, err = c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Assignee: "a\x00b"})
	refusedAs(t, "an officer's id that is none", err, fault.Invalid, "FIELD_INVALID", "assignee")
	at := timestamppb.New(deskMorning)
	_, err = c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{RaisedFrom: at, RaisedBefore: at})
	refusedAs(t, "an empty window", err, fault.Invalid, "FIELD_INVALID", "raised_before")
	_, err = c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{PageToken: "rubbish"})
	refusedAs(t, "a forged token", err, fault.Invalid, "FIELD_INVALID", "page_token")
	page, err := c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Office: "QLD1", PageSize: 5})
	if err != nil || page.GetNextPageToken() == "" || page.GetTotal() != nil {
		t.Fatal(page, err)
	}
	_, err = c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Office: "NT2", PageToken: page.GetNextPageToken()})
	refusedAs(t, "a token of other filters", err, fault.Invalid, "FIELD_INVALID", "page_token", "filters")
	if _, err = c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Office: "QLD1", PageSize: 9, Count: true, PageToken: page.GetNextPageToken()}); err != nil {
		t.Errorf("the same list in larger pages, counted: %v", err)
	}
	nothing, err := c.SearchWorkItems(ctx, &workitemv1.SearchWorkItemsRequest{Group: workitemv1.Group_GROUP_CARD, Codes: []string{"I070Q1"}, Count: true})
	if err != nil || len(nothing.GetWorkItems()) != 0 || nothing.GetTotal() == nil || nothing.GetTotal().GetItems() != 0 {
		t.Errorf("a code of another group: %v, %v", nothing, err)
	}
}
