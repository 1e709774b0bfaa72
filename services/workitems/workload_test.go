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

	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// workload is a workload in one line per officer and band.
func (d *desk) workload(office string) []string {
	d.t.Helper()
	w, err := d.as("boss", "supervisor").CountWorkload(context.Background(), &workitemv1.CountWorkloadRequest{Office: office})
	if err != nil {
		d.t.Fatal(err)
	}
	var lines []string
	for _, o := range w.GetOfficers() {
		lines = append(lines, fmt.Sprintf("%s %d %s", o.GetOfficerId(), o.GetOpen(), o.GetOldestRaisedAt().AsTime().Format(time.RFC3339)))
	}
	for _, a := range w.GetAges() {
		lines = append(lines, fmt.Sprintf("%d-%d: %d %d", a.GetFromDays(), a.GetToDays(), a.GetAssigned(), a.GetUnassigned()))
	}
	return lines
}

// reckoned is the same, reckoned item by item.
func (d *desk) reckoned(office string) []string {
	d.t.Helper()
	rows, err := d.pool.Query(context.Background(), "SELECT assignee, raised_at FROM work_item WHERE status <= 2 AND $1 IN ('', office)", office)
	if err != nil {
		d.t.Fatal(err)
	}
	type load struct {
		open   int
		oldest time.Time
	}
	loads, bands := map[string]load{}, [5][2]int{}
	var who string
	var at time.Time
	if _, err := pgx.ForEachRow(rows, []any{&who, &at}, func() error {
		days, band, column := int(d.clock.Now().Sub(at)/(24*time.Hour)), 0, 1
		for _, from := range []int{2, 5, 10, 30} {
			if days >= from {
				band++
			}
		}
		if who != "" {
			l := loads[who]
			if l.open++; l.oldest.IsZero() || at.Before(l.oldest) {
				l.oldest = at
			}
			loads[who], column = l, 0
		}
		bands[band][column]++
		return nil
	}); err != nil {
		d.t.Fatal(err)
	}
	var officers, lines []string
	for who := range loads {
		officers = append(officers, who)
	}
	slices.SortFunc(officers, func(a, b string) int { return cmp.Or(loads[b].open-loads[a].open, strings.Compare(a, b)) })
	for _, who := range officers {
		lines = append(lines, fmt.Sprintf("%s %d %s", who, loads[who].open, loads[who].oldest.UTC().Format(time.RFC3339)))
	}
	for i, name := range []string{"0-1", "2-4", "5-9", "10-29", "30-0"} {
		lines = append(lines, fmt.Sprintf("%s: %d %d", name, bands[i][0], bands[i][1]))
	}
	return lines
}

func (d *desk) sameWorkload(when string) {
	d.t.Helper()
	for _, office := range []string{"", "QLD1", "NT2", "NONE"} {
		if got, want := d.workload(office), d.reckoned(office); !slices.Equal(got, want) {
			d.t.Errorf("%s, office %q:\n got %v\nwant %v", when, office, got, want)
		}
	}
}

