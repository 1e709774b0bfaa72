package workitems_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// Of a long list nothing is read to the end: what is kept is told exactly, the
// rest as so many or more.
func TestALongListIsCountedToAThousand(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	// 2,600 open items, half of each office, 1,100 of them with one officer; 1,400 ended.
	d.exec(`INSERT INTO work_item (id, crn, code, cause, occurrence, measure, office, status, assignee, raised_at, due_on, closed_at)
		SELECT gen_random_uuid(), lpad((n % 900)::text, 9, '1') || 'A', (ARRAY['I070Q1', 'I217Q1'])[1 + n / 2 % 2], n::text, 'v1', 2,
			(ARRAY['QLD1', 'NT2'])[1 + n % 2], CASE WHEN n <= 2600 THEN 1 ELSE 3 END, CASE WHEN n <= 1100 THEN 'officer1' ELSE '' END,
			timestamptz '2026-02-01' + n * interval '1 minute', date '2026-02-01', CASE WHEN n > 2600 THEN now() END
		FROM generate_series(1, 4000) n`)
	d.exec(`INSERT INTO customer (crn, record_version, restricted) VALUES ('111111200A', 1, true)`)
	const hidden = 3 // open items of that customer: 200, 1100 and 2000, all of the first office and the first code
	officer, keeper := d.as("officer1", "officer"), d.as("rao", "restricted-access-officer")
	type request = workitemv1.SearchWorkItemsRequest
	for _, c := range []struct {
		name          string
		r             *request
		keeper, other int64
		more          bool
	}{
		{"all that are open", &request{}, 2600, 2600, false},
		{"an office", &request{Office: "QLD1"}, 1300, 1300, false},
		{"a code", &request{Codes: []string{"I070Q1"}}, 1300, 1300 - hidden, false},
		{"codes", &request{Codes: []string{"I217Q1", "I070Q1"}}, 2600, 2600 - hidden, false},
		{"what nobody has", &request{Assignee: "-"}, 1500, 1500, false},
		{"an officer's", &request{Assignee: "officer1"}, 1100, 1100, false},
		{"an officer's of an office", &request{Assignee: "officer1", Office: "NT2"}, 550, 550, false},
		{"an officer's of codes", &request{Assignee: "officer1", Codes: []string{"I070Q1", "I217Q1"}}, 1000, 1000, true},
		{"a measure", &request{Measure: eventv1.Measure(2)}, 1000, 1000, true},
		{"ended", &request{State: workitemv1.State_STATE_CLOSED}, 1000, 1000, true},
		{"open and ended", &request{State: workitemv1.State_STATE_ALL, Office: "NT2"}, 1000, 1000, true},
		{"raised before", &request{RaisedBefore: timestamppb.New(time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC))}, 1000, 1000, true},
	} {
		c.r.Count, c.r.PageSize = true, 1
		for who, want := range map[workitemv1.WorkItemServiceClient]int64{keeper: c.keeper, officer: c.other} {
			page, err := who.SearchWorkItems(context.Background(), c.r)
			if err != nil || page.GetTotal().GetItems() != want || page.GetTotal().GetMore() != c.more {
				t.Errorf("%s: %v, %v, want %d", c.name, page.GetTotal(), err, want)
			}
		}
	}
	mine, err := officer.ListMyWorkItems(context.Background(), &workitemv1.ListMyWorkItemsRequest{Count: true})
	if err != nil || mine.GetTotal().GetItems() != 1100 || mine.GetTotal().GetMore() {
		t.Errorf("mine: %v, %v", mine.GetTotal(), err)
	}
}
