package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
)

type oneEntry struct {
	officer
	Submission string `arg:"" help:"Submission id."`
}

// version is the version the officer sees now; the action is refused when
// somebody acts between this look and the action.
func (e oneEntry) version(ctx context.Context, q processingv1.QueueServiceClient) (int32, error) {
	answer, err := q.GetSubmissionDetail(ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: e.Submission})
	return answer.GetSummary().GetVersion(), err
}

// action makes an id for an action; each run of the command is one action.
func action() string { return clock.NewID(clock.System().Now()).String() }

// say prints where a submission stands after an action.
func say(out io.Writer, s *processingv1.SubmissionSummary, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s", s.GetSubmissionId(), short(s.GetStatus()))
	if s.GetOutcome() != 0 {
		fmt.Fprint(out, " ", short(s.GetOutcome()))
	}
	if len(s.GetReasons()) > 0 {
		fmt.Fprint(out, " because ", shorts(s.GetReasons()))
	}
	if s.GetHeldBy() != "" {
		fmt.Fprint(out, " held by ", s.GetHeldBy())
	}
	if s.GetHoldUntil() != "" {
		fmt.Fprint(out, " on hold until ", s.GetHoldUntil())
	}
	fmt.Fprintln(out)
	return nil
}

type queueShow struct{ oneEntry }

// Run prints everything there is to see.
func (c *queueShow) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		d, err := q.GetSubmissionDetail(ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: c.Submission})
		if err := say(out, d.GetSummary(), err); err != nil {
			return err
		}
		for _, t := range d.GetDecisions() {
			fmt.Fprintf(out, "decision %d under policy %s\n", t.GetNumber(), t.GetPolicyVersion())
			for _, v := range t.GetVerdicts() {
				mark := "fail"
				if v.GetPassed() {
					mark = "ok"
				}
				if v.GetNotEvaluated() {
					mark = "-"
				}
				fmt.Fprintf(out, "  %-4s %-28s %s\n", mark, v.GetRule(), v.GetText())
			}
		}
		for _, h := range d.GetHistory() {
			fmt.Fprintf(out, "%3d %s %s → %s %s (%s)\n", h.GetVersion(), h.GetAt().AsTime().Format(time.RFC3339), short(h.GetFrom()), short(h.GetTo()), h.GetActor(), h.GetCause())
		}
		for _, n := range d.GetNotes() {
			fmt.Fprintf(out, "note %s %s: %s\n", n.GetAt().AsTime().Format(time.RFC3339), n.GetOfficerId(), n.GetText())
		}
		for _, m := range d.GetCandidates() {
			fmt.Fprintf(out, "candidate %s %.0f %s\n", m.GetCrn(), m.GetScore(), strings.Join(m.GetContributions(), ", "))
		}
		if n := d.GetRestrictedCandidates(); n > 0 {
			fmt.Fprintf(out, "restricted candidates: %d, not shown\n", n)
		}
		for _, step := range d.GetNextSteps() {
			fmt.Fprintln(out, "next:", step)
		}
		fmt.Fprintln(out, "outcomes that may be recorded:", shorts(d.GetAllowedOutcomes()))
		return nil
	})
}

type queueClaim struct{ oneEntry }

// Run claims the entry.
func (c *queueClaim) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		answer, err := q.Claim(ctx, &processingv1.ClaimRequest{SubmissionId: c.Submission})
		return say(out, answer.GetSubmission(), err)
	})
}

type queueRelease struct{ oneEntry }

// Run releases the entry.
func (c *queueRelease) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		answer, err := q.Release(ctx, &processingv1.ReleaseRequest{SubmissionId: c.Submission})
		return say(out, answer.GetSubmission(), err)
	})
}

type queueAssign struct {
	oneEntry
	To     string `help:"Officer who shall act." required:""`
	Reason string `help:"Why." required:""`
}

// Run assigns the entry.
func (c *queueAssign) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		answer, err := q.Assign(ctx, &processingv1.AssignRequest{SubmissionId: c.Submission, OfficerId: c.To, Reason: c.Reason})
		return say(out, answer.GetSubmission(), err)
	})
}

