package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
)

type queueCommand struct {
	List    queueList    `cmd:"" help:"List submissions, by default the unprocessed ones, oldest first."`
	Count   queueCount   `cmd:"" help:"Count the open entries by reason, authority, type and age."`
	Show    queueShow    `cmd:"" help:"Show one submission: trace, history, what may be done."`
	Claim   queueClaim   `cmd:"" help:"Take an entry."`
	Release queueRelease `cmd:"" help:"Give an entry back."`
	Assign  queueAssign  `cmd:"" help:"Give an entry to an officer (supervisor)."`
	Hold    queueHold    `cmd:"" help:"Set an entry aside until a date."`
	Note    queueNote    `cmd:"" help:"Add a note."`
	Resolve queueResolve `cmd:"" help:"Record the outcome."`
	Return  queueReturn  `cmd:"" help:"Return a submission to the authority; its text is erased."`
	Retry   queueRetry   `cmd:"" help:"Send a submission to automatic processing again."`
}

// inQueue runs f against the queue as the officer.
func (o officer) inQueue(f func(processingv1.QueueServiceClient) error) error {
	conn, err := o.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(processingv1.NewQueueServiceClient(conn))
}

type queueList struct {
	officer
	Status     []string `help:"Statuses." default:"UNPROCESSED"`
	Reason     []string `help:"Reasons, such as NO_MATCH."`
	Type       []string `help:"Information types, such as NOTICE_TO_COMMENCE."`
	Authority  []string `help:"Authorities."`
	CRN        string   `name:"crn" help:"CRN."`
	Ref        string   `help:"The authority's reference."`
	Mine       bool     `help:"Only those the officer holds."`
	Unassigned bool     `help:"Only those nobody holds."`
	Held       bool     `help:"Include entries on hold."`
	Newest     bool     `help:"Newest first."`
	Limit      int32    `help:"Most rows." default:"50"`
	Page       string   `help:"Token of the next page."`
}

// Run prints one page.
func (c *queueList) Run(ctx context.Context, out io.Writer) error {
	request := &processingv1.SearchSubmissionsRequest{
		AuthorityIds: c.Authority, Crn: c.CRN, Reference: c.Ref, Unassigned: c.Unassigned, IncludeHeld: c.Held, PageSize: c.Limit, PageToken: c.Page,
	}
	if c.Mine {
		request.AssignedTo = c.who()
	}
	if c.Newest {
		request.Order = processingv1.SortOrder_SORT_ORDER_NEWEST_FIRST
	}
	var err error
	if request.Statuses, err = terms[eventv1.SubmissionStatus](c.Status, term.ParseStatus); err != nil {
		return err
	}
	if request.Reasons, err = terms[eventv1.RejectionReason](c.Reason, term.ParseReason); err != nil {
		return err
	}
	if request.InformationTypes, err = terms[eventv1.InformationType](c.Type, term.ParseInformationType); err != nil {
		return err
	}
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		answer, err := q.SearchSubmissions(ctx, request)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SUBMISSION\tLODGED\tAUTHORITY\tREFERENCE\tTYPE\tSTATUS\tREASONS OR OUTCOME\tCRN\tHELD BY")
		for _, s := range answer.GetSubmissions() {
			why := shorts(s.GetReasons())
			if s.GetOutcome() != 0 {
				why = short(s.GetOutcome())
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.GetSubmissionId(), s.GetLodgedAt().AsTime().Format(time.RFC3339), s.GetAuthorityId(), s.GetReference(),
				short(s.GetInformationType()), short(s.GetStatus()), why, s.GetCrn(), s.GetHeldBy())
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

// terms turns words into enum values; the plain terms have the contract's numbers.
func terms[E ~int32, T ~int16](words []string, parse func(string) (T, error)) ([]E, error) {
	var values []E
	for _, w := range words {
		v, err := parse(strings.ToUpper(strings.ReplaceAll(w, "-", "_")))
		if err != nil {
			return nil, err
		}
		values = append(values, E(v))
	}
	return values, nil
}

type queueCount struct{ officer }

// Run prints the counts.
func (c *queueCount) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		answer, err := q.CountQueue(ctx, &processingv1.CountQueueRequest{})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "open %d, held by officers %d, on hold %d\n", answer.GetOpen(), answer.GetHeldByOfficers(), answer.GetOnHold())
		for _, n := range answer.GetCounts() {
			fmt.Fprintf(out, "  %-18s %-36s %d\n", n.GetDimension(), n.GetValue(), n.GetCount())
		}
		return nil
	})
}
