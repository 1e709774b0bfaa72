package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

type restrictedView struct {
	oneEntry
	Reason string `help:"Why the record is looked at now; kept with the look." required:""`
	CRN    string `name:"crn" help:"Which of several restricted candidates."`
}

// Run warns, then shows the record.
func (c *restrictedView) Run(ctx context.Context, out io.Writer) error {
	fmt.Fprintln(os.Stderr, "This record is restricted. That you look at it, and why, is recorded.")
	return c.restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		answer, err := s.ViewRestrictedRecord(ctx, &processingv1.ViewRestrictedRecordRequest{SubmissionId: c.Submission, Reason: c.Reason, Crn: c.CRN})
		if err != nil {
			return err
		}
		fmt.Fprintln(out, asJSON(answer.GetCustomer()))
		for _, n := range answer.GetNotices() {
			fmt.Fprintf(out, "notice %s of %s, %s to %s, %s\n", n.GetNoticeId(), n.GetAuthorityId(), n.GetStartDate(), n.GetEndDate(), short(n.GetState()))
		}
		if answer.GetUntil() != nil {
			fmt.Fprintln(out, "access is lifted until", answer.GetUntil().AsTime().Format(time.RFC3339))
		}
		return nil
	})
}
