package main

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/status"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// lodger matches the answers of one stream to their callers.
type lodger struct {
	send    sync.Mutex
	stream  intakev1.IntakeService_SubmitStreamClient
	tags    atomic.Uint64
	waiting sync.Map // tag → chan error
	failed  chan struct{}
	err     error
}

func (l *lodger) receive() {
	for {
		answer, err := l.stream.Recv()
		if err != nil {
			l.err = err
			close(l.failed)
			return
		}
		if done, ok := l.waiting.LoadAndDelete(answer.GetTag()); ok {
			done.(chan error) <- status.ErrorProto(answer.GetError())
		}
	}
}

func (l *lodger) lodge(ctx context.Context, s *intakev1.Submission) error {
	tag, done := l.tags.Add(1), make(chan error, 1)
	l.waiting.Store(tag, done)
	l.send.Lock()
	err := l.stream.Send(&intakev1.SubmitStreamRequest{Tag: tag, Submission: s})
	l.send.Unlock()
	if err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-l.failed:
		return l.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// window is one stream with a bounded number of unanswered submissions.
type window struct {
	stream intakev1.IntakeService_SubmitStreamClient
	room   chan struct{}
	mu     sync.Mutex
	sent   map[uint64]time.Time
	took   map[uint64]time.Duration
	begun  map[uint64]time.Time
}

// keepOutstanding keeps a number of submissions unanswered, shared over streams
// of their own, until the time is over: a sender and a receiver a stream, so that
// the load generator takes little of the machine it shares with what it measures.
func (p *pipeline) keepOutstanding(ctx context.Context, l *load, outstanding int, until time.Time) error {
	var next atomic.Int64
	errs := make(chan error, 2*len(p.conns))
	var wait sync.WaitGroup
	for _, conn := range p.conns {
		stream, err := intakev1.NewIntakeServiceClient(conn).SubmitStream(ctx)
		if err != nil {
			return err
		}
		w := &window{
			stream: stream, room: make(chan struct{}, outstanding/len(p.conns)),
			sent: map[uint64]time.Time{}, took: map[uint64]time.Duration{}, begun: map[uint64]time.Time{},
		}
		wait.Go(func() { errs <- w.send(p, &next, until) })
		wait.Go(func() {
			errs <- w.receive()
			l.mu.Lock()
			defer l.mu.Unlock()
			for tag, took := range w.took {
				l.started[int(tag)] = w.begun[tag]
				l.submit = append(l.submit, took)
			}
		})
	}
	wait.Wait()
	close(errs)
	var all []error
	for err := range errs {
		all = append(all, err)
	}
	return errors.Join(all...)
}

func (w *window) send(p *pipeline, next *atomic.Int64, until time.Time) error {
	for time.Now().Before(until) {
		w.room <- struct{}{}
		i := next.Add(1) - 1
		s := p.submission(int(i))
		w.mu.Lock()
		w.sent[uint64(i)] = time.Now()
		w.mu.Unlock()
		if err := w.stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: s}); err != nil {
			return err
		}
	}
	return w.stream.CloseSend()
}

func (w *window) receive() error {
	for {
		answer, err := w.stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = status.ErrorProto(answer.GetError())
		}
		if err != nil {
			return err
		}
		w.mu.Lock()
		from := w.sent[answer.GetTag()]
		delete(w.sent, answer.GetTag())
		w.mu.Unlock()
		w.begun[answer.GetTag()], w.took[answer.GetTag()] = from, time.Since(from)
		<-w.room
	}
}
