package api

import (
	"context"
	"crypto/sha256"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/telemetry"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// roomTime bounds how long a single call waits for the pipeline to catch up: an
// early "try again" is worth more to the caller than its own deadline.
const roomTime = 2 * time.Second

var encoding = proto.MarshalOptions{Deterministic: true}

// Submit lodges one submission.
func (s *Server) Submit(ctx context.Context, request *intakev1.SubmitRequest) (*intakev1.SubmitResponse, error) {
	authority, err := s.lodger(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.room(ctx); err != nil {
		return nil, err
	}
	submission, err := s.prepare(authority, request.GetSubmission())
	if err != nil {
		return nil, err
	}
	answer := make(chan commit.Result, 1)
	if err := s.Committer.Offer(&commit.Lodgement{
		Submission: submission, Traceparent: telemetry.Traceparent(ctx), GivenUp: ctx.Done(),
		Answer: func(r commit.Result) { answer <- r },
	}); err != nil {
		return nil, err
	}
	var result commit.Result
	select {
	case result = <-answer:
	case <-ctx.Done():
		return nil, fault.New(fault.KindOf(ctx.Err()), "ANSWER_LATE", "the call ended before the submission was stored").
			WithHelp("Lodge again with the same reference: it is the same submission, whether or not it was stored.").Wrap(ctx.Err())
	}
	if result.Err != nil {
		return nil, result.Err
	}
	response := &intakev1.SubmitResponse{Receipt: receiptMessage(&result.Submission.Receipt), Repeated: result.Repeated}
	if wait := request.GetWait().AsDuration(); wait > 0 {
		response.Decision = decisionMessage(s.await(ctx, authority.ID, result.Submission.SubmissionID, wait, anyStatus))
	}
	return response, nil
}

// room waits a short while for the pipeline to have room for more.
func (s *Server) room(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roomTime)
	defer cancel()
	return s.Relay.Room(ctx)
}

// prepare checks what is lodged and makes the submission as it shall be taken.
func (s *Server) prepare(authority lodging.Authority, lodged *intakev1.Submission) (*lodging.Submission, error) {
	now := s.Clock.Now()
	draft, err := draftOf(lodged)
	if err != nil {
		return nil, err
	}
	if err := s.Policy.Check(draft, authority.Function, s.Issuer.Today(now)); err != nil {
		return nil, err
	}
	payload, err := encoding.Marshal(lodged)
	if err != nil {
		if bad := badText(lodged.ProtoReflect(), "submission"); bad != nil {
			return nil, bad
		}
		return nil, fault.New(fault.Internal, "ENCODING", "the submission cannot be encoded").Wrap(err)
	}
	// Microseconds are what the database keeps; a repetition must see the same.
	at := now.UTC().Truncate(time.Microsecond)
	submission := &lodging.Submission{
		Receipt: receipt.Receipt{
			SubmissionID: clock.NewID(at), AuthorityID: authority.ID, Reference: lodged.GetReference(),
			ContentHash: sha256.Sum256(payload), LodgedAt: at,
		},
		Type: draft.Type, Function: authority.Function, Jurisdiction: authority.Jurisdiction,
		CRN: draft.CRN, CaseWorker: lodged.GetCaseWorker(), Payload: payload,
	}
	return submission, s.Issuer.Date(&submission.Receipt, authority.Jurisdiction.String())
}
