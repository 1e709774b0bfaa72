package api

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// answerMargin is kept back of the call's deadline, so that the answer arrives
// within it.
const answerMargin = 100 * time.Millisecond

// anyStatus is enough for a caller that waits for a decision: an officer's queue
// is an answer too.
func anyStatus(s *store.Status) bool { return s != nil }

// terminal is enough for a caller that withdraws.
func terminal(s *store.Status) bool { return s != nil && s.Status.Terminal() }

// await returns where a submission stands as soon as that is enough, or when the
// wait or the call's time is over. Trouble on the way only makes it look again:
// what the caller waited for is an extra to the receipt.
func (s *Server) await(ctx context.Context, authority string, id clock.ID, wait time.Duration, enough func(*store.Status) bool) *store.Status {
	if deadline, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-answerMargin))
		defer cancel()
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	bell := s.Board.ForSubmission(id)
	defer bell.Release()
	again := time.NewTicker(s.options.Poll) // for what other processes write
	defer again.Stop()
	var stands *store.Status
	for {
		if latest, err := s.Store.Latest(ctx, authority, id); err == nil {
			stands = latest
		}
		if enough(stands) {
			return stands
		}
		select {
		case <-bell.C():
		case <-again.C:
		case <-ctx.Done():
			return stands
		}
	}
}
