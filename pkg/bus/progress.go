package bus

import (
	"context"
	"math"
)

// Progress is how far a consumer is with its stream, in messages.
type Progress struct {
	// Waiting were not given to it yet.
	Waiting int64
	// Held were given to it and are not acknowledged.
	Held int64
	// Again were given to it more than once and are not acknowledged.
	Again int64
}

// Progress asks the server about a consumer of this client's own. A connection
// that is down fails at once instead of waiting for an answer.
func (b *Bus) Progress(ctx context.Context, stream, consumer string) (Progress, error) {
	if !b.nc.IsConnected() {
		return Progress{}, unavailable("the connection to the bus is down", nil)
	}
	c, err := b.js.Consumer(ctx, stream, consumer)
	if err != nil {
		return Progress{}, b.unread(err)
	}
	info := c.CachedInfo()
	return Progress{
		Waiting: int64(min(info.NumPending, math.MaxInt64)), Held: int64(max(info.NumAckPending, 0)), Again: int64(max(info.NumRedelivered, 0)),
	}, nil
}
