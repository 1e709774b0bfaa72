package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// delivering calls the report service as an officer.
func (o officer) delivering(f func(advicev1.ReportServiceClient) error) error {
	conn, err := o.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(advicev1.NewReportServiceClient(conn))
}

type reportDeliveries struct {
	officer
	From      string `help:"First report date, yyyy-mm-dd; by default 13 days before the last."`
	To        string `help:"Last report date, yyyy-mm-dd; by default the one being collected now."`
	Authority string `help:"Id of the authority; all when empty." placeholder:"ID"`
	Overdue   bool   `help:"Only those that are late."`
}

// Run lists how daily reports stand.
func (c *reportDeliveries) Run(ctx context.Context, out io.Writer) error {
	return c.delivering(func(r advicev1.ReportServiceClient) error {
		answer, err := r.ListDeliveries(ctx, &advicev1.ListDeliveriesRequest{From: c.From, To: c.To, AuthorityId: c.Authority, Overdue: c.Overdue})
		if err != nil {
			return err
		}
		return deliveryTable(out, answer)
	})
}

// deliveryTable prints deliveries, and under them what to do about late ones.
func deliveryTable(out io.Writer, list *advicev1.ListDeliveriesResponse) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DATE\tAUTHORITY\tSTATE\tLINES\tDUE\tOFFERED AGAIN\t")
	for _, d := range list.GetDeliveries() {
		late := ""
		if d.GetOverdue() {
			late = "OVERDUE"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%s\n", d.GetReportDate(), d.GetAuthorityId(), strings.TrimPrefix(d.GetState().String(), "DELIVERY_STATE_"),
			d.GetLines(), d.GetDueAt().AsTime().Format(time.RFC3339), d.GetRedeliveries(), late)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if list.GetMore() {
		fmt.Fprintln(out, "There are more: ask for a shorter period or one authority.")
	}
	if list.GetCollectingFor() != "" {
		fmt.Fprintf(out, "Outcomes are collected for %s until %s.\n", list.GetCollectingFor(), list.GetNextCutOffAt().AsTime().Format(time.RFC3339))
	}
	told := make(map[string]bool)
	for _, d := range list.GetDeliveries() {
		if d.GetOverdue() && !told[d.GetAdvice()] {
			told[d.GetAdvice()] = true
			fmt.Fprintf(out, "%s and overdue: %s\n", strings.TrimPrefix(d.GetState().String(), "DELIVERY_STATE_"), d.GetAdvice())
		}
	}
	return nil
}

type reportRedeliver struct {
	officer
	Date      string `arg:"" help:"Report date, yyyy-mm-dd."`
	Authority string `help:"Id of the authority." required:"" placeholder:"ID"`
	Reason    string `help:"Why; it is kept." required:""`
	Action    string `help:"Id of the action, to repeat it safely; by default a new one." placeholder:"ID"`
}

// Run offers a report to its authority again.
func (c *reportRedeliver) Run(ctx context.Context, out io.Writer) error {
	return c.delivering(func(r advicev1.ReportServiceClient) error {
		id := c.Action
		if id == "" {
			id = action()
		}
		answer, err := r.RedeliverReport(ctx, &advicev1.RedeliverReportRequest{ReportDate: c.Date, AuthorityId: c.Authority, ActionId: id, Reason: c.Reason})
		if err != nil {
			return err
		}
		d := answer.GetDelivery()
		fmt.Fprintf(out, "report %d of %s is offered to %s again (%d), due %s\n", d.GetReport().GetSequence(), d.GetReportDate(), d.GetAuthorityId(),
			d.GetRedeliveries(), d.GetDueAt().AsTime().Format(time.RFC3339))
		return nil
	})
}
