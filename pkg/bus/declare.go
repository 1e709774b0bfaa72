package bus

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Stream declares a stream and who must consume it.
type Stream struct {
	// Name of the stream.
	Name string
	// Subjects it stores.
	Subjects []string
	// Consumers must all acknowledge a message before it may go.
	Consumers []Consumer
	// MaxBytes bounds the store; a full stream refuses messages and loses none.
	// 0 means 2 GiB.
	MaxBytes int64
}

// Consumer declares a durable consumer.
type Consumer struct {
	// Name is the durable name.
	Name string
	// HeadersOnly withholds the body.
	HeadersOnly bool
}

const (
	defaultMaxBytes = 2 << 30
	// duplicateWindow is noise reduction only; see Message.Attempt.
	duplicateWindow = 2 * time.Minute
	// ackWait is how soon messages of a consumer that died are given to another.
	// Live ones say every third of it that they are still at work, so it need not
	// cover slow work, and it leaves most of the minute in which everything must
	// be settled after a crash.
	ackWait = 10 * time.Second
	// maxAckPending bounds what consumers hold; messages are few and packed.
	maxAckPending = 1000
	// keepEvery is how often declared streams are compared with the server's.
	keepEvery = 5 * time.Second
	// keepAtMost bounds how often hints of trouble start a comparison.
	keepAtMost = 100 * time.Millisecond
)

// invalidStreamConfig is the API error for a change that a stream cannot make.
const invalidStreamConfig jetstream.ErrorCode = 10052

// Declare makes streams and consumers as declared: creates what is missing and
// changes what differs. A stream or consumer that cannot be changed is made
// anew, since the store is disposable. On a bus with walls the courier does it
// (Config.Courier); where it is elsewhere, Declare only looks whether what this
// client uses is there.
func (b *Bus) Declare(ctx context.Context, streams ...Stream) error {
	if b.admin == nil {
		return b.present(ctx, streams)
	}
	var all error
	for _, s := range streams {
		b.mu.Lock()
		b.declared[s.Name] = s
		b.mu.Unlock()
		all = errors.Join(all, b.ensure(ctx, s))
	}
	if all != nil {
		return unavailable("streams are not as declared", all)
	}
	return nil
}

// Keep declares the streams again after every reconnect, every few seconds and
// whenever something is found missing, until ctx ends. Trouble is logged.
func (b *Bus) Keep(ctx context.Context, streams ...Stream) error {
	for {
		woken := b.wake.next()
		if err := b.Declare(ctx, streams...); err != nil && ctx.Err() == nil {
			b.log.Error("streams of the bus cannot be put right; trying again", "error", err)
		}
		if b.peer != nil && len(b.peer.Declares) > 0 {
			b.compareConsumers(ctx, streams)
		}
		if !pause(ctx, keepAtMost, nil) || !pause(ctx, keepEvery, woken) {
			return ctx.Err()
		}
	}
}

// compareConsumers makes consumers anew that are ahead of their streams: Floor
// does. The relays of services that cannot do it themselves wait for this.
func (b *Bus) compareConsumers(ctx context.Context, streams []Stream) {
	for _, s := range streams {
		names := make([]string, len(s.Consumers))
		for i, c := range s.Consumers {
			names[i] = c.Name
		}
		_, _ = b.Floor(ctx, s.Name, names) // it says itself what it finds
	}
}

// present looks for what this client may use of the streams.
func (b *Bus) present(ctx context.Context, streams []Stream) error {
	var all error
	for _, s := range streams {
		if b.peer.publishes(s.Name) {
			if _, err := b.js.Stream(ctx, s.Name); err != nil {
				all = errors.Join(all, fmt.Errorf("stream %s: %w", s.Name, err))
			}
		}
		for _, name := range b.peer.consumes(s.Name) {
			if _, err := b.js.Consumer(ctx, s.Name, name); err != nil {
				all = errors.Join(all, fmt.Errorf("consumer %s of %s: %w", name, s.Name, err))
			}
		}
	}
	if all != nil {
		return unavailable("the courier has not declared the streams yet", all)
	}
	return nil
}

func (b *Bus) ensure(ctx context.Context, s Stream) error {
	want := b.streamConfig(s)
	have, err := b.admin.Stream(ctx, s.Name)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		b.repaired(s.Name, "stream created")
		err = b.createStream(ctx, want)
	case err != nil:
	case b.dead(have.CachedInfo()):
		b.repaired(s.Name, "stream that stores nothing made anew")
		err = b.remakeStream(ctx, want)
	case !sameStream(have.CachedInfo().Config, want):
		b.repaired(s.Name, "stream changed to what is declared")
		_, err = b.admin.UpdateStream(ctx, want)
		var refused *jetstream.APIError
		if errors.As(err, &refused) && refused.ErrorCode == invalidStreamConfig {
			b.log.Error("the stream cannot be changed and is made anew", "stream", s.Name, "error", err)
			err = b.remakeStream(ctx, want)
		}
	}
	if err != nil {
		return fmt.Errorf("stream %s: %w", s.Name, err)
	}
	for _, c := range s.Consumers {
		if err := b.ensureConsumer(ctx, s.Name, c); err != nil {
			return fmt.Errorf("consumer %s of %s: %w", c.Name, s.Name, err)
		}
	}
	b.mu.Lock()
	b.settled[s.Name] = true
	b.mu.Unlock()
	return nil
}

