package api

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/trail"
)

// partingTime is how long a stream that must end still delivers answers.
const partingTime = 400 * time.Millisecond

type submitStream = grpc.BidiStreamingServer[intakev1.SubmitStreamRequest, intakev1.SubmitStreamResponse]

// lodgingStream is one stream: a goroutine receives and queues, the handler's
// own sends. There is none per submission.
type lodgingStream struct {
	*Server
	stream submitStream
	lodger lodger
	trace  string
	// slots holds a token per unanswered request. answers has room for as many,
	// so that answering never blocks the committer.
	slots   chan struct{}
	answers chan answer
	// received is closed after the last request took its slot; failure says why
	// there are no more, nil at the caller's end of the stream.
	received chan struct{}
	failure  error
}

type answer struct {
	tag    uint64
	result commit.Result
}

// SubmitStream lodges many submissions over one stream.
func (s *Server) SubmitStream(stream submitStream) error {
	by, err := s.lodger(stream.Context())
	if err != nil {
		return err
	}
	l := &lodgingStream{
		Server: s, stream: stream, lodger: by, trace: telemetry.Traceparent(stream.Context()),
		slots:   make(chan struct{}, s.options.StreamInFlight),
		answers: make(chan answer, s.options.StreamInFlight), received: make(chan struct{}),
	}
	// Ends by itself: when this handler returns, receiving fails.
	go l.receive(stream.Context())
	return l.send(stream.Context())
}

// receive queues what comes until the stream ends; it slows the caller down when
// too much is unanswered, the queue is full or the pipeline is behind.
func (l *lodgingStream) receive(ctx context.Context) {
	defer close(l.received)
	for {
		request, err := l.stream.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				l.failure = err
			}
			return
		}
		select {
		case l.slots <- struct{}{}:
		case <-ctx.Done():
			l.failure = ctx.Err()
			return
		}
		if err := l.lodge(ctx, request); err != nil {
			l.answers <- answer{request.GetTag(), commit.Result{Err: err}}
		}
	}
}

func (l *lodgingStream) lodge(ctx context.Context, request *intakev1.SubmitStreamRequest) error {
	if err := rpc.Validate(request); err != nil {
		return err
	}
	// A long stream outlives changes of its authority.
	by, err := l.mayLodge(l.lodger)
	if err != nil {
		return err
	}
	if err := l.Relay.Room(ctx); err != nil {
		return err
	}
	submission, err := l.prepare(by, request.GetSubmission())
	if err != nil {
		return err
	}
	release, err := l.admit(ctx, submission)
	if err != nil {
		return err
	}
	tag := request.GetTag()
	if err := l.Committer.Enqueue(ctx, &commit.Lodgement{
		Submission: submission, Traceparent: l.trace, GivenUp: ctx.Done(),
		Answer: func(r commit.Result) { release(); l.answers <- answer{tag, r} },
	}); err != nil {
		release()
		return err
	}
	return nil
}

// send delivers answers until all requests have theirs.
func (l *lodgingStream) send(ctx context.Context) error {
	received, ending := l.received, ctx.Done()
	var parting <-chan time.Time
	for received != nil || len(l.slots) > 0 {
		select {
		case a := <-l.answers:
			a.result.Err = l.refused(ctx, a.result.Err)
			if err := l.stream.Send(responseOf(a)); err != nil {
				return err
			}
			<-l.slots
		case <-received:
			received = nil
		case <-ending:
			// Either the caller is gone, and sending fails, or the server is
			// stopping, and what is being stored can still be answered.
			ending = nil
			parting = time.After(partingTime)
		case <-parting:
			return ctx.Err()
		}
		if ending == nil && len(l.slots) == 0 {
			return ctx.Err()
		}
	}
	return l.failure
}

// onRecord are the reasons for which a refused message goes on record, besides
// being denied; the door goes by the same for calls.
var onRecord = map[string]bool{"CUSTOMER_QUOTA": true, "ENUMERATION_QUOTA": true, "DAILY_QUOTA": true, "REFERENCE_REUSED": true}

// refused puts the refusal of a message on record, as the door does for calls,
// before it is answered; when that cannot be done the caller is told to come back.
func (l *lodgingStream) refused(ctx context.Context, err error) error {
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Denied && !onRecord[f.Reason] {
		return err
	}
	// Answers are still given for a while after the stream was told to end.
	if unrecorded := l.Refusals.Record(context.WithoutCancel(ctx), trail.Refused(f.Reason)); unrecorded != nil {
		return unrecorded
	}
	return err
}

func responseOf(a answer) *intakev1.SubmitStreamResponse {
	if a.result.Err != nil {
		return &intakev1.SubmitStreamResponse{Tag: a.tag, Result: &intakev1.SubmitStreamResponse_Error{Error: statusMessage(a.result.Err)}}
	}
	return &intakev1.SubmitStreamResponse{
		Tag: a.tag, Repeated: a.result.Repeated,
		Result: &intakev1.SubmitStreamResponse_Receipt{Receipt: receiptMessage(&a.result.Submission.Receipt)},
	}
}
