package bus

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"

	"github.com/nats-io/nats.go/jetstream"
)

// Floor tells how far a stream has been consumed.
type Floor struct {
	// Sequence is the lowest acknowledgement floor: all declared consumers have
	// acknowledged every message up to it. 0 while a consumer is missing.
	Sequence uint64
	// Epoch changes with every reconnect, whenever the stream or a consumer was
	// made anew, and whenever either is seen to have gone back. Never 0.
	Epoch uint64
	// Base is the stream's last sequence when the epoch began. Only sequences
	// above Base that were given out in this epoch may be compared with Sequence.
	Base uint64
}

// floorState is what was seen of a stream and a set of consumers before.
type floorState struct {
	mu    sync.Mutex // held for a whole reading, so that readings are in order
	seen  string     // creation times and reconnect count
	last  uint64     // last sequence
	acked []uint64   // acknowledgement floors
	ahead int        // readings in a row that found a consumer ahead of the stream
	floor Floor
}

// Floor reads the acknowledgement floors of consumers. It fails while there is
// no stream or no connection, or while a consumer claims to have consumed more
// than the stream ever held (which happens when an older copy of the store was
// put back; the consumer is then made anew).
//
// How a caller may use it: remember sequences of acknowledged publications with
// the epoch last read before publishing; before calling Floor, note which
// sequences are remembered; afterwards, if Epoch is still the same, those of
// them that are not above Sequence are consumed. If Epoch differs, forget all.
func (b *Bus) Floor(ctx context.Context, stream string, consumers []string) (Floor, error) {
	key := stream + "/" + strings.Join(consumers, ",")
	b.mu.Lock()
	state := b.floors[key]
	if state == nil {
		state = &floorState{}
		b.floors[key] = state
	}
	b.mu.Unlock()

	state.mu.Lock()
	defer state.mu.Unlock()
	b.mu.Lock()
	told := b.acked[stream]
	b.mu.Unlock()
	now, err := b.read(ctx, stream, consumers)
	if err != nil {
		return Floor{}, err
	}
	if now.ahead != "" {
		state.seen = "" // whatever is read next, it is a new beginning
		state.ahead++
		if state.ahead > 1 { // twice, so that no passing state of a cluster counts
			b.remake(ctx, stream, now.ahead)
		}
		return Floor{}, unavailable("consumer "+now.ahead+" is ahead of stream "+stream, nil)
	}
	state.ahead = 0
	if now.seen != state.seen || now.last < max(state.last, told) || wentBack(state.acked, now.acked) {
		state.floor = Floor{Epoch: b.epochs.Add(1), Base: now.last}
		b.mu.Lock()
		b.acked[stream] = 0
		b.mu.Unlock()
	}
	state.seen, state.last, state.acked = now.seen, now.last, now.acked
	state.floor.Sequence = now.last
	for _, acked := range now.acked {
		state.floor.Sequence = min(state.floor.Sequence, acked)
	}
	return state.floor, nil
}

func wentBack(before, now []uint64) bool {
	for i := range min(len(before), len(now)) {
		if now[i] < before[i] {
			return true
		}
	}
	return false
}

type reading struct {
	seen  string
	last  uint64
	acked []uint64
	ahead string // a consumer that is ahead of the stream
}

// read asks for the consumers first and the stream last, so that a healthy
// consumer is never seen ahead of the stream.
func (b *Bus) read(ctx context.Context, stream string, consumers []string) (reading, error) {
	var r reading
	var seen strings.Builder
	connection := b.Epoch()
	delivered := make([]uint64, len(consumers))
	for i, name := range consumers {
		c, err := b.js.Consumer(ctx, stream, name)
		if errors.Is(err, jetstream.ErrConsumerNotFound) {
			b.wake.tell()
			seen.WriteString("missing/")
			r.acked = append(r.acked, 0)
			continue
		}
		if err != nil {
			return r, b.unread(err)
		}
		info := c.CachedInfo()
		fmt.Fprintf(&seen, "%d/", info.Created.UnixNano())
		r.acked = append(r.acked, info.AckFloor.Stream)
		delivered[i] = max(info.Delivered.Stream, info.AckFloor.Stream)
	}
	s, err := b.js.Stream(ctx, stream)
	if err != nil {
		return r, b.unread(err)
	}
	info := s.CachedInfo()
	fmt.Fprintf(&seen, "%d/%d", info.Created.UnixNano(), connection)
	r.seen, r.last = seen.String(), info.State.LastSeq
	for i, name := range consumers {
		if delivered[i] > r.last {
			r.ahead = name
		}
	}
	if b.Epoch() != connection {
		return r, unavailable("the connection changed while floors were read", nil)
	}
	return r, nil
}

func (b *Bus) unread(err error) error {
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		b.wake.tell()
	}
	return unavailable("acknowledgement floors cannot be read", err)
}

// remake replaces a consumer whose state does not fit the stream; it would skip
// every message up to where it believes to be.
func (b *Bus) remake(ctx context.Context, stream, consumer string) {
	if b.admin == nil {
		b.log.Error("a consumer is ahead of its stream; the courier must make it anew", "stream", stream, "consumer", consumer)
		return
	}
	b.log.Error("a consumer is ahead of its stream and is made anew", "stream", stream, "consumer", consumer)
	if err := b.admin.DeleteConsumer(ctx, stream, consumer); err != nil {
		b.log.Error("the consumer cannot be deleted", "consumer", consumer, "error", err)
	}
	b.mu.Lock()
	declared, known := b.declared[stream]
	b.mu.Unlock()
	if known {
		if err := b.ensure(ctx, declared); err != nil {
			b.log.Error("the consumer cannot be made anew", "consumer", consumer, "error", err)
		}
	}
}

// Lag tells how many messages wait for a consumer, and how many it holds.
func (b *Bus) Lag(ctx context.Context, stream, consumer string) (waiting, held uint64, err error) {
	c, err := b.js.Consumer(ctx, stream, consumer)
	if err != nil {
		return 0, 0, b.unread(err)
	}
	info := c.CachedInfo()
	return info.NumPending, uint64(max(info.NumAckPending, 0)) & math.MaxInt64, nil
}
