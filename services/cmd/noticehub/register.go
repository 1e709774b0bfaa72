package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
)

type registerCommand struct {
	Show registerShow `cmd:"" help:"Show a customer's notices, now or as at a date."`
}

type registerShow struct {
	officer
	CRN  string `arg:"" name:"crn" help:"CRN of the customer."`
	AsAt string `help:"As at the end of this day, yyyy-mm-dd." name:"as-at"`
}

// Run shows the notices.
func (c *registerShow) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := processingv1.NewRegisterServiceClient(conn).ListNotices(ctx, &processingv1.ListNoticesRequest{Crn: c.CRN, AsAt: c.AsAt})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d notices of %s as at %s\n", len(answer.GetNotices()), c.CRN, answer.GetAsAt())
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, n := range answer.GetNotices() {
		kind := "notice"
		if n.GetContinuation() {
			kind = "continuation"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s to %s\t%s\t%d%%\t%s\n", n.GetNoticeId(), n.GetAuthorityId(), short(n.GetMeasure()), n.GetStartDate(), n.GetEndDate(), short(n.GetState()), n.GetQuarantinedPercent(), kind)
	}
	return w.Flush()
}

type clockCommand struct {
	Show    clockShow    `cmd:"" help:"Show the business time."`
	Advance clockAdvance `cmd:"" help:"Move the business clock on; everything due by then happens."`
}

func (a administrator) clock(f func(sandboxv1.ClockServiceClient) error) error {
	conn, err := a.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(sandboxv1.NewClockServiceClient(conn))
}

type clockShow struct{ administrator }

// Run shows the time.
func (c *clockShow) Run(ctx context.Context, out io.Writer) error {
	return c.clock(func(s sandboxv1.ClockServiceClient) error {
		answer, err := s.ShowClock(ctx, &sandboxv1.ShowClockRequest{})
		if err == nil {
			fmt.Fprintf(out, "%s (%s in %s)\n", answer.GetNow().AsTime().Format(time.RFC3339), answer.GetToday(), answer.GetZone())
		}
		return err
	})
}

type clockAdvance struct {
	administrator
	By   time.Duration `help:"By this much, such as 36h." xor:"how"`
	Days int           `help:"By this many days." xor:"how"`
	To   string        `help:"To one minute past the start of this local day, yyyy-mm-dd." xor:"how"`
}

// Run moves the clock.
func (c *clockAdvance) Run(ctx context.Context, out io.Writer) error {
	by := c.By + time.Duration(c.Days)*24*time.Hour
	return c.clock(func(s sandboxv1.ClockServiceClient) error {
		request := &sandboxv1.AdvanceClockRequest{ToDate: c.To}
		if c.To == "" {
			request.By = durationpb.New(by)
		}
		answer, err := s.AdvanceClock(ctx, request)
		if err == nil {
			fmt.Fprintf(out, "it is now %s (%s)\n", answer.GetNow().AsTime().Format(time.RFC3339), answer.GetToday())
		}
		return err
	})
}
