package siblings

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/fault"
)

// retryAfter is when a sibling that was away may be back: as long as it is looked
// for again at most.
const retryAfter = 2 * time.Second

// told is what the caller gets for the error of a call to a sibling: its own words
// as they are. What the transport says is no answer, and a sibling that does not
// take the console's word is no reason for a person to sign in again: both mean
// that it cannot be reached.
func told(ctx context.Context, log *slog.Logger, sibling, method string, err error) error {
	answer := status.Convert(err)
	words := len(answer.Details()) > 0 // every answer of a service has some
	switch code := answer.Code(); {
	case ctx.Err() != nil:
		return ctx.Err() // who called has gone, or their time is over
	case code == codes.Unauthenticated:
		log.ErrorContext(ctx, "a sibling does not take the console's word", "part", sibling, "method", method, "error", answer.Message())
	case words || code != codes.Unavailable && code != codes.Unknown && code != codes.Internal && code != codes.DeadlineExceeded:
		return err
	}
	return away(sibling)
}

func away(sibling string) *fault.Error {
	return fault.New(fault.Unavailable, "SERVICE_AWAY", "the service %s cannot be reached", sibling).
		WithHelp("Try again in a moment. What does not need this service works.").WithRetry(retryAfter)
}