func (b *Bus) ensureConsumer(ctx context.Context, stream string, c Consumer) error {
	want := consumerConfig(c)
	have, err := b.admin.Consumer(ctx, stream, c.Name)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
		b.repaired(stream, "consumer "+c.Name+" created")
		_, err = b.admin.CreateOrUpdateConsumer(ctx, stream, want)
	case err != nil:
	case !sameConsumer(have.CachedInfo().Config, want):
		b.repaired(stream, "consumer "+c.Name+" changed to what is declared")
		if _, err = b.admin.UpdateConsumer(ctx, stream, want); err != nil {
			// Made anew it gets everything again, which harms nobody.
			if err = b.admin.DeleteConsumer(ctx, stream, c.Name); err == nil {
				_, err = b.admin.CreateOrUpdateConsumer(ctx, stream, want)
			}
		}
	case have.CachedInfo().Paused:
		b.repaired(stream, "consumer "+c.Name+" resumed")
		_, err = b.admin.ResumeConsumer(ctx, stream, c.Name)
	}
	return err
}

// repaired notes what had to be put right. The first time a connection declares
// a stream that is no repair but how it comes to be.
func (b *Bus) repaired(stream, what string) {
	b.mu.Lock()
	settled := b.settled[stream]
	b.mu.Unlock()
	if !settled {
		b.log.Info("bus prepared", "stream", stream, "what", what)
		return
	}
	b.metrics.repairs.WithLabelValues(stream).Inc()
	b.log.Warn("bus repaired", "stream", stream, "what", what)
}

func (b *Bus) streamConfig(s Stream) jetstream.StreamConfig {
	maxBytes := s.MaxBytes
	if maxBytes == 0 {
		maxBytes = defaultMaxBytes
	}
	return jetstream.StreamConfig{
		Name: s.Name, Subjects: s.Subjects, Storage: jetstream.FileStorage, Replicas: b.replicas,
		Retention: jetstream.InterestPolicy, Discard: jetstream.DiscardNew, MaxBytes: maxBytes,
		MaxMsgs: -1, MaxMsgsPerSubject: -1, MaxMsgSize: -1, MaxConsumers: -1,
		Duplicates: duplicateWindow,
		// A purge would move acknowledgement floors past messages nobody saw.
		DenyDelete: true, DenyPurge: true,
	}
}

func consumerConfig(c Consumer) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Name: c.Name, Durable: c.Name, DeliverPolicy: jetstream.DeliverAllPolicy, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: ackWait, MaxAckPending: maxAckPending, MaxDeliver: -1, HeadersOnly: c.HeadersOnly,
	}
}

func sameStream(have, want jetstream.StreamConfig) bool {
	return slices.Equal(have.Subjects, want.Subjects) && have.Storage == want.Storage && have.Replicas == want.Replicas &&
		have.Retention == want.Retention && have.Discard == want.Discard && have.MaxBytes == want.MaxBytes &&
		have.MaxAge == want.MaxAge && have.MaxMsgs == want.MaxMsgs && have.MaxMsgsPerSubject == want.MaxMsgsPerSubject &&
		have.MaxMsgSize == want.MaxMsgSize && have.Duplicates == want.Duplicates && !have.Sealed &&
		have.DenyDelete == want.DenyDelete && have.DenyPurge == want.DenyPurge && have.NoAck == want.NoAck &&
		// Ways by which messages could leave, or come in, past the walls.
		have.RePublish == nil && have.SubjectTransform == nil && have.Mirror == nil && len(have.Sources) == 0 &&
		!have.AllowDirect && !have.AllowRollup
}

func sameConsumer(have, want jetstream.ConsumerConfig) bool {
	return have.Durable == want.Durable && have.DeliverPolicy == want.DeliverPolicy && have.AckPolicy == want.AckPolicy &&
		have.AckWait == want.AckWait && have.MaxAckPending == want.MaxAckPending && have.MaxDeliver == want.MaxDeliver &&
		have.HeadersOnly == want.HeadersOnly && have.FilterSubject == "" && len(have.FilterSubjects) == 0 &&
		len(have.BackOff) == 0 && have.RateLimit == 0 && have.DeliverSubject == ""
}
