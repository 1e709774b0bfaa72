package intake_test

import (
	"bytes"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

func types(numbers ...eventv1.InformationType) []eventv1.InformationType { return numbers }

func statuses(numbers ...eventv1.SubmissionStatus) []eventv1.SubmissionStatus { return numbers }

// at is so many hours after the start.
func at(hours int) *timestamppb.Timestamp {
	return timestamppb.New(start.Add(time.Duration(hours) * time.Hour))
}

func get(t testing.TB, c intakev1.IntakeServiceClient, r *intakev1.Receipt) *intakev1.GetSubmissionResponse {
	t.Helper()
	got, err := c.GetSubmission(t.Context(), &intakev1.GetSubmissionRequest{SubmissionId: r.GetSubmissionId()})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestHistory(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	s := notice()
	r := submit(t, c, s)
	fresh := get(t, c, r)
	if !proto.Equal(fresh.GetSubmission().GetReceipt(), r) || !proto.Equal(fresh.GetSubmission().GetSubmission(), s) || len(fresh.GetHistory()) != 1 ||
		fresh.GetSubmission().GetInformationType() != eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_COMMENCE {
		t.Errorf("just lodged: %v", fresh)
	}
	const outside, deceased = eventv1.RejectionReason_REJECTION_REASON_OUTSIDE_DECLARED_AREA, eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_DECEASED
	reasons := func() []eventv1.RejectionReason { return get(t, c, r).GetSubmission().GetDecision().GetReasons() }
	w.unprocessed(r, time.Second, outside)
	eventually(t, "it is unprocessed", func() bool { return len(reasons()) == 1 })
	w.unprocessed(r, 3*time.Second, deceased, outside)
	eventually(t, "it has other reasons", func() bool { return len(reasons()) == 2 })
	w.unprocessed(r, 2*time.Second, outside) // came late
	officer := commenced(t, r)
	officer.Version, officer.ByOfficer = 4, true
	w.decide(officer)
	w.decide(officer) // announced again
	eventually(t, "it is decided", func() bool { return len(get(t, c, r).GetHistory()) == 4 })
	var got []eventv1.SubmissionStatus
	for i, h := range get(t, c, r).GetHistory() {
		got = append(got, h.GetStatus())
		if h.GetVersion() != int32(i+1) {
			t.Errorf("status %d has version %d", i, h.GetVersion())
		}
	}
	if want := statuses(1, 2, 3, 4); !equal(got, want) {
		t.Errorf("history %v, want %v", got, want)
	}
	if last := get(t, c, r); !last.GetSubmission().GetDecision().GetByOfficer() || !equal(last.GetHistory()[2].GetReasons(), []eventv1.RejectionReason{deceased, outside}) {
		t.Errorf("%v", last)
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestReturnedTextIsErased(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	const canary = "because of the events of last winter"
	s := notice()
	s.GetNoticeToCommence().Text = canary
	r := submit(t, c, s)
	d := decided(t, r, eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED, eventv1.Outcome_OUTCOME_RETURNED, 4)
	d.EraseText, d.StartDate, d.EndDate = true, "", ""
	w.decide(d)
	w.decide(d)
	eventually(t, "it is returned", func() bool { return get(t, c, r).GetSubmission().GetDecision().GetOutcome() == d.GetOutcome() })
	view := get(t, c, r).GetSubmission()
	if !proto.Equal(view.GetReceipt(), r) || view.GetSubmission().GetNoticeToCommence().GetText() != "" || view.GetSubmission().GetNoticeToCommence().GetDurationMonths() != 6 {
		t.Errorf("%v", view)
	}
	if stored := scalar[[]byte](t, w.pool, "SELECT payload FROM submission"); bytes.Contains(stored, []byte(canary)) {
		t.Error("the text is still stored")
	}
	again, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s})
	if err != nil || !again.GetRepeated() || !proto.Equal(again.GetReceipt(), r) {
		t.Errorf("lodged again: %v, %v", again, err)
	}
}

// TestCreatedSubmissions takes what the hub makes after a match: it is seen like
// the others, has a receipt, names its parent, and has no lane.
func TestCreatedSubmissions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	s := notice()
	s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{Name: &intakev1.PersonName{FamilyName: "Smith"}, DateOfBirth: "1990-01-01"}}
	parent := submit(t, c, s)
	parentID := idOf(t, parent)
	child := clock.DerivedID(parentID, "disclosure")
	content, err := proto.Marshal(&intakev1.Submission{Reference: "~DOI:" + parent.GetReference(), Content: &intakev1.Submission_Disclosure{
		Disclosure: &intakev1.DisclosureRequest{Customer: &intakev1.CustomerIdentity{Crn: "123456789A", FamilyName: "Smith", DateOfBirth: "1990-01-01"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	created := &eventv1.SubmissionCreated{
		SubmissionId: child[:], AuthorityId: "qld-cp", Reference: "~DOI:" + parent.GetReference(), Crn: "123456789A",
		InformationType: eventv1.InformationType_INFORMATION_TYPE_DISCLOSURE_OF_INFORMATION, LodgedAt: at(2), ParentSubmissionId: parentID[:], Submission: content,
	}
	outcome := decided(t, &intakev1.Receipt{SubmissionId: child.String(), AuthorityId: "qld-cp", Reference: created.GetReference()},
		eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED, eventv1.Outcome_OUTCOME_ELIGIBLE, 3)
	for range 2 {
		w.publish(subject.Decided,
			&eventv1.Event{Body: &eventv1.Event_SubmissionCreated{SubmissionCreated: created}},
			&eventv1.Event{Body: &eventv1.Event_SubmissionDecided{SubmissionDecided: outcome}})
	}
	var view *intakev1.GetSubmissionResponse
	eventually(t, "the disclosure is there", func() bool {
		view, err = c.GetSubmission(t.Context(), &intakev1.GetSubmissionRequest{Reference: created.GetReference()})
		return err == nil
	})
	v := view.GetSubmission()
	if v.GetParentSubmissionId() != parent.GetSubmissionId() || v.GetDecision().GetOutcome() != eventv1.Outcome_OUTCOME_ELIGIBLE ||
		w.verify(v.GetReceipt()) != nil || v.GetReceipt().GetEarliestReportDate() != "2026-11-24" {
		t.Errorf("%v", view)
	}
	list, err := c.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{LodgedFrom: at(1)})
	if err != nil || len(list.GetSubmissions()) != 1 || list.GetSubmissions()[0].GetReceipt().GetSubmissionId() != child.String() {
		t.Errorf("lodged since an hour ago: %v, %v", list, err)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM receipt_batch"); n != 2 {
		t.Errorf("%d batches of receipts, want the parent's and the disclosure's", n)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission WHERE lane IS NOT NULL"); n != 0 {
		t.Errorf("%d lanes were given out", n)
	}
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	withdraw := func(reference string, wait time.Duration) *intakev1.Decision {
		response, err := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: reference, Note: "lodged by mistake", Wait: durationpb.New(wait)})
		if err != nil {
			t.Fatal(err)
		}
		return response.GetDecision()
	}
	if d := withdraw("not-there-yet", time.Second); d != nil {
		t.Errorf("before it arrives: %v", d)
	}
	r := submit(t, c, notice())
	if d := withdraw(r.GetReference(), 10*time.Millisecond); d.GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING {
		t.Errorf("pending: %v", d)
	}
	answer := make(chan *intakev1.Decision, 1)
	go func() { answer <- withdraw(r.GetReference(), 8*time.Second) }()
	w.unprocessed(r, time.Second, eventv1.RejectionReason_REJECTION_REASON_NO_MATCH)
	gone := decided(t, r, eventv1.SubmissionStatus_SUBMISSION_STATUS_WITHDRAWN, eventv1.Outcome_OUTCOME_WITHDRAWN, 4)
	w.decide(gone)
	if d := <-answer; d.GetOutcome() != eventv1.Outcome_OUTCOME_WITHDRAWN {
		t.Errorf("waited for: %v", d)
	}
	done := submit(t, c, notice())
	w.decide(commenced(t, done))
	eventually(t, "it is decided", func() bool { return len(get(t, c, done).GetHistory()) == 3 })
	if d := withdraw(done.GetReference(), time.Second); d.GetOutcome() != eventv1.Outcome_OUTCOME_COMMENCED {
		t.Errorf("too late: %v", d)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM withdrawal"); n != 2 {
		t.Errorf("%d requests are kept, want 2: asking again is the same, asking too late is none", n)
	}
}

func TestAuthorityIsDisabled(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("nt-cp")
	r := submit(t, c, notice())
	const function, place = eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_NT
	w.announce(function, "nt-cp", place, false, 3)
	w.announce(function, "nt-cp", place, true, 2) // came late
	var f *fault.Error
	eventually(t, "it is refused", func() bool {
		_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
		f = faultOf(err)
		return err != nil
	})
	if f.Kind != fault.Denied || f.Reason != "AUTHORITY_DISABLED" || f.Help == "" {
		t.Errorf("%+v", f)
	}
	if get(t, c, r) == nil {
		t.Error("it must still see what it lodged")
	}
	w.announce(function, "nt-cp", place, true, 4)
	eventually(t, "it may lodge again", func() bool {
		_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
		return err == nil
	})
}
