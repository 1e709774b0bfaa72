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
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/quota"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// roomTime bounds how long a single call waits for the pipeline to catch up: an
// early "try again" is worth more to the caller than its own deadline.
const roomTime = 2 * time.Second

var encoding = proto.MarshalOptions{Deterministic: true}

// Submit lodges one submission.
func (s *Server) Submit(ctx context.Context, request *intakev1.SubmitRequest) (*intakev1.SubmitResponse, error) {
	by, err := s.lodger(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.room(ctx); err != nil {
		return nil, err
	}
	lodged, err := s.prepare(by, request.GetSubmission())
	if err != nil {
		return nil, err
	}
	release, err := s.admit(ctx, lodged)
	if err != nil {
		return nil, err
	}
	answer := make(chan commit.Result, 1)
	if err := s.Committer.Offer(&commit.Lodgement{
		Submission: lodged, Traceparent: telemetry.Traceparent(ctx), GivenUp: ctx.Done(),
		Answer: func(r commit.Result) { release(); answer <- r },
	}); err != nil {
		release()
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
		response.Decision = decisionMessage(s.await(ctx, by.ID, result.Submission.SubmissionID, wait, anyStatus))
	}
	return response, nil
}

// admit holds a submission against the authority's quotas. What was lodged before
// is let through whatever they say, so that a call that is repeated gets its
// receipt. release is to be called once it is lodged, or is not.
func (s *Server) admit(ctx context.Context, lodged *lodging.Submission) (release func(), err error) {
	midnight := lodged.Day.Add(1).Start(s.Issuer.Zone)
	request := quota.Request{
		Authority: lodged.AuthorityID, CRN: lodged.CRN, Search: lodged.Type == term.FindMutualClient,
		Day: lodged.Day, Left: midnight.Sub(lodged.LodgedAt),
	}
	refused := s.Quotas.Admit(ctx, request, clock.System().Now())
	if refused == nil {
		return func() { s.Quotas.Release(request) }, nil
	}
	if !fault.Is(refused, fault.Exhausted) {
		return nil, refused
	}
	known, err := s.Store.Lodged(ctx, store.Key{AuthorityID: lodged.AuthorityID, Reference: lodged.Reference})
	if err != nil {
		return nil, err
	}
	if !known {
		return nil, refused
	}
	return func() {}, nil
}

// room waits a short while for the pipeline to have room for more.
func (s *Server) room(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, roomTime)
	defer cancel()
	return s.Relay.Room(ctx)
}

// prepare checks what is lodged and makes the submission as it shall be taken.
func (s *Server) prepare(authority lodger, lodged *intakev1.Submission) (*lodging.Submission, error) {
	now := s.Clock.Now()
	lodged, err := authority.withCaseWorker(lodged)
	if err != nil {
		return nil, err
	}
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
		CRN: draft.CRN, Day: s.Issuer.Today(at), CaseWorker: lodged.GetCaseWorker(), Payload: payload,
	}
	return submission, s.Issuer.Date(&submission.Receipt, authority.Jurisdiction.String())
}
