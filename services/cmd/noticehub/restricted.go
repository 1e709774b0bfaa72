package main

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

type restrictedCommand struct {
	List      restrictedList      `cmd:"" help:"List open cases."`
	Show      restrictedShow      `cmd:"" help:"Show a submission's case with its history."`
	Contact   restrictedContact   `cmd:"" help:"Open a case: the authority was contacted."`
	Request   restrictedRequest   `cmd:"" help:"Ask for the risk assessment."`
	Lift      restrictedLift      `cmd:"" help:"Lift access for the officer who asked (Restricted Access officer)."`
	Keep      restrictedKeep      `cmd:"" help:"Keep access restricted (Restricted Access officer)."`
	View      restrictedView      `cmd:"" help:"Look at the record; the reason is kept."`
	Open      restrictedOpen      `cmd:"" help:"Open a restricted record for an hour (Restricted Access officer); the reason is kept."`
	Reinstate restrictedReinstate `cmd:"" help:"End a lift early."`
	Conflict  restrictedConflict  `cmd:"" help:"Declare that an officer must not see a customer's record."`
}

// restricted runs f as the officer, who is given the role the command is for.
func (o officer) restricted(f func(processingv1.RestrictedAccessServiceClient) error) error {
	conn, err := o.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(processingv1.NewRestrictedAccessServiceClient(conn))
}

// sayCase prints where a case stands.
func sayCase(out io.Writer, c *processingv1.AccessCase, err error) error {
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s %s version %d, asked for by %s", c.GetSubmissionId(), accessState(c), c.GetVersion(), c.GetRequester())
	if c.GetDecider() != "" {
		fmt.Fprint(out, ", decided by ", c.GetDecider())
	}
	if c.GetUntil() != nil {
		fmt.Fprint(out, ", until ", c.GetUntil().AsTime().Format(time.RFC3339))
	}
	fmt.Fprintln(out)
	return nil
}

func accessState(c *processingv1.AccessCase) string {
	return c.GetState().String()[len("ACCESS_STATE_"):]
}

type restrictedList struct{ officer }

// Run lists the open cases.
func (c *restrictedList) Run(ctx context.Context, out io.Writer) error {
	return c.restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		answer, err := s.ListAccessCases(ctx, &processingv1.ListAccessCasesRequest{})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "SUBMISSION\tAUTHORITY\tSTATE\tREQUESTER\tOPENED\tCUSTOMER KNOWS")
		for _, x := range answer.GetCases() {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%t\n", x.GetSubmissionId(), x.GetAuthorityId(), accessState(x), x.GetRequester(),
				x.GetOpenedAt().AsTime().Format(time.RFC3339), x.GetCustomerAware())
		}
		return w.Flush()
	})
}

type restrictedShow struct{ oneEntry }

// Run shows a case.
func (c *restrictedShow) Run(ctx context.Context, out io.Writer) error {
	return c.restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		answer, err := s.GetAccessCase(ctx, &processingv1.GetAccessCaseRequest{SubmissionId: c.Submission})
		if err := sayCase(out, answer.GetCase(), err); err != nil {
			return err
		}
		for _, step := range answer.GetSteps() {
			fmt.Fprintf(out, "  %s %-10s %s  %s\n", step.GetAt().AsTime().Format(time.RFC3339), step.GetStep(), step.GetActor(), step.GetReason())
		}
		return nil
	})
}

type restrictedContact struct {
	oneEntry
	Note    string `help:"Who was spoken to and what was said." required:""`
	Aware   bool   `help:"The customer knows of the request."`
	CRN     string `name:"crn" help:"Customer identified, when no machine did."`
	Request bool   `help:"Ask for the risk assessment at once."`
}

// Run opens a case.
func (c *restrictedContact) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	version, err := c.version(ctx, processingv1.NewQueueServiceClient(conn))
	if err != nil {
		return err
	}
	answer, err := processingv1.NewRestrictedAccessServiceClient(conn).RecordAuthorityContact(ctx, &processingv1.RecordAuthorityContactRequest{
		SubmissionId: c.Submission, Version: version, ActionId: action(), CustomerAware: c.Aware, Note: c.Note, Crn: c.CRN, RequestAssessment: c.Request,
	})
	return sayCase(out, answer.GetCase(), err)
}

type restrictedRequest struct {
	oneEntry
	Reason string `help:"Why access is needed." required:""`
}

// Run asks for the assessment.
func (c *restrictedRequest) Run(ctx context.Context, out io.Writer) error {
	return c.restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		answer, err := s.RequestRiskAssessment(ctx, &processingv1.RequestRiskAssessmentRequest{SubmissionId: c.Submission, ActionId: action(), Reason: c.Reason})
		return sayCase(out, answer.GetCase(), err)
	})
}

