package intake_test

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake"
)

// worker is a client of qld-cp whose credentials name a case worker.
func (w *world) worker(name string) intakev1.IntakeServiceClient {
	return dial(w.t, w.server, identity.Caller{Kind: identity.Authority, ID: "qld-cp", CaseWorker: name})
}

func denied(t *testing.T, what string, err error, reason string) {
	t.Helper()
	if f := faultOf(err); f == nil || f.Kind != fault.Denied || f.Reason != reason {
		t.Errorf("%s: %+v, want %s", what, f, reason)
	}
}

// TestCaseWorker: who the caller proved to be is who the submission names.
func TestCaseWorker(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.worker("C. Worker")
	unnamed, other := notice(), notice()
	unnamed.CaseWorker, other.CaseWorker = "", "Somebody Else"
	receipt := submit(t, c, unnamed)
	if view := get(t, c, receipt).GetSubmission().GetSubmission(); view.GetCaseWorker() != "C. Worker" {
		t.Errorf("it is kept as %q", view.GetCaseWorker())
	}
	if kept := scalar[string](t, w.pool, "SELECT case_worker FROM submission"); kept != "C. Worker" {
		t.Errorf("the row says %q", kept)
	}
	filled := proto.CloneOf(unnamed)
	filled.CaseWorker = "C. Worker"
	for _, s := range []*intakev1.Submission{unnamed, filled} {
		if again := submit(t, c, s); !proto.Equal(again, receipt) {
			t.Errorf("repeated: %v", again)
		}
	}
	submit(t, c, notice()) // named, and the same
	_, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: other})
	denied(t, "another case worker", err, "CASE_WORKER_MISMATCH")
	reused := proto.CloneOf(unnamed)
	reused.GetNoticeToCommence().DurationMonths = 12
	errs := streamed(t, c, other, notice(), reused)
	denied(t, "over a stream", errs[0], "CASE_WORKER_MISMATCH")
	if errs[1] != nil {
		t.Errorf("the one after it: %v", errs[1])
	}
	reasons := make(map[string]string)
	for _, e := range w.entries("submission.refused") {
		reasons[e.Reason] = e.Actor
	}
	if len(reasons) != 2 || reasons["CASE_WORKER_MISMATCH"] != "authority:qld-cp" || reasons["REFERENCE_REUSED"] != "authority:qld-cp" {
		t.Errorf("on record: %v, answered %v", reasons, errs)
	}
	if text := w.log.String() + errs[0].Error() + err.Error(); strings.Contains(text, "Somebody") || strings.Contains(text, "C. Worker") {
		t.Error("a name is in the log or in an error")
	}
	long := unnamed
	long.Reference = "long"
	_, err = w.worker(strings.Repeat("x", 101)).Submit(t.Context(), &intakev1.SubmitRequest{Submission: long})
	if f := faultOf(err); f == nil || f.Kind != fault.Invalid || f.Fields[0].Path != "case_worker" {
		t.Errorf("a name that is too long: %+v", f)
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission"); n != 3 {
		t.Errorf("%d submissions", n)
	}
}

func TestCaseWorkerIsRequired(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *intake.Config) { c.RequireCaseWorker = true })
	c := w.as("qld-cp")
	_, lodging := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: notice()})
	_, withdrawing := c.WithdrawSubmission(t.Context(), &intakev1.WithdrawSubmissionRequest{Reference: "x"})
	stream, streaming := c.SubmitStream(t.Context())
	if streaming == nil {
		_, streaming = stream.Recv()
	}
	for what, err := range map[string]error{"lodging": lodging, "withdrawing": withdrawing, "a stream": streaming} {
		denied(t, what, err, "CASE_WORKER_REQUIRED")
	}
	if _, err := c.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{}); err != nil {
		t.Errorf("reading: %v", err)
	}
	submit(t, w.worker("C. Worker"), notice())
}
