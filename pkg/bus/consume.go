package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

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

	msg jetstream.Msg
}

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
		woken := b.wake.next()
		s := &subscription{bus: b, options: o, epoch: b.Epoch(), wake: make(chan struct{}, 1), space: make(chan struct{}, 1)}
		worked, err := s.run(ctx, f)
		if worked {
			wait = reconnectWait
		}
		if ctx.Err() != nil {
			break
		}
		if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound) || errors.Is(err, jetstream.ErrConsumerDeleted) {
			b.wake.tell() // have it put right now rather than at the next look
		}
		b.log.Warn("consumption interrupted", "consumer", o.Consumer, "stream", o.Stream, "error", err)
		pause(ctx, wait, woken)
		wait = min(2*wait, restartMax)
	}
	return nil
}

// run consumes until ctx ends or the subscription breaks; it reports whether any
// batch went through.
func (s *subscription) run(ctx context.Context, f func(context.Context, []Delivery) error) (worked bool, err error) {
	consumer, err := s.bus.js.Consumer(ctx, s.options.Stream, s.options.Consumer)
	if err != nil {
		return false, err
	}
	fetching, stop := context.WithCancel(ctx)
	defer s.close()
	defer s.tasks.Wait()
	defer stop()
	s.tasks.Go(func() { s.fetch(fetching, consumer) })
	s.tasks.Go(func() { s.keepAlive(fetching, consumer) })

	nak := time.Second
	for {
		batch, ok := s.take(ctx)
		if !ok {
			return worked, s.failure()
		}
		if sabotage.AckBeforeCommit {
			s.settle(batch, jetstream.Msg.Ack)
		}
		err := f(ctx, batch)
		switch {
		case s.stale() || ctx.Err() != nil && err != nil:
			// Handing back is harmless even if the number now means another message.
			s.bus.metrics.dropped.WithLabelValues(s.options.Consumer).Add(float64(len(batch)))
			s.settle(batch, jetstream.Msg.Nak)
		case err == nil:
			worked, nak = true, time.Second
			s.settle(batch, jetstream.Msg.Ack)
			if s.options.Acked != nil {
				s.options.Acked(len(batch))
			}
		default:
			s.bus.log.Warn("batch refused; it comes again", "consumer", s.options.Consumer, "messages", len(batch), "after", nak, "error", err)
			s.settle(batch, func(m jetstream.Msg) error { return m.NakWithDelay(nak) })
			nak = min(2*nak, nakMax)
		}
	}
}

// settle answers for every message of the batch by itself. A failed answer needs
// nothing: the message comes again.
func (s *subscription) settle(batch []Delivery, answer func(jetstream.Msg) error) {
	s.mu.Lock()
	s.working = nil
	s.mu.Unlock()
	for _, d := range batch {
		_ = answer(d.msg)
	}
}

func delivery(m jetstream.Msg) (Delivery, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Delivery{}, err
	}
	d := Delivery{
		Message: Message{Subject: m.Subject(), Data: m.Data(), Stream: meta.Stream},
		Stream:  meta.Stream, Sequence: meta.Sequence.Stream, Delivered: int(meta.NumDelivered), msg: m,
	}
	header := m.Headers()
	d.Headers = make(map[string]string, len(header))
	for k, v := range header {
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
