package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/crashpoint/sabotage"
)

// Delivery is a message on its way to a handler.
type Delivery struct {
	Message
	// Stream it came from.
	Stream string
	// Sequence in the stream; means nothing outside the present epoch.
	Sequence uint64
	// Delivered is how often it has been delivered, from 1.
	Delivered int

	consumer string
	reply    string // where the answer goes
}

// Answers to a delivery, as the protocol has them.
var (
	ack        = []byte("+ACK")
	nak        = []byte("-NAK")
	inProgress = []byte("+WPI")
	term       = []byte("+TERM")
)

// ConsumeOptions say what to consume and how much at once.
type ConsumeOptions struct {
	// Stream and Consumer must be declared.
	Stream, Consumer string
	// MaxMessages of a batch; 0 means 100.
	MaxMessages int
	// MaxBytes of a batch's bodies; a larger single message comes alone. 0 means 8 MiB.
	MaxBytes int
	// Acked is called after acknowledgements were sent; may be nil.
	Acked func(messages int)
}

const (
	defaultBatch      = 100
	defaultBatchBytes = 8 << 20
	// restartMax bounds the pause before a broken subscription is made anew.
	restartMax = 2 * time.Second
	// nakMax bounds the pause before a refused batch comes again.
	nakMax = 30 * time.Second
)

// Consume gives batches of messages to f, one batch after the other, until ctx
// ends; it then returns nil after f has returned. Every message of a batch is
// acknowledged by itself after f returned nil. When f fails, the batch comes
// again after a growing pause. While messages are here, waiting or in f, the
// server is told that work goes on.
//
// Messages that came before a reconnect, or before the consumer was made anew,
// are never acknowledged: their numbers may belong to other messages by now.
// They come again. So f sees messages more than once, and out of order.
func (b *Bus) Consume(ctx context.Context, o ConsumeOptions, f func(context.Context, []Delivery) error) error {
	if o.MaxMessages <= 0 {
		o.MaxMessages = defaultBatch
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultBatchBytes
	}
	wait := reconnectWait
	for ctx.Err() == nil {
		worked, err := b.consumeOnce(ctx, o, f)
		if worked {
			wait = reconnectWait
		}
		if err != nil && ctx.Err() == nil {
			b.interrupted(o, err)
		}
		// A short pause in any case: consumers that miss something wake each other.
		pause(ctx, reconnectWait, nil)
		pause(ctx, wait-reconnectWait, b.wake.next())
		wait = min(2*wait, restartMax)
	}
	return nil
}

// interrupted logs why a subscription broke, and has what is missing put right
// now rather than at the next look.
func (b *Bus) interrupted(o ConsumeOptions, err error) {
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) {
		b.wake.tell()
	}
	b.log.Warn("consumption interrupted", "consumer", o.Consumer, "stream", o.Stream, "error", err)
}

// consumeOnce consumes until ctx ends or the subscription breaks; it reports
// whether any batch went through.
func (b *Bus) consumeOnce(ctx context.Context, o ConsumeOptions, f func(context.Context, []Delivery) error) (worked bool, err error) {
	s, err := b.subscribe(ctx, o)
	if err != nil {
		return false, err
	}
	running, stop := context.WithCancel(ctx)
	defer s.close()
	defer s.tasks.Wait()
	defer stop()
	s.tasks.Go(func() { s.request(running) })
	s.tasks.Go(func() { s.keepAlive(running) })

	delay := time.Second
	for {
		batch, err := s.take(ctx)
		if err != nil {
			return worked, err
		}
		if sabotage.AckBeforeCommit {
			s.answer(batch, ack)
		}
		err = f(ctx, batch)
		switch {
		case s.stale() || ctx.Err() != nil && err != nil:
			// Handing back is harmless even if the number now means another message.
			b.metrics.dropped.WithLabelValues(o.Consumer).Add(float64(len(batch)))
			s.answer(batch, nak)
		case err == nil:
			worked, delay = true, time.Second
			s.answer(batch, ack)
			if o.Acked != nil {
				o.Acked(len(batch))
			}
		default:
			b.log.Warn("batch refused; it comes again", "consumer", o.Consumer, "messages", len(batch), "after", delay, "error", err)
			s.answer(batch, fmt.Appendf(nil, `-NAK {"delay": %d}`, delay.Nanoseconds()))
			delay = min(2*delay, nakMax)
		}
	}
}

// answer answers for every message of the batch by itself. A failed answer needs
// nothing: the message comes again.
func (s *subscription) answer(batch []Delivery, with []byte) {
	s.mu.Lock()
	s.working = nil
	s.mu.Unlock()
	for _, d := range batch {
		_ = s.bus.nc.Publish(d.reply, with)
	}
}

func delivery(m *nats.Msg) (Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{
		Message: Message{Subject: m.Subject, Data: m.Data, Stream: meta.Stream},
		Stream:  meta.Stream, Sequence: meta.Sequence.Stream, Delivered: int(meta.NumDelivered), consumer: meta.Consumer, reply: m.Reply,
	}
	d.Headers = make(map[string]string, len(m.Header))
	for k, v := range m.Header {
		if len(v) > 0 {
			d.Headers[k] = v[0]
		}
	}
	if d.ID = d.Headers[HeaderID]; d.ID == "" {
		// Not published by us; its place and time are all the identity it has.
		d.ID = fmt.Sprintf("%s.%d.%d", meta.Stream, meta.Sequence.Stream, meta.Timestamp.UnixNano())
	}
	return d, nil
}
