package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

type oneWorkItem struct {
	officer
	ID string `arg:"" name:"id" help:"Work item id."`
}

// seen is the version the officer sees now; the action is refused when somebody
// acts between this look and the action.
func (c oneWorkItem) seen(ctx context.Context, s workitemv1.WorkItemServiceClient) (int32, error) {
	answer, err := s.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: c.ID})
	return answer.GetWorkItem().GetVersion(), err
}

// act looks at the item, acts, and prints where it stands.
func (c oneWorkItem) act(ctx context.Context, out io.Writer, f func(workitemv1.WorkItemServiceClient, int32) (*workitemv1.WorkItem, error)) error {
	return c.onWorkItems(func(s workitemv1.WorkItemServiceClient) error {
		version, err := c.seen(ctx, s)
		if err != nil {
			return err
		}
		after, err := f(s, version)
		if err != nil {
			return err
		}
		line(out, after)
		return nil
	})
}

// line prints where an item stands.
func line(out io.Writer, i *workitemv1.WorkItem) {
	fmt.Fprintf(out, "%s %s of %s %s", i.GetWorkItemId(), i.GetCode(), i.GetCrn(), short(i.GetStatus()))
	if i.GetAssignee() != "" {
		fmt.Fprint(out, " assigned to ", i.GetAssignee())
	}
	if i.GetOffice() != "" {
		fmt.Fprint(out, " at ", i.GetOffice())
	}
	fmt.Fprintf(out, " version %d\n", i.GetVersion())
}

type workItemShow struct{ oneWorkItem }

// Run prints everything there is to see.
func (c *workItemShow) Run(ctx context.Context, out io.Writer) error {
	return c.onWorkItems(func(s workitemv1.WorkItemServiceClient) error {
		answer, err := s.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: c.ID})
		if err != nil {
			return err
		}
		i := answer.GetWorkItem()
		line(out, i)
		fmt.Fprintf(out, "%s\ngroup %s, measure %s, actioned by %s, due on %s\n", i.GetTitle(), short(i.GetGroup()), short(i.GetMeasure()), short(i.GetActionedBy()), i.GetDueOn())
		fmt.Fprintln(out, "to do:", answer.GetActionRequired())
		if i.GetWorkflowOnly() {
			fmt.Fprintln(out, "only its workflow completes it, never an officer by hand")
		}
		if n := i.GetServiceComponent(); n != "" {
			recorded := "not recorded yet"
			if i.GetServiceComponentRecorded() {
				recorded = "recorded"
			}
			fmt.Fprintf(out, "service component %s: %s\n", n, recorded)
		}
		for _, h := range answer.GetHistory() {
			fmt.Fprintf(out, "%3d %s %s by %s", h.GetVersion(), h.GetAt().AsTime().Format(time.RFC3339), h.GetAction(), h.GetActor())
			if h.GetNote() != "" {
				fmt.Fprintf(out, ": %s", h.GetNote())
			}
			fmt.Fprintln(out)
		}
		return nil
	})
}

type workItemInvestigate struct{ oneWorkItem }

// Run starts the investigation.
func (c *workItemInvestigate) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, func(s workitemv1.WorkItemServiceClient, version int32) (*workitemv1.WorkItem, error) {
		answer, err := s.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: c.ID, Version: version})
		return answer.GetWorkItem(), err
	})
}

type workItemComponent struct {
	oneWorkItem
	Number string `help:"Number of the service component, such as 444." required:""`
	On     string `help:"Day it was done, yyyy-mm-dd; not after today." required:""`
	Status string `help:"Status: COM for completed." default:"COM"`
}

// Run records the service component.
func (c *workItemComponent) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, func(s workitemv1.WorkItemServiceClient, version int32) (*workitemv1.WorkItem, error) {
		answer, err := s.RecordServiceComponent(ctx, &workitemv1.RecordServiceComponentRequest{
			WorkItemId: c.ID, Version: version, Number: c.Number, Status: c.Status, On: c.On,
		})
		return answer.GetWorkItem(), err
	})
}

type workItemComplete struct {
	oneWorkItem
	Note string `help:"What was investigated and done: at least 10 characters, in the officer's own words." required:""`
}

// Run completes the item.
func (c *workItemComplete) Run(ctx context.Context, out io.Writer) error {
	return c.act(ctx, out, func(s workitemv1.WorkItemServiceClient, version int32) (*workitemv1.WorkItem, error) {
		answer, err := s.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: c.ID, Version: version, ActionId: action(), Note: c.Note})
		return answer.GetWorkItem(), err
	})
}

type workItemReassign struct {
	oneWorkItem
	To      string `help:"Officer who shall act." placeholder:"ID"`
	Office  string `help:"Office that shall act; it is nobody's there unless --to is given."`
	Release bool   `help:"Take it from whoever has it."`
	Reason  string `help:"Why this item is moved: at least 10 characters." required:""`
}

// Run moves the item.
func (c *workItemReassign) Run(ctx context.Context, out io.Writer) error {
	if c.To == "" && c.Office == "" && !c.Release {
		return errors.New("say where to move it with --to or --office, or take it from whoever has it with --release")
	}
	return c.act(ctx, out, func(s workitemv1.WorkItemServiceClient, version int32) (*workitemv1.WorkItem, error) {
		answer, err := s.ReassignWorkItem(ctx, &workitemv1.ReassignWorkItemRequest{
			WorkItemId: c.ID, Version: version, Assignee: c.To, Office: c.Office, Reason: c.Reason,
		})
		return answer.GetWorkItem(), err
	})
}
