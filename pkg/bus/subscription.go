package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
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
	// drainTime bounds the wait for messages on their way when consumption ends.
	drainTime = 2 * time.Second
)

// subscription is one attempt at consuming: it lives as long as the connection
// and the consumer it began with. It asks for messages itself, rather than
// through the client library, so that every message the server ever sent it is
// in queue or working: all of them are kept alive and, at the end, handed back.
type subscription struct {
	bus     *Bus
	options ConsumeOptions
	epoch   uint64
	created time.Time     // of the consumer
	wake    chan struct{} // something came for take
	pull    chan struct{} // it may be time for another request
	tasks   sync.WaitGroup
	inbox   *nats.Subscription
	drained chan struct{}

	mu       sync.Mutex
	queue    []Delivery // waiting
	working  []Delivery // in the handler
	expected int        // messages that the present request may still bring
	heard    bool       // of the server, since last asked
	err      error      // why it broke
}

var errReconnected = fault.New(fault.Unavailable, "BUS_RECONNECTED", "the connection was lost and is back")

func (b *Bus) subscribe(ctx context.Context, o ConsumeOptions) (*subscription, error) {
	s := &subscription{bus: b, options: o, epoch: b.Epoch(), wake: make(chan struct{}, 1), pull: make(chan struct{}, 1), drained: make(chan struct{})}
	consumer, err := b.js.Consumer(ctx, o.Stream, o.Consumer)
	if err != nil {
		return nil, err
	}
	s.created = consumer.CachedInfo().Created
	if s.inbox, err = b.nc.Subscribe(b.nc.NewInbox(), s.receive); err != nil {
		return nil, err
	}
	s.inbox.SetClosedHandler(func(string) { close(s.drained) })
	_ = s.inbox.SetPendingLimits(-1, -1) // requests bound what comes
	return s, nil
}

// stale reports whether what was received may be about another store by now.
func (s *subscription) stale() bool {
	s.mu.Lock()
	broken := s.err != nil
	s.mu.Unlock()
	return broken || s.bus.Epoch() != s.epoch
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

// request asks for messages whenever fewer than a batch are waiting and the
// request before is used up, so that the next batch is here when one is done.
func (s *subscription) request(ctx context.Context) {
	subject := "$JS.API.CONSUMER.MSG.NEXT." + s.options.Stream + "." + s.options.Consumer
	body, _ := json.Marshal(map[string]any{"batch": s.options.MaxMessages, "expires": pullExpiry, "idle_heartbeat": pullHeartbeat})
	silence := time.NewTicker(3 * pullHeartbeat)
	defer silence.Stop()
	for ctx.Err() == nil {
		s.mu.Lock()
		ask := s.expected == 0 && len(s.queue) < s.options.MaxMessages
		if ask {
			s.expected = s.options.MaxMessages
		}
		s.mu.Unlock()
		if ask {
			if err := s.bus.nc.PublishRequest(subject, s.inbox.Subject, body); err != nil {
				s.fail(err)
				return
			}
		}
		select {
		case <-s.pull:
		case <-ctx.Done():
		case <-silence.C:
			// Nothing at all, not even a heartbeat, means the request is lost.
			s.mu.Lock()
			if !s.heard {
				s.expected = 0
			}
			s.heard = false
			s.mu.Unlock()
		}
	}
}

// receive takes whatever comes: messages, and what the server says about the request.
func (s *subscription) receive(m *nats.Msg) {
	status := m.Header.Get("Status")
	if status == "" {
		d, err := delivery(m)
		if err != nil {
			s.bus.log.Error("a message without metadata was ignored", "error", err)
			return
		}
		keep := s.bus.peer == nil || s.genuine(d)
		s.mu.Lock()
		if keep {
			s.queue = append(s.queue, d)
		}
		s.expected, s.heard = max(s.expected-1, 0), true
		s.mu.Unlock()
		signal(s.wake)
		signal(s.pull)
		return
	}
	description := m.Header.Get("Description")
	switch {
	case status == "100": // heartbeat
		s.mu.Lock()
		s.heard = true
		s.mu.Unlock()
		return
	case status == "409" && strings.Contains(strings.ToLower(description), "deleted"):
		s.fail(jetstream.ErrConsumerDeleted)
		return
	case status == "404", status == "408", status == "409":
		// The request is over: expired, complete, or the leader changed.
		s.mu.Lock()
		s.expected, s.heard = 0, true
		s.mu.Unlock()
		if description == "Exceeded MaxWaiting" {
			time.Sleep(reconnectWait) // too many others ask
		}
		signal(s.pull)
		return
	}
	s.fail(fault.New(fault.Unavailable, "BUS_UNAVAILABLE", "the server answered %s %s", status, description))
}

// take waits for messages and returns the next batch; an error when ctx ended or
// the subscription broke.
func (s *subscription) take(ctx context.Context) ([]Delivery, error) {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	for {
		s.mu.Lock()
		err := errors.Join(s.err, ctx.Err())
		batch := s.cut()
		if err != nil {
			batch = nil
		}
		if s.working = batch; batch != nil {
			s.queue = s.queue[len(batch):]
		}
		s.mu.Unlock()
		switch {
		case err != nil:
			return nil, err
		case batch != nil:
			signal(s.pull)
			return batch, nil
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
		case <-look.C:
		}
		if s.bus.Epoch() != s.epoch {
			s.fail(errReconnected)
		}
	}
}

// cut returns the first messages of the queue, as many as fit in a batch.
func (s *subscription) cut() []Delivery {
	n, size := 0, 0
	for n < len(s.queue) && n < s.options.MaxMessages {
		if size += len(s.queue[n].Data); n > 0 && size > s.options.MaxBytes {
			break
		}
		n++
	}
	if n == 0 {
		return nil
	}
	return s.queue[:n:n]
}

// keepAlive tells the server that the messages held here are worked on, and
// looks whether the consumer was made anew meanwhile.
func (s *subscription) keepAlive(ctx context.Context) {
	const rounds = int(ackWait / 3 / verifyEvery)
	for round := 1; pause(ctx, verifyEvery, nil); round++ {
		if err := s.verify(ctx); err != nil {
			s.fail(err)
			return
		}
		if round%rounds != 0 {
			continue
		}
		s.mu.Lock()
		held := append(append([]Delivery(nil), s.working...), s.queue...)
		s.mu.Unlock()
		if s.stale() {
			return
		}
		for _, d := range held {
			_ = s.bus.nc.Publish(d.reply, inProgress) // a message that is lost comes again
		}
	}
}

// verify fails when the consumer is not the one the subscription began with. No
// answer says nothing.
func (s *subscription) verify(ctx context.Context) error {
	now, err := s.bus.js.Consumer(ctx, s.options.Stream, s.options.Consumer)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
		return err
	case err == nil && !now.CachedInfo().Created.Equal(s.created):
		return fmt.Errorf("made anew: %w", jetstream.ErrConsumerDeleted)
	}
	return nil
}

// close waits for messages on their way and hands back all that wait, so that
// nobody has to wait for them to be missed.
func (s *subscription) close() {
	if s.inbox.Drain() == nil {
		select {
		case <-s.drained:
		case <-time.After(drainTime):
		}
	}
	s.mu.Lock()
	waiting := s.queue
	s.queue = nil
	s.mu.Unlock()
	for _, d := range waiting {
		_ = s.bus.nc.Publish(d.reply, nak)
	}
	_ = s.bus.nc.FlushTimeout(drainTime)
}