type queueHold struct {
	oneEntry
	Until string `help:"First day it shows again, yyyy-mm-dd; empty ends a hold."`
	Note  string `help:"Why." required:""`
}

// Run sets the entry aside.
func (c *queueHold) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		version, err := c.version(ctx, q)
		if err != nil {
			return err
		}
		answer, err := q.Hold(ctx, &processingv1.HoldRequest{SubmissionId: c.Submission, Until: c.Until, Note: c.Note, Version: version})
		return say(out, answer.GetSubmission(), err)
	})
}

type queueNote struct {
	oneEntry
	Text string `arg:"" help:"Text of the note."`
}

// Run adds the note.
func (c *queueNote) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		_, err := q.AddNote(ctx, &processingv1.AddNoteRequest{SubmissionId: c.Submission, Text: c.Text, ActionId: action()})
		if err == nil {
			fmt.Fprintln(out, "noted")
		}
		return err
	})
}

type queueRetry struct{ oneEntry }

// Run decides the submission again.
func (c *queueRetry) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		answer, err := q.Reprocess(ctx, &processingv1.ReprocessRequest{SubmissionId: c.Submission})
		return say(out, answer.GetSubmission(), err)
	})
}

type queueResolve struct {
	oneEntry
	Outcome      string   `help:"Outcome, such as MATCHED." required:""`
	Note         string   `help:"What was done." required:""`
	Declare      bool     `help:"I confirm that I have completed the actions required to process this request."`
	ForAuthority string   `help:"Text for the authority; appears in its daily report."`
	CRN          string   `name:"crn" help:"Customer chosen or identified."`
	Start        string   `help:"First day of the notice, yyyy-mm-dd (COMMENCED)."`
	Months       int32    `help:"Length in months (COMMENCED, EXTENDED)."`
	Percent      int32    `help:"Share quarantined in percent (COMMENCED, EXTENDED)."`
	Revoke       []string `help:"Ids of the notices to revoke now (REVOKED)."`
	Reinstate    bool     `help:"End the lift of restricted access in the same step."`
}

// Run records the outcome.
func (c *queueResolve) Run(ctx context.Context, out io.Writer) error {
	outcome, err := term.ParseOutcome(strings.ToUpper(c.Outcome))
	if err != nil {
		return err
	}
	request := &processingv1.RecordOutcomeRequest{
		SubmissionId: c.Submission, ActionId: action(), Outcome: eventv1.Outcome(outcome), Declaration: c.Declare,
		Note: c.Note, NoteForAuthority: c.ForAuthority, Crn: c.CRN, ReinstateAccess: c.Reinstate,
	}
	if c.Start != "" || c.Months > 0 || c.Percent > 0 || len(c.Revoke) > 0 {
		request.RegisterChange = &processingv1.RegisterChange{StartDate: c.Start, DurationMonths: c.Months, QuarantinedPercent: c.Percent, RevokeNoticeIds: c.Revoke}
	}
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		var err error
		if request.Version, err = c.version(ctx, q); err != nil {
			return err
		}
		answer, err := q.RecordOutcome(ctx, request)
		return say(out, answer.GetSubmission(), err)
	})
}

type queueReturn struct {
	oneEntry
	Note         string `help:"What was done." required:""`
	Declare      bool   `help:"I confirm that I have completed the actions required to process this request."`
	ForAuthority string `help:"Text for the authority; appears in its daily report."`
}

// Run returns the submission.
func (c *queueReturn) Run(ctx context.Context, out io.Writer) error {
	return c.inQueue(func(q processingv1.QueueServiceClient) error {
		version, err := c.version(ctx, q)
		if err != nil {
			return err
		}
		answer, err := q.ReturnToAuthority(ctx, &processingv1.ReturnToAuthorityRequest{
			SubmissionId: c.Submission, Version: version, ActionId: action(), Declaration: c.Declare, Note: c.Note, NoteForAuthority: c.ForAuthority,
		})
		return say(out, answer.GetSubmission(), err)
	})
}
