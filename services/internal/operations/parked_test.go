package operations_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

// pages are the ids of all pages of a list.
func (w *world) pages(r *operationsv1.ListParkedRequest) (ids []string, answers []*operationsv1.ListParkedResponse) {
	w.t.Helper()
	r = proto.CloneOf(r)
	for {
		answer, err := w.client.ListParked(w.t.Context(), r)
		if err != nil {
			w.t.Fatal(err)
		}
		answers = append(answers, answer)
		for _, e := range answer.GetEvents() {
			ids = append(ids, e.GetEventId())
		}
		if r.PageToken = answer.GetNextPageToken(); r.PageToken == "" {
			return ids, answers
		}
	}
}

// Events of several services come in one order of age, those of one moment in the
// order of service, consumer and id, whatever the size of the pages.
func TestListParkedInOrderOfAge(t *testing.T) {
	t.Parallel()
	w := setup(t)
	at := anHourAgo()
	var want []string
	for n := range 12 {
		moment := at.Add(time.Duration(n/4) * time.Millisecond) // four of a moment
		var own []string
		for range 2 {
			own = append(own, w.park(w.pool, subject.RegistryOutcomes, "quarantined", "failed: a", moment))
		}
		slices.Sort(own)
		want = append(want, own...)
		want = append(want, w.park(w.other, subject.WorkItemNotices, []string{"waiting", "retry"}[n%2], fmt.Sprint("failed: ", n%3), moment.Add(time.Microsecond)))
		at = at.Add(time.Millisecond)
	}
	for _, size := range []int32{1, 2, 3, 7, 36, 200} {
		got, answers := w.pages(&operationsv1.ListParkedRequest{PageSize: size})
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", size, got, want)
		}
		for i, a := range answers {
			if (i == 0) != (len(a.GetCauses()) > 0) {
				t.Errorf("pages of %d: page %d has %d causes", size, i, len(a.GetCauses()))
			}
		}
	}
	got, answers := w.pages(&operationsv1.ListParkedRequest{Service: "workitems", State: operationsv1.ParkedState_PARKED_STATE_WAITING, PageSize: 4})
	if len(got) != 6 || len(answers[0].GetCauses()) != 3 || answers[0].GetCauses()[0].GetEvents() != 2 || answers[0].GetEvents()[0].GetNextAt() == nil {
		t.Errorf("waiting events of one service: %v %v", got, answers[0])
	}
	if got, _ := w.pages(&operationsv1.ListParkedRequest{Consumer: subject.RegistryOutcomes}); len(got) != 24 {
		t.Errorf("of one consumer: %d", len(got))
	}
}

func TestListParkedOfNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.park(w.pool, subject.RegistryOutcomes, "quarantined", "failed: a", anHourAgo())
	w.park(w.pool, subject.RegistryOutcomes, "quarantined", "failed: a", anHourAgo())
	_, answers := w.pages(&operationsv1.ListParkedRequest{PageSize: 1})
	for _, wrong := range []struct {
		field   string
		request *operationsv1.ListParkedRequest
	}{
		{"service", &operationsv1.ListParkedRequest{Service: "nobody"}},
		{"consumer", &operationsv1.ListParkedRequest{Service: "registry", Consumer: subject.WorkItemNotices}},
		{"page_token", &operationsv1.ListParkedRequest{PageToken: "bm8"}},
		{"page_token", &operationsv1.ListParkedRequest{PageToken: answers[0].GetNextPageToken(), Service: "registry"}},
		{"page_size", &operationsv1.ListParkedRequest{PageSize: 201}},
	} {
		_, err := w.client.ListParked(t.Context(), wrong.request)
		if f := faultOf(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != wrong.field {
			t.Errorf("%s: %v", wrong.field, err)
		}
	}
	if answer, err := w.client.ListParked(t.Context(), &operationsv1.ListParkedRequest{Service: "console"}); err != nil || len(answer.GetEvents()) != 0 {
		t.Errorf("a service that parks nothing: %v %v", answer, err)
	}
}
