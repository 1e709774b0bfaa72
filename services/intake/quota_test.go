package intake_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake"
)

// search is a mutual client search that names no customer.
func search() *intakev1.Submission {
	s := notice()
	s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
		Name: &intakev1.PersonName{FamilyName: "Smith"}, DateOfBirth: "1990-01-01",
	}}
	return s
}

// exhausted checks a refusal for a quota.
func exhausted(t *testing.T, what string, err error, reason string) {
	t.Helper()
	if f := faultOf(err); f == nil || f.Kind != fault.Exhausted || f.Reason != reason || f.RetryAfter <= 0 {
		t.Errorf("%s: %+v, want %s", what, f, reason)
	}
}

// streamed lodges over a stream and returns the answers' errors.
func streamed(t *testing.T, c intakev1.IntakeServiceClient, all ...*intakev1.Submission) []error {
	t.Helper()
	stream, err := c.SubmitStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for i, s := range all {
			_ = stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: s})
		}
		_ = stream.CloseSend()
	}()
	errs := make([]error, len(all))
	for range all {
		answer, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if refusal := answer.GetError(); refusal != nil {
			errs[answer.GetTag()] = status.FromProto(refusal).Err()
		}
	}
	return errs
}

// TestCustomerQuota lodges much about one customer: the rest is refused with the
// time to come back, over a stream message by message, and costs nobody else
// anything. What was lodged already keeps its receipt.
func TestCustomerQuota(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *intake.Config) { c.CustomerRate, c.CustomerBurst = 1, 5 })
	c := w.as("qld-cp")
	first := notice()
	receipt := submit(t, c, first)
	all := make([]*intakev1.Submission, 12)
	for i := range all {
		all[i] = notice()
	}
	refused := 0
	for i, err := range streamed(t, c, all...) {
		if err != nil {
			refused++
			exhausted(t, all[i].GetReference(), err, "CUSTOMER_QUOTA")
		}
	}
	if refused < 6 {
		t.Errorf("%d of %d were refused", refused, len(all))
	}
	_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
	exhausted(t, "a call", err, "CUSTOMER_QUOTA")
	if again, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: first}); err != nil || !again.GetRepeated() || !proto.Equal(again.GetReceipt(), receipt) {
		t.Errorf("repeated: %v, %v", again, err)
	}
	submit(t, c, ofCustomer(7))
	submit(t, w.as("nt-cp"), notice())
}

// TestSearchQuota: searches of an authority end for the day, also for a process
// that starts later, and begin again with the next day. Nothing else is held up.
func TestSearchQuota(t *testing.T) {
	t.Parallel()
	few := func(c *intake.Config) { c.SearchQuota = 4 }
	w := setup(t, few)
	c := w.as("qld-cp")
	first := search()
	receipt := submit(t, c, first)
	for range 3 {
		submit(t, c, search())
	}
	_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: search()})
	exhausted(t, "the fifth", err, "ENUMERATION_QUOTA")
	if f := faultOf(err); f.RetryAfter != 12*time.Hour { // from noon to midnight in Sydney
		t.Errorf("come back in %s", f.RetryAfter)
	}
	errs := streamed(t, c, search(), notice(), first)
	exhausted(t, "over a stream", errs[0], "ENUMERATION_QUOTA")
	if errs[1] != nil || errs[2] != nil {
		t.Errorf("a notice: %v, a repetition: %v", errs[1], errs[2])
	}
	if again := submit(t, c, first); !proto.Equal(again, receipt) {
		t.Errorf("repeated: %v", again)
	}
	submit(t, w.as("nt-cp"), search())
	if n := scalar[int](t, w.pool, "SELECT searches FROM lodged_on WHERE authority_id = 'qld-cp'"); n != 4 {
		t.Errorf("%d are counted", n)
	}
	if n := w.audited("submission.refused"); n != 1 {
		t.Errorf("%d refusals of messages are on record", n)
	}
	w.intake, w.server = w.serve(few)
	c = w.as("qld-cp")
	_, err = c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: search()})
	exhausted(t, "a process that starts later", err, "ENUMERATION_QUOTA")
	w.clock.Advance(12 * time.Hour)
	submit(t, c, search())
}

func TestDailyQuota(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *intake.Config) { c.DailyQuota = 2 })
	c := w.as("qld-cp")
	submit(t, c, notice())
	submit(t, c, search())
	_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
	exhausted(t, "the third", err, "DAILY_QUOTA")
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("%v", err)
	}
	submit(t, w.as("nt-cp"), notice())
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission"); n != 3 {
		t.Errorf("%d submissions", n)
	}
}
