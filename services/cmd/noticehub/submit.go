package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

type submitCommand struct {
	authority
	Type       string        `help:"What to lodge: ${enum}." enum:",find-mutual-client,disclosure,notice-to-commence,notice-to-revoke,voluntary-referral" default:"" group:"one"`
	Reference  string        `help:"The authority's reference; made up when empty." group:"one"`
	CaseWorker string        `help:"Case worker responsible." group:"one"`
	CRN        string        `name:"crn" help:"CRN of the customer." group:"one"`
	Family     string        `help:"Family name." group:"one"`
	Given      string        `help:"Given name (find-mutual-client)." group:"one"`
	Born       string        `help:"Date of birth, yyyy-mm-dd." group:"one"`
	Locality   string        `help:"Locality of the address (find-mutual-client)." group:"one"`
	Start      string        `help:"First day, yyyy-mm-dd (notice-to-commence)." group:"one"`
	Months     int32         `help:"Length in months (notice-to-commence)." group:"one"`
	Percent    int32         `help:"Share quarantined in percent (notice-to-commence of Cape York)." group:"one"`
	Text       string        `help:"Free text; never the reasons for the referral." group:"one"`
	Wait       time.Duration `help:"How long to wait for the decision." default:"5s" group:"one"`
	File       string        `help:"YAML or NDJSON file of submissions, - for standard input." group:"many" placeholder:"FILE"`
	Journal    string        `help:"Journal of what was lodged; makes the command resumable. Default: FILE.journal" group:"many" placeholder:"FILE"`
	InFlight   int           `help:"Most submissions without an answer." default:"256" group:"many"`
}

// Run lodges one submission, or all of a file.
func (c *submitCommand) Run(ctx context.Context, out io.Writer) error {
	if c.File != "" {
		return c.bulk(ctx, out)
	}
	submission, err := c.submission()
	if err != nil {
		return err
	}
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	call, cancel := context.WithTimeout(ctx, c.Wait+10*time.Second)
	defer cancel()
	answer, err := intakev1.NewIntakeServiceClient(conn).Submit(call, &intakev1.SubmitRequest{Submission: submission, Wait: durationpb.New(min(c.Wait, 8*time.Second))})
	if err != nil {
		return err
	}
	r := answer.GetReceipt()
	fmt.Fprintf(out, "receipt   %s\nreference %s\nlodged    %s\nhash      %x\nreport    not before %s\n", r.GetSubmissionId(), r.GetReference(), r.GetLodgedAt().AsTime().Format(time.RFC3339), r.GetContentHash(), r.GetEarliestReportDate())
	if answer.GetRepeated() {
		fmt.Fprintln(out, "          (this reference had been lodged before with the same content)")
	}
	if d := answer.GetDecision(); d != nil {
		fmt.Fprintln(out, "decision  "+sentence(d))
	} else {
		fmt.Fprintln(out, "decision  not yet; see `noticehub show` or `noticehub watch`")
	}
	return nil
}

// sentence tells a decision in one line.
func sentence(d *intakev1.Decision) string {
	s := short(d.GetStatus())
	if d.GetOutcome() != eventv1.Outcome_OUTCOME_UNSPECIFIED {
		s += " " + short(d.GetOutcome())
	}
	if len(d.GetReasons()) > 0 {
		s += " because " + shorts(d.GetReasons())
	}
	if d.GetStartDate() != "" {
		s += fmt.Sprintf(" from %s to %s", d.GetStartDate(), d.GetEndDate())
	}
	if d.GetCrn() != "" {
		s += " customer " + d.GetCrn()
	}
	if d.GetByOfficer() {
		s += " by an officer"
	}
	if d.GetNote() != "" {
		s += fmt.Sprintf(" note %q", d.GetNote())
	}
	return s
}

func (c *submitCommand) submission() (*intakev1.Submission, error) {
	s := &intakev1.Submission{Reference: c.Reference, CaseWorker: c.CaseWorker}
	if s.Reference == "" {
		s.Reference = "cli-" + clock.NewID(clock.System().Now()).String()
	}
	customer := &intakev1.CustomerIdentity{Crn: c.CRN, FamilyName: c.Family, DateOfBirth: c.Born}
	switch c.Type {
	case "find-mutual-client":
		search := &intakev1.FindMutualClient{Name: &intakev1.PersonName{FamilyName: c.Family, GivenName: c.Given}, DateOfBirth: c.Born, Crn: c.CRN}
		if c.Locality != "" {
			search.Address = &intakev1.Address{Locality: c.Locality}
		}
		s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: search}
	case "disclosure":
		s.Content = &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: customer}}
	case "notice-to-commence":
		s.Content = &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
			Customer: customer, StartDate: c.Start, DurationMonths: c.Months, QuarantinedPercent: c.Percent, Text: c.Text,
		}}
	case "notice-to-revoke":
		s.Content = &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: customer, Text: c.Text}}
	case "voluntary-referral":
		s.Content = &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: customer, Text: c.Text}}
	default:
		return nil, errors.New("say what to lodge with --type, or name a file with --file")
	}
	return s, nil
}
