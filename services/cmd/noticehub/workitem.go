package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

type workItemCommand struct {
	List        workItemList        `cmd:"" help:"List work items, by default the open ones, oldest first."`
	Count       workItemCount       `cmd:"" help:"Count the open work items by code and office."`
	Show        workItemShow        `cmd:"" help:"Show one work item: what must be done, and its history."`
	Investigate workItemInvestigate `cmd:"" help:"Start the investigation of a work item; it is the officer's then."`
	Component   workItemComponent   `cmd:"" help:"Record the service component that a work item needs."`
	Complete    workItemComplete    `cmd:"" help:"Complete a work item the officer investigates, with a note."`
	Reassign    workItemReassign    `cmd:"" help:"Move one work item to another officer or office (supervisor)."`
}

// onWorkItems runs f against the work items as the officer.
func (o officer) onWorkItems(f func(workitemv1.WorkItemServiceClient) error) error {
	conn, err := o.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(workitemv1.NewWorkItemServiceClient(conn))
}

type workItemList struct {
	officer
	Office     string   `help:"Office."`
	Code       []string `help:"Codes or their aliases, such as I070Q1 or 217Q1."`
	Group      string   `help:"Group of the catalogue, such as VWPR or CHILD_PROTECTION."`
	Measure    string   `help:"Measure, such as CPEIM."`
	CRN        string   `name:"crn" help:"CRN of the customer."`
	From       string   `help:"Raised on this day or later, yyyy-mm-dd."`
	Before     string   `help:"Raised before this day, yyyy-mm-dd."`
	Zone       string   `help:"Time zone of the days." default:"Australia/Sydney"`
	Mine       bool     `help:"Only those assigned to the officer." xor:"whose"`
	Assignee   string   `help:"Only those assigned to this officer." xor:"whose" placeholder:"ID"`
	Unassigned bool     `help:"Only those nobody has." xor:"whose"`
	Closed     bool     `help:"The completed and closed ones instead of the open ones." xor:"state"`
	All        bool     `help:"The open, completed and closed ones." xor:"state"`
	Limit      int32    `help:"Most rows." default:"50"`
	Page       string   `help:"Token of the next page."`
}

// Run prints one page.
func (c *workItemList) Run(ctx context.Context, out io.Writer) error {
	request, err := c.request()
	if err != nil {
		return err
	}
	return c.onWorkItems(func(s workitemv1.WorkItemServiceClient) error {
		answer, err := s.SearchWorkItems(ctx, request)
		if err != nil {
			return err
		}
		if err := tableOf(out, answer.GetWorkItems()); err != nil {
			return err
		}
		if answer.GetNextPageToken() != "" {
			fmt.Fprintln(out, "more with --page", answer.GetNextPageToken())
		}
		return nil
	})
}

func (c *workItemList) request() (*workitemv1.SearchWorkItemsRequest, error) {
	r := &workitemv1.SearchWorkItemsRequest{
		Office: c.Office, Codes: c.Code, Crn: c.CRN, Assignee: c.Assignee, State: workitemv1.State_STATE_OPEN, PageSize: c.Limit, PageToken: c.Page,
	}
	switch {
	case c.Mine:
		r.Assignee = c.who()
	case c.Unassigned:
		r.Assignee = "-"
	}
	switch {
	case c.Closed:
		r.State = workitemv1.State_STATE_CLOSED
	case c.All:
		r.State = workitemv1.State_STATE_ALL
	}
	group, err := valueOf("group", "GROUP_", c.Group, workitemv1.Group_value)
	r.Group = workitemv1.Group(group)
	measure, err2 := valueOf("measure", "MEASURE_", c.Measure, eventv1.Measure_value)
	r.Measure = eventv1.Measure(measure)
	var err3, err4 error
	r.RaisedFrom, err3 = c.day("from", c.From)
	r.RaisedBefore, err4 = c.day("before", c.Before)
	return r, errors.Join(err, err2, err3, err4)
}

func (c *workItemList) day(flag, text string) (*timestamppb.Timestamp, error) {
	if text == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("--zone: %w", err)
	}
	day, err := calendar.ParseDate(text)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return timestamppb.New(day.Start(zone)), nil
}

// valueOf is the number of an enum's value by its short name; 0 for none.
func valueOf(flag, prefix, word string, values map[string]int32) (int32, error) {
	if word == "" {
		return 0, nil
	}
	n, ok := values[prefix+strings.ToUpper(strings.ReplaceAll(word, "-", "_"))]
	if ok && n != 0 {
		return n, nil
	}
	names := make([]string, len(values))
	for name, n := range values {
		if n > 0 {
			names[n] = strings.TrimPrefix(name, prefix)
		}
	}
	return 0, fmt.Errorf("--%s: there is no %q; one of %s", flag, word, strings.Join(names[1:], ", "))
}

func tableOf(out io.Writer, items []*workitemv1.WorkItem) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "WORK ITEM\tRAISED\tDUE\tCODE\tCRN\tOFFICE\tSTATUS\tASSIGNEE\tTITLE")
	for _, i := range items {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", i.GetWorkItemId(), i.GetRaisedAt().AsTime().Format(time.RFC3339), i.GetDueOn(), i.GetCode(), i.GetCrn(),
			orDash(i.GetOffice()), short(i.GetStatus()), orDash(i.GetAssignee()), i.GetTitle())
	}
	return w.Flush()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type workItemCount struct {
	officer
	Office string `help:"Only this office."`
}

// Run prints the counts.
func (c *workItemCount) Run(ctx context.Context, out io.Writer) error {
	return c.onWorkItems(func(s workitemv1.WorkItemServiceClient) error {
		answer, err := s.CountWorkItems(ctx, &workitemv1.CountWorkItemsRequest{Office: c.Office})
		if err != nil {
			return err
		}
		total := int64(0)
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "CODE\tOFFICE\tOPEN")
		for _, n := range answer.GetCounts() {
			fmt.Fprintf(w, "%s\t%s\t%d\n", n.GetCode(), orDash(n.GetOffice()), n.GetOpen())
			total += n.GetOpen()
		}
		fmt.Fprintf(w, "all\t\t%d\n", total)
		return w.Flush()
	})
}
