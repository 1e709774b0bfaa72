package lodge

import (
	"context"
	"errors"
	"fmt"
	"io"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// Stream lodges submissions over one bidirectional stream with at most inFlight
// unanswered, and hands each answer to answered, one at a time. It returns when
// all are answered, the stream breaks, ctx ends or answered returns an error.
func Stream(ctx context.Context, client intakev1.IntakeServiceClient, submissions []*intakev1.Submission, inFlight int,
	answered func(*intakev1.Submission, *intakev1.SubmitStreamResponse) error,
) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.SubmitStream(ctx)
	if err != nil {
		return err
	}
	room := make(chan struct{}, max(inFlight, 1))
	sent := make(chan error, 1)
	go func() { sent <- send(ctx, stream, submissions, room) }()
	for range submissions {
		answer, err := stream.Recv()
		if err != nil {
			return ended(err)
		}
		if answer.GetTag() >= uint64(len(submissions)) {
			return fmt.Errorf("the hub answered with tag %d, which was never sent", answer.GetTag())
		}
		<-room
		if err := answered(submissions[answer.GetTag()], answer); err != nil {
			return err
		}
	}
	return <-sent
}

func send(ctx context.Context, stream intakev1.IntakeService_SubmitStreamClient, submissions []*intakev1.Submission, room chan struct{}) error {
	for i, s := range submissions {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: s}); err != nil {
			return ended(err)
		}
	}
	return stream.CloseSend()
}

func ended(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the hub ended the stream before everything was answered")
	}
	return err
}
