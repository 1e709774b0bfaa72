package bus

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/clock"
)

// A stream can be there, answer questions and yet store nothing: when its files
// went away under the running server, or when it was made while the deletion of
// its namesake was still removing files (the server forgets a deleted stream
// first and removes its directory later). The server then leaves publications
// without an answer for ever. Since the store is disposable, such a stream is
// made anew.
const (
	// silentCalls is how many publications in a row, each of one or more messages,
	// must go unanswered before a stream is suspected.
	silentCalls = 3
	// suspectFor is how long its last sequence must then stand still.
	suspectFor = 3 * time.Second
	// remakeAtMost bounds how often a stream is made anew for silence.
	remakeAtMost = 30 * time.Second
	// settleTime is how long a deletion is given to remove the files.
	settleTime = 500 * time.Millisecond
)

// health is what publishing shows of a stream.
type health struct {
	silent    int       // calls in a row without an answer
	suspected time.Time // zero: not suspected
	last      uint64    // last sequence then
	created   time.Time // creation of the stream then
	remade    time.Time
	known     bool // it was there before
}

// now is the machine's time: this is about the broker, not about business.
func now() time.Time { return clock.System().Now() }

func (b *Bus) healthOf(stream string) *health {
	h := b.health[stream]
	if h == nil {
		h = &health{}
		b.health[stream] = h
	}
	return h
}

// noteAnswers takes the outcome of one call of Publish.
func (b *Bus) noteAnswers(msgs []Message, acks []Ack) {
	silent := map[string]bool{}
	for i, a := range acks {
		stream := msgs[i].Stream
		if was, seen := silent[stream]; seen && !was {
			continue // something was answered
		}
		silent[stream] = a.silent
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for stream, is := range silent {
		h := b.healthOf(stream)
		if !is {
			h.silent, h.suspected = 0, time.Time{}
		} else if h.silent++; h.silent >= silentCalls {
			b.wake.tell()
		}
	}
}

// isSilent tells publications that a living stream should have answered.
func isSilent(err error) bool {
	var api *jetstream.APIError
	return errors.Is(err, jetstream.ErrAsyncPublishTimeout) ||
		errors.As(err, &api) && api.ErrorCode == codeStoreFailed && !isFull(api)
}

// isFull tells a full stream from other failures to store, which share a code.
func isFull(api *jetstream.APIError) bool {
	return api.ErrorCode == codeInsufficientResources || api.ErrorCode == codeStorageExceeded ||
		api.ErrorCode == codeStoreFailed && strings.Contains(api.Description, "maximum")
}

// dead reports whether a stream has stored nothing while publications went
// unanswered for a while, nothing of anybody's.
func (b *Bus) dead(info *jetstream.StreamInfo) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.healthOf(info.Config.Name)
	h.known = true
	switch {
	case h.silent < silentCalls:
		return false
	case h.suspected.IsZero() || h.last != info.State.LastSeq || !h.created.Equal(info.Created):
		h.suspected, h.last, h.created = now(), info.State.LastSeq, info.Created
		return false
	case now().Sub(h.suspected) < suspectFor || now().Sub(h.remade) < remakeAtMost:
		return false
	}
	h.remade, h.silent, h.suspected = now(), 0, time.Time{}
	return true
}

// remakeStream deletes a stream and makes it again.
func (b *Bus) remakeStream(ctx context.Context, want jetstream.StreamConfig) error {
	if err := b.admin.DeleteStream(ctx, want.Name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	return b.createStream(ctx, want)
}

// createStream makes a stream that is not there. One that was there before may
// still be on its way out.
func (b *Bus) createStream(ctx context.Context, want jetstream.StreamConfig) error {
	b.mu.Lock()
	known := b.healthOf(want.Name).known
	b.mu.Unlock()
	if known && !pause(ctx, settleTime, nil) {
		return ctx.Err()
	}
	_, err := b.admin.CreateStream(ctx, want)
	return err
}
