package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
)

type operationsCommand struct {
	Health  operationsHealth  `cmd:"" help:"Show what every service has to do, and how fast it does it."`
	Parked  operationsParked  `cmd:"" help:"List the events that failed and wait, oldest first, and their causes."`
	Redrive operationsRedrive `cmd:"" help:"Drive quarantined events again, one or all of a cause, and see what becomes of them."`
	Stuck   operationsStuck   `cmd:"" help:"Show work that stands still, and how to fix it."`
}

// operate runs f against the operations of the hub.
func (a administrator) operate(f func(operationsv1.OperationsServiceClient) error) error {
	conn, err := a.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(operationsv1.NewOperationsServiceClient(conn))
}

// moment is a time for a table.
func moment(at *timestamppb.Timestamp) string {
	if at == nil {
		return "-"
	}
	return at.AsTime().Format(time.RFC3339)
}

// plainly is a value without what all of its kind begin with.
func plainly(value fmt.Stringer, prefix string) string {
	return strings.TrimPrefix(value.String(), prefix)
}

type operationsHealth struct{ administrator }

// Run prints a line for each service and consumer, then the advice.
func (c *operationsHealth) Run(ctx context.Context, out io.Writer) error {
	return c.operate(func(o operationsv1.OperationsServiceClient) error {
		answer, err := o.GetHealth(ctx, &operationsv1.GetHealthRequest{})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SERVICE\tCONSUMER\tHEALTH\tEVENTS/S\tBACKLOG\tIN WORK\tRETRYING\tWAITING\tQUARANTINED\tOUTBOX\tOLDEST")
		for _, s := range answer.GetServices() {
			fmt.Fprintf(w, "%s\t\t%s\t\t\t\t\t\t\t%d\t%s\n", s.GetService(), plainly(s.GetHealth(), "HEALTH_"), s.GetOutbox(), moment(s.GetOldestOutboxAt()))
			for _, k := range s.GetConsumers() {
				fmt.Fprintf(w, "\t%s\t%s\t%.1f\t%d\t%d\t%d\t%d\t%d\t\t%s\n", k.GetConsumer(), plainly(k.GetHealth(), "HEALTH_"), k.GetEventsPerSecond(), k.GetBacklog(), k.GetInWork(),
					k.GetRetrying(), k.GetWaiting(), k.GetQuarantined(), moment(k.GetOldestParkedAt()))
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for _, s := range answer.GetServices() {
			if s.GetAdvice() != "" {
				fmt.Fprintf(out, "%s: %s\n", s.GetService(), s.GetAdvice())
			}
		}
		return nil
	})
}

type operationsParked struct {
	administrator
	Service  string `help:"Only of this service."`
	Consumer string `help:"Only of this consumer."`
	State    string `help:"Only in this state: ${enum}." enum:"any,retrying,waiting,quarantined" default:"any"`
	Limit    int32  `help:"Most rows." default:"50"`
	Page     string `help:"Token of the next page."`
}

// Run prints the causes, with the first page, and one page of events.
func (c *operationsParked) Run(ctx context.Context, out io.Writer) error {
	state := operationsv1.ParkedState(operationsv1.ParkedState_value["PARKED_STATE_"+strings.ToUpper(c.State)]) // "any" is 0
	request := &operationsv1.ListParkedRequest{Service: c.Service, Consumer: c.Consumer, State: state, PageSize: c.Limit, PageToken: c.Page}
	return c.operate(func(o operationsv1.OperationsServiceClient) error {
		answer, err := o.ListParked(ctx, request)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		if len(answer.GetCauses()) > 0 {
			fmt.Fprintln(w, "EVENTS\tSERVICE\tCONSUMER\tSTATE\tSINCE\tCAUSE")
			for _, k := range answer.GetCauses() {
				fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\t%s\n", k.GetEvents(), k.GetService(), k.GetConsumer(), plainly(k.GetState(), "PARKED_STATE_"), moment(k.GetOldestAt()), k.GetCause())
			}
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, "EVENT\tSERVICE\tCONSUMER\tSTATE\tTRIED\tPARKED\tNEXT\tTRACE\tCAUSE")
		for _, e := range answer.GetEvents() {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", e.GetEventId(), e.GetService(), e.GetConsumer(), plainly(e.GetState(), "PARKED_STATE_"), e.GetAttempts(),
				moment(e.GetParkedAt()), moment(e.GetNextAt()), e.GetTraceId(), e.GetCause())
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if answer.GetNextPageToken() != "" {
			fmt.Fprintln(out, "more with --page", answer.GetNextPageToken())
		}
		return nil
	})
}

type operationsRedrive struct {
	administrator
	Service  string `arg:"" help:"Service."`
	Consumer string `arg:"" help:"Consumer."`
	Event    string `help:"Id of one event." xor:"which" required:""`
	Cause    string `help:"All events of exactly this cause, as listed." xor:"which" required:""`
	Reason   string `help:"Why it should go well now; goes on record." required:""`
}

// Run drives them and prints what became of them.
func (c *operationsRedrive) Run(ctx context.Context, out io.Writer) error {
	request := &operationsv1.RedriveParkedRequest{Service: c.Service, Consumer: c.Consumer, Reason: c.Reason}
	if c.Event != "" {
		request.Which = &operationsv1.RedriveParkedRequest_EventId{EventId: c.Event}
	} else {
		request.Which = &operationsv1.RedriveParkedRequest_Cause{Cause: c.Cause}
	}
	return c.operate(func(o operationsv1.OperationsServiceClient) error {
		answer, err := o.RedriveParked(ctx, request)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "driven again: %d, resolved: %d, not resolved: %d\n", answer.GetRedriven(), answer.GetResolved(), answer.GetUnresolved())
		if answer.GetError() != nil {
			fmt.Fprintln(out, "the first that failed again:", answer.GetError().GetMessage())
		}
		return nil
	})
}

type operationsStuck struct {
	administrator
	All bool `help:"Also what found nothing."`
}

// Run prints what stands still, then what could not look.
func (c *operationsStuck) Run(ctx context.Context, out io.Writer) error {
	return c.operate(func(o operationsv1.OperationsServiceClient) error {
		answer, err := o.ListStuck(ctx, &operationsv1.ListStuckRequest{})
		if err != nil {
			return err
		}
		found := 0
		for _, s := range answer.GetStuck() {
			if s.GetCount() == 0 && !c.All {
				continue
			}
			found++
			fmt.Fprintf(out, "%s (%s): %d, oldest since %s\n  %s\n  To fix it: %s\n", s.GetDetector(), s.GetService(), s.GetCount(), moment(s.GetOldestAt()), s.GetTitle(), s.GetFix())
			if len(s.GetExamples()) > 0 {
				fmt.Fprintf(out, "  %s %s\n", s.GetKind(), strings.Join(s.GetExamples(), " "))
			}
		}
		if found == 0 {
			fmt.Fprintln(out, "nothing stands still")
		}
		for _, f := range answer.GetFailed() {
			fmt.Fprintf(out, "%s could not look: %s\n", f.GetDetector(), f.GetError().GetMessage())
		}
		return nil
	})
}