// keyholder is a connection as a Restricted Access officer, never the officer who
// works in the queue.
type keyholder struct {
	connection
	As    string   `help:"Id of the Restricted Access officer to act as, in development; by default who is signed in, or rita." env:"NOTICEHUB_RESTRICTED_OFFICER" placeholder:"ID"`
	Roles []string `help:"Roles of the officer, in development; by default those of who is signed in, or restricted-access-officer."`
}

// decider decides a submission's case.
type decider struct {
	keyholder
	Submission string `arg:"" help:"Submission id."`
	Reason     string `help:"Why." required:""`
}

// officer is who acts: never by a development identity where somebody is
// signed in and no flag says otherwise.
func (d keyholder) officer() officer {
	o := officer(d)
	if _, named := o.caller(); !named {
		if _, signedIn, err := o.signedIn(); signedIn || err != nil {
			return o
		}
	}
	if o.As == "" {
		o.As = "rita"
	}
	if len(o.Roles) == 0 {
		o.Roles = []string{"restricted-access-officer"}
	}
	return o
}

// decide sends a decision on the case as it is now.
func (d decider) decide(ctx context.Context, out io.Writer, r *processingv1.RecordRiskAssessmentRequest) error {
	return d.officer().restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		seen, err := s.GetAccessCase(ctx, &processingv1.GetAccessCaseRequest{SubmissionId: d.Submission})
		if err != nil {
			return err
		}
		r.SubmissionId, r.CaseVersion, r.ActionId, r.Reason = d.Submission, seen.GetCase().GetVersion(), action(), d.Reason
		answer, err := s.RecordRiskAssessment(ctx, r)
		return sayCase(out, answer.GetCase(), err)
	})
}

type restrictedLift struct {
	decider
	Minutes int32  `help:"For how long; at most 480." default:"60"`
	Contact string `help:"How the customer was contacted just now, when the customer did not know of the request."`
	CRN     string `name:"crn" help:"Which of several restricted candidates."`
}

// Run lifts access.
func (c *restrictedLift) Run(ctx context.Context, out io.Writer) error {
	r := &processingv1.RecordRiskAssessmentRequest{
		Decision: processingv1.RiskDecision_RISK_DECISION_LIFT, Minutes: c.Minutes, CustomerContact: c.Contact, Crn: c.CRN,
	}
	if c.Contact != "" {
		r.CustomerContactedAt = timestamppb.New(clock.System().Now().Add(-time.Second))
	}
	return c.decide(ctx, out, r)
}

type restrictedKeep struct{ decider }

// Run keeps access restricted.
func (c *restrictedKeep) Run(ctx context.Context, out io.Writer) error {
	return c.decide(ctx, out, &processingv1.RecordRiskAssessmentRequest{Decision: processingv1.RiskDecision_RISK_DECISION_KEEP})
}

type restrictedReinstate struct {
	oneEntry
	Reason string `help:"Why." required:""`
}

// Run ends a lift.
func (c *restrictedReinstate) Run(ctx context.Context, out io.Writer) error {
	return c.restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		answer, err := s.ReinstateAccess(ctx, &processingv1.ReinstateAccessRequest{SubmissionId: c.Submission, ActionId: action(), Reason: c.Reason})
		return sayCase(out, answer.GetCase(), err)
	})
}

type restrictedOpen struct {
	keyholder
	CRN    string `arg:"" name:"crn" help:"CRN of the customer."`
	Reason string `help:"Why, in your own words." required:""`
}

// Run opens a record in the registry.
func (c *restrictedOpen) Run(ctx context.Context, out io.Writer) error {
	conn, err := c.officer().dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	answer, err := registryv1.NewCircumstanceServiceClient(conn).OpenRestrictedRecord(ctx, &registryv1.OpenRestrictedRecordRequest{
		Crn: c.CRN, Reason: c.Reason, ActionId: action(),
	})
	if err == nil {
		fmt.Fprintln(out, "open until", answer.GetUntil().AsTime().Format(time.RFC3339))
	}
	return err
}

type restrictedConflict struct {
	officer
	CRN     string `arg:"" name:"crn" help:"CRN of the customer."`
	Officer string `help:"The officer concerned, when it is another (supervisor)."`
	Reason  string `help:"What the conflict is." required:""`
}

// Run declares a conflict.
func (c *restrictedConflict) Run(ctx context.Context, out io.Writer) error {
	return c.restricted(func(s processingv1.RestrictedAccessServiceClient) error {
		_, err := s.DeclareConflict(ctx, &processingv1.DeclareConflictRequest{OfficerId: c.Officer, Crn: c.CRN, Reason: c.Reason})
		if err == nil {
			fmt.Fprintln(out, "declared")
		}
		return err
	})
}
