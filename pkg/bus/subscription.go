package bus

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// pullExpiry is how long one request for messages stands.
	pullExpiry = 10 * time.Second
	// pullHeartbeat tells a quiet stream from a lost one.
	pullHeartbeat = time.Second
	// verifyEvery is how often a subscription asks whether its consumer is still
	// the one it began with; the server tells so at once only to those who wait.
	verifyEvery = time.Second
)

// subscription is one attempt at consuming: it lives as long as the connection
// and the consumer it began with. All messages it ever received are in queue or
// working, so that all of them can be kept alive and handed back.
type subscription struct {
	bus     *Bus
	options ConsumeOptions
	epoch   uint64
	wake    chan struct{} // something came for take
	space   chan struct{} // take made room for fetch
	tasks   sync.WaitGroup

	mu      sync.Mutex
	queue   []Delivery // waiting
	working []Delivery // in the handler
	err     error      // why it broke
}

// stale reports whether what was received may be about another store by now.
func (s *subscription) stale() bool {
	return s.failure() != nil || s.bus.Epoch() != s.epoch
}

func (s *subscription) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *subscription) fail(err error) {
	s.mu.Lock()
	if s.err == nil {
		s.err = err
	}
	s.mu.Unlock()
	signal(s.wake)
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// fetch asks for messages whenever fewer than a batch are waiting, so that the
// next batch is here when one is done.
func (s *subscription) fetch(ctx context.Context, consumer jetstream.Consumer) {
	for ctx.Err() == nil {
		s.mu.Lock()
		room := s.options.MaxMessages - len(s.queue)
		s.mu.Unlock()
		if room <= 0 {
			select {
			case <-s.space:
			case <-ctx.Done():
			}
			continue
		}
		expiry, cancel := context.WithTimeout(ctx, pullExpiry)
		batch, err := consumer.Fetch(s.options.MaxMessages, jetstream.FetchContext(expiry), jetstream.FetchHeartbeat(pullHeartbeat))
		if err == nil {
			for m := range batch.Messages() {
				s.receive(m)
			}
			err = batch.Error()
		}
		cancel()
		switch {
		case err == nil, ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		case s.bus.Epoch() != s.epoch:
			s.fail(errReconnected)
			return
		case errors.Is(err, jetstream.ErrNoHeartbeat), errors.Is(err, nats.ErrReconnectBufExceeded):
			// A stall, of the server or of this process, or a connection about to come
			// back. Whether the consumer still is what it was must be asked.
			if err := s.verify(ctx, consumer); err != nil {
				s.fail(err)
				return
			}
		default:
			s.fail(err)
			return
		}
		if s.bus.Epoch() != s.epoch {
			s.fail(errReconnected)
			return
		}
	}
}

var errReconnected = fault.New(fault.Unavailable, "BUS_RECONNECTED", "the connection was lost and is back")

// verify makes sure that the consumer is still the one the subscription began with.
func (s *subscription) verify(ctx context.Context, consumer jetstream.Consumer) error {
	was := consumer.CachedInfo().Created
	now, err := s.bus.js.Consumer(ctx, s.options.Stream, s.options.Consumer)
	if err == nil && !now.CachedInfo().Created.Equal(was) {
		err = jetstream.ErrConsumerDeleted
	}
	return err
}

func (s *subscription) receive(m jetstream.Msg) {
	d, err := delivery(m)
	if err != nil {
		s.bus.log.Error("a message without metadata was ignored", "error", err)
		return
	}
	s.mu.Lock()
	s.queue = append(s.queue, d)
	s.mu.Unlock()
	signal(s.wake)
}

// take waits for messages and returns the next batch; false when ctx ended or
// the subscription broke.
func (s *subscription) take(ctx context.Context) ([]Delivery, bool) {
	reconnected := time.NewTicker(time.Second)
	defer reconnected.Stop()
	for {
		s.mu.Lock()
		if s.err != nil || ctx.Err() != nil {
			s.mu.Unlock()
			return nil, false
		}
		if len(s.queue) > 0 {
			n, size := 0, 0
			for n < len(s.queue) && n < s.options.MaxMessages {
				size += len(s.queue[n].Data)
				if n > 0 && size > s.options.MaxBytes {
					break
				}
				n++
			}
			batch := s.queue[:n:n]
			s.queue = s.queue[n:]
			s.working = batch
			s.mu.Unlock()
			signal(s.space)
			if s.bus.Epoch() != s.epoch {
				s.settle(batch, jetstream.Msg.Nak)
				s.fail(errReconnected)
				return nil, false
			}
			return batch, true
		}
		s.mu.Unlock()
		select {
		case <-s.wake:
		case <-ctx.Done():
		case <-reconnected.C:
			if s.bus.Epoch() != s.epoch {
				s.fail(errReconnected)
			}
		}
	}
}

// keepAlive tells the server that the messages held here are worked on, and
// looks whether the consumer was made anew meanwhile.
func (s *subscription) keepAlive(ctx context.Context, consumer jetstream.Consumer) {
	const rounds = ackWait / 3 / verifyEvery
	for round := 1; pause(ctx, verifyEvery, nil); round++ {
		if err := s.verify(ctx, consumer); errors.Is(err, jetstream.ErrConsumerDeleted) {
			s.fail(err)
			return
		}
		if round%int(rounds) != 0 {
			continue
		}
		s.mu.Lock()
		held := append(append([]Delivery(nil), s.working...), s.queue...)
		s.mu.Unlock()
		if s.stale() {
			return
		}
		for _, d := range held {
			_ = d.msg.InProgress() // a message that is lost comes again
		}
	}
}

// close hands back what waits, so that others need not wait for it.
func (s *subscription) close() {
	s.mu.Lock()
	waiting := s.queue
	s.queue = nil
	s.mu.Unlock()
	for _, d := range waiting {
		_ = d.msg.Nak()
	}
}
