package api

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/telemetry"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/events"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/intake/internal/trail"
)

// WithdrawSubmission keeps and passes on the request to take a submission back,
// which need not have arrived. Asking again is the same request. A submission
// that is decided already is answered with its decision: nothing can change it.
func (s *Server) WithdrawSubmission(ctx context.Context, request *intakev1.WithdrawSubmissionRequest) (*intakev1.WithdrawSubmissionResponse, error) {
	caller, err := s.changer(ctx)
	if err != nil {
		return nil, err
	}
	authority := caller.ID
	// A disabled authority may still take back what it lodged.
	if _, err := s.Directory.Lookup(authority); err != nil {
		return nil, err
	}
	view, err := s.Store.GetByReference(ctx, authority, request.GetReference())
	if err != nil {
		return nil, err
	}
	if view != nil && terminal(view.Latest) {
		return &intakev1.WithdrawSubmissionResponse{Decision: decisionMessage(view.Latest)}, nil
	}
	if err := s.withdraw(ctx, authority, view, request); err != nil {
		return nil, err
	}
	if view == nil {
		return &intakev1.WithdrawSubmissionResponse{}, nil
	}
	response := &intakev1.WithdrawSubmissionResponse{Decision: decisionMessage(view.Latest)}
	if wait := request.GetWait().AsDuration(); wait > 0 {
		response.Decision = decisionMessage(s.await(ctx, authority, view.SubmissionID, wait, terminal))
	}
	if response.Decision == nil {
		response.Decision = pending(&view.Receipt)
	}
	return response, nil
}

func (s *Server) withdraw(ctx context.Context, authority string, view *store.View, request *intakev1.WithdrawSubmissionRequest) error {
	if err := s.room(ctx); err != nil {
		return err
	}
	at := s.Clock.Now().UTC().Truncate(time.Microsecond)
	w := store.Withdrawal{
		ID: clock.NewID(at), Key: store.Key{AuthorityID: authority, Reference: request.GetReference()},
		Note: request.GetNote(), RequestedAt: at,
	}
	rows := events.Withdrawal(w, telemetry.Traceparent(ctx))
	var arrived clock.ID
	if view != nil {
		arrived = view.SubmissionID
	}
	first, err := s.Store.Withdraw(ctx, w, rows, trail.WithdrawalRequested(w.ID, arrived))
	if err == nil && first {
		s.Relay.Committed(rows...)
	}
	return err
}
