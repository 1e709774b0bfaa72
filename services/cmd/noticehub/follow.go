package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

type watchCommand struct {
	authority
	Resume string `help:"Go on after the change with this token."`
	Tokens bool   `help:"Show the resume token of every change."`
}

// Run shows changes until it is interrupted; a broken stream is taken up again
// after the last change seen.
func (c *watchCommand) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	client, token := intakev1.NewIntakeServiceClient(conn), c.Resume
	for ctx.Err() == nil {
		stream, err := client.WatchSubmissions(ctx, &intakev1.WatchSubmissionsRequest{ResumeToken: token})
		for err == nil {
			var change *intakev1.WatchSubmissionsResponse
			if change, err = stream.Recv(); err == nil {
				token = change.GetResumeToken()
				fmt.Fprintf(out, "%s  %-24s %s", change.GetDecision().GetAt().AsTime().Format(time.RFC3339), change.GetReference(), sentence(change.GetDecision()))
				if c.Tokens {
					fmt.Fprint(out, "  ", token)
				}
				fmt.Fprintln(out)
			}
		}
		if ctx.Err() == nil && status.Code(err) != codes.Unavailable {
			return err
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	return nil
}

type showCommand struct {
	authority
	Reference  string `arg:"" help:"The authority's reference."`
	Disclosure bool   `help:"Show the disclosure too, when there is one."`
}

// Run shows one submission and its history.
func (c *showCommand) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := intakev1.NewIntakeServiceClient(conn).GetSubmission(ctx, &intakev1.GetSubmissionRequest{Reference: c.Reference})
	if err != nil {
		return err
	}
	view := answer.GetSubmission()
	fmt.Fprintf(out, "%s %s %s\n", view.GetReceipt().GetSubmissionId(), short(view.GetInformationType()), view.GetReceipt().GetReference())
	for _, d := range answer.GetHistory() {
		fmt.Fprintf(out, "  %d  %s  %s\n", d.GetVersion(), d.GetAt().AsTime().Format(time.RFC3339), sentence(d))
	}
	fmt.Fprintln(out, asJSON(view.GetSubmission()))
	if !c.Disclosure {
		return nil
	}
	disclosure, err := processingv1.NewDisclosureServiceClient(conn).GetDisclosure(ctx, &processingv1.GetDisclosureRequest{SubmissionId: view.GetReceipt().GetSubmissionId()})
	if err != nil {
		return err
	}
	fmt.Fprintln(out, asJSON(disclosure.GetDisclosure()))
	return nil
}

type withdrawCommand struct {
	authority
	Reference string `arg:"" help:"The authority's reference."`
	Note      string `help:"Why."`
}

// Run withdraws one submission.
func (c *withdrawCommand) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := intakev1.NewIntakeServiceClient(conn).WithdrawSubmission(ctx, &intakev1.WithdrawSubmissionRequest{
		Reference: c.Reference, Note: c.Note, Wait: durationpb.New(3 * time.Second),
	})
	if err != nil {
		return err
	}
	if answer.GetDecision() == nil {
		fmt.Fprintln(out, "the withdrawal is taken; it has effect if the submission is not decided before")
		return nil
	}
	fmt.Fprintln(out, sentence(answer.GetDecision()))
	return nil
}