func TestAWorkloadIsThatOfTheOpenItems(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.sameWorkload("nothing")
	// 90 days of items of all states, some of the very moment an age begins, some
	// of a clock that is a little ahead.
	d.exec(`INSERT INTO work_item (id, crn, code, cause, occurrence, office, status, assignee, raised_at, due_on, started_at, closed_at)
		SELECT gen_random_uuid(), lpad((n % 40)::text, 9, '1') || 'A', 'I070Q1', n::text, 'v1', (ARRAY['', 'QLD1', 'NT2'])[1 + n % 3], s,
			CASE WHEN s = 2 OR n % 11 = 0 THEN 'officer' || n % 7 ELSE '' END, $1::timestamptz - (n - 5) * interval '1 hour', date '2026-02-01',
			CASE WHEN s = 2 THEN now() END, CASE WHEN s >= 3 THEN now() END
		FROM generate_series(1, 2160) n, LATERAL (SELECT 1 + n / 5 % 4 AS s) st`, d.clock.Now())
	d.sameWorkload("many")
	// Whatever officers and supervisors do keeps it right.
	ctx := context.Background()
	d.customer("123456789A", "QLD1", true) // of a restricted record, too
	for n := range 6 {
		id := d.place(placed{office: "QLD1", at: d.clock.Now().Add(-time.Duration(n*4) * 24 * time.Hour)})
		d.sameWorkload("raised")
		boss := d.as("boss", "supervisor")
		moved, err := boss.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{WorkItemId: id, Version: 1, Assignee: "rao", Office: "NT2", Reason: fmt.Sprintf("There is more room there, %d", n)})
		if err != nil {
			t.Fatal(err)
		}
		d.sameWorkload("moved")
		rao := d.as("rao", "restricted-access-officer")
		if n%2 == 0 {
			continue
		}
		if _, err := rao.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: id, Version: moved.GetWorkItem().GetVersion()}); err != nil {
			t.Fatal(err)
		}
		d.sameWorkload("investigated")
		if _, err := rao.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: id, Version: 3, ActionId: newAction(), Note: fmt.Sprintf("Rang and wrote it down, %d", n)}); err != nil {
			t.Fatal(err)
		}
		d.sameWorkload("completed")
	}
	// Summing up changes nothing, now or when days have become old ones.
	for range 60 {
		d.exec("INSERT INTO day_count (office, day, assigned, open) SELECT 'QLD1', DATE '2026-01-01', n % 2 = 0, n % 4 / 2 * 2 - 1 FROM generate_series(1, 400) n")
		d.exec("INSERT INTO assignee_count (office, assignee, open) SELECT 'QLD1', 'officer1', n % 2 * 2 - 1 FROM generate_series(1, 400) n")
	}
	kept := store.New(d.pool, auditor(t))
	if err := kept.SumCounts(ctx, d.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if days, officers := d.number("SELECT count(*) FROM day_count"), d.number("SELECT count(*) FROM assignee_count"); days > 300 || officers > 60 ||
		d.number("SELECT count(*) FROM day_count WHERE day = '-infinity'") == 0 {
		t.Errorf("%d and %d rows are left", days, officers)
	}
	d.sameWorkload("summed up")
	d.exec("UPDATE work_item SET status = 4, closed_at = now(), version = version + 1 WHERE status <= 2 AND raised_at < $1::timestamptz - interval '50 days' AND crn < '111111120'", d.clock.Now())
	d.sameWorkload("old ones closed")
	d.clock.Advance(20*24*time.Hour + 5*time.Hour)
	d.sameWorkload("later")
}

func TestAWorkloadNames200Officers(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.exec(`INSERT INTO work_item (id, crn, code, cause, occurrence, status, assignee, raised_at, due_on)
		SELECT gen_random_uuid(), '123456789A', 'I070Q1', n::text, 'v1', 1, 'officer' || n % 250, $1::timestamptz, date '2026-02-01' FROM generate_series(1, 260) n`, deskMorning)
	w, err := d.as("boss", "supervisor").CountWorkload(context.Background(), &workitemv1.CountWorkloadRequest{})
	if err != nil || len(w.GetOfficers()) != 200 || w.GetOfficers()[0].GetOpen() != 2 || w.GetAges()[0].GetAssigned() != 260 {
		t.Errorf("%v, %v", w, err)
	}
	_, err = d.as("boss", "supervisor").CountWorkload(context.Background(), &workitemv1.CountWorkloadRequest{Office: "no office"})
	refusedAs(t, "no office", err, fault.Invalid, "FIELD_INVALID")
	_, err = d.as("adam", "administrator").CountWorkload(context.Background(), &workitemv1.CountWorkloadRequest{})
	refusedAs(t, "by an administrator", err, fault.Denied, "METHOD_DENIED")
}
