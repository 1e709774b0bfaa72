package intake_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake"
)

// TestStream lodges many submissions with some bad ones among them; the bound on
// those in flight is far below their number.
func TestStream(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *intake.Config) { c.StreamInFlight, c.QueueSize = 8, 4 })
	stream, err := w.as("qld-cp").SubmitStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const n = 500
	requests := make([]*intakev1.SubmitStreamRequest, n)
	for i := range requests {
		s := notice()
		switch i % 10 {
		case 3:
			s.GetNoticeToCommence().DurationMonths = 5
		case 7:
			s = requests[i-1].GetSubmission()
		}
		requests[i] = &intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: s}
	}
	go func() {
		for _, r := range requests {
			if stream.Send(r) != nil {
				return
			}
		}
		_ = stream.CloseSend()
	}()
	receipts := make(map[uint64]*intakev1.Receipt)
	var order []uint64
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		tag := answer.GetTag()
		if receipts[tag] != nil {
			t.Fatalf("tag %d is answered twice", tag)
		}
		receipts[tag] = answer.GetReceipt()
		if bad := tag%10 == 3; bad {
			receipts[tag] = &intakev1.Receipt{}
			if err := status.FromProto(answer.GetError()).Err(); !names(err, codes.InvalidArgument, "submission.notice_to_commence.duration_months") {
				t.Errorf("tag %d: %v", tag, answer)
			}
		} else if answer.GetReceipt().GetReference() != requests[tag].GetSubmission().GetReference() || answer.GetRepeated() != (tag%10 == 7) {
			t.Errorf("tag %d: %v", tag, answer)
		} else if tag%10 != 7 {
			order = append(order, tag)
		}
	}
	if len(receipts) != n {
		t.Errorf("%d answers, want %d", len(receipts), n)
	}
	for i := 1; i < len(order); i++ {
		if order[i] < order[i-1] {
			t.Fatalf("answered out of the order of acceptance: %d after %d", order[i], order[i-1])
		}
	}
	for tag := uint64(7); tag < n; tag += 10 {
		if receipts[tag].GetSubmissionId() != receipts[tag-1].GetSubmissionId() {
			t.Errorf("tag %d is another submission", tag)
		}
	}
}

// TestStreamCut leaves a stream in the middle: what was answered is there, and
// lodging everything again gives one submission each.
func TestStreamCut(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := c.SubmitStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var all []*intakev1.Submission
	for i := range 300 {
		all = append(all, notice())
		if err := stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: all[i]}); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	for _, s := range all {
		submit(t, c, s)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission"); n != len(all) {
		t.Errorf("%d submissions, want %d", n, len(all))
	}
}

func TestListPagesAndFilters(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	var lodged []*intakev1.Receipt
	for i := range 25 {
		s := notice()
		if i%5 == 0 {
			s.GetNoticeToCommence().Customer.Crn = "987654321B"
		}
		if i%2 == 1 {
			s.Content = &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: s.GetNoticeToCommence().GetCustomer()}}
		}
		w.clock.Set(start.Add(time.Duration(i) * time.Hour))
		lodged = append(lodged, submit(t, c, s))
	}
	submit(t, w.as("nt-cp"), notice())
	for _, i := range []int{3, 4, 10} {
		w.decide(commenced(t, lodged[i]))
	}
	eventually(t, "three are decided", func() bool { return scalar[int](t, w.pool, "SELECT count(*) FROM status") == 3 })
	list := func(r *intakev1.ListSubmissionsRequest) (found []string) {
		for pages := 0; ; pages++ {
			page, err := c.ListSubmissions(t.Context(), r)
			if err != nil || pages > 30 {
				t.Fatalf("page %d: %v", pages, err)
			}
			for _, s := range page.GetSubmissions() {
				found = append(found, s.GetReceipt().GetReference())
			}
			if r.PageToken = page.GetNextPageToken(); r.GetPageToken() == "" {
				return found
			}
		}
	}
	want := func(keep func(i int) bool) (all []string) {
		for i := len(lodged) - 1; i >= 0; i-- {
			if keep(i) {
				all = append(all, lodged[i].GetReference())
			}
		}
		return all
	}
	for name, l := range map[string]struct {
		request *intakev1.ListSubmissionsRequest
		keep    func(i int) bool
	}{
		"all":               {&intakev1.ListSubmissionsRequest{PageSize: 4}, func(int) bool { return true }},
		"one page":          {&intakev1.ListSubmissionsRequest{}, func(int) bool { return true }},
		"exactly a page":    {&intakev1.ListSubmissionsRequest{PageSize: 25}, func(int) bool { return true }},
		"revocations":       {&intakev1.ListSubmissionsRequest{PageSize: 5, InformationTypes: types(4)}, func(i int) bool { return i%2 == 1 }},
		"customer":          {&intakev1.ListSubmissionsRequest{PageSize: 2, Crn: "987654321B"}, func(i int) bool { return i%5 == 0 }},
		"processed":         {&intakev1.ListSubmissionsRequest{PageSize: 2, Statuses: statuses(4)}, func(i int) bool { return i == 3 || i == 4 || i == 10 }},
		"pending":           {&intakev1.ListSubmissionsRequest{PageSize: 7, Statuses: statuses(1)}, func(i int) bool { return i != 3 && i != 4 && i != 10 }},
		"from":              {&intakev1.ListSubmissionsRequest{PageSize: 3, LodgedFrom: at(20)}, func(i int) bool { return i >= 20 }},
		"before":            {&intakev1.ListSubmissionsRequest{PageSize: 3, LodgedBefore: at(5)}, func(i int) bool { return i < 5 }},
		"a day's processed": {&intakev1.ListSubmissionsRequest{LodgedFrom: at(4), LodgedBefore: at(11), Statuses: statuses(4)}, func(i int) bool { return i == 4 || i == 10 }},
		"nothing":           {&intakev1.ListSubmissionsRequest{InformationTypes: types(1)}, func(int) bool { return false }},
	} {
		if got, want := fmt.Sprint(list(l.request)), fmt.Sprint(want(l.keep)); got != want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
		}
	}
}
