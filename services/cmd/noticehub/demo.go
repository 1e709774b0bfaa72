package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

type demoCommand struct{}

// Run plays the story; it fails when anything turns out other than told.
func (c *demoCommand) Run(ctx context.Context, out io.Writer) error {
	return onStage(ctx, out, func(ctx context.Context, s *stage) error {
		st := &story{stage: s, decided: map[string]string{}, reported: reported{lines: map[string]string{}, notifications: map[notification]int{}, until: map[string]string{}}, notifications: map[notification]int{}}
		for _, chapter := range []func(context.Context) error{
			st.cast, st.searches, st.disclosures, st.notices, st.referrals, st.mistakes, st.later, st.reportsArrive,
			st.circumstancesChange, st.reportsArrive,
		} {
			if err := chapter(ctx); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, "\nThe story turned out as told.")
		return nil
	})
}

// story plays and checks; decided keeps what each submission became.
type story struct {
	*stage
	people  map[string]*registryv1.Customer
	first   calendar.Date
	decided map[string]string
	// reported is what the reports read so far say, notifications what they must
	// tell of changed circumstances, and how often.
	reported      reported
	notifications map[notification]int
}

func (s *story) tell(format string, a ...any) { fmt.Fprintf(s.out, format+"\n", a...) }

func unknownAuthority(err error) bool {
	var f *fault.Error
	return errors.As(rpc.Fault(err), &f) && f.Kind == fault.Denied
}

// cast brings in authorities and customers, each with what their scene needs.
func (s *story) cast(ctx context.Context) error {
	loads, err := s.imports()
	if err != nil {
		return err
	}
	if _, err := synthetic.Import(ctx, loads, 1, 200); err != nil {
		return err
	}
	registry, err := s.registry()
	if err != nil {
		return err
	}
	qld, nt := eventv1.Jurisdiction_JURISDICTION_QLD, eventv1.Jurisdiction_JURISDICTION_NT
	s.people = map[string]*registryv1.Customer{
		"Aurukun": synthetic.At(synthetic.Person(1, 1), "Aurukun", qld), "Coen": synthetic.At(synthetic.Person(1, 2), "Coen", qld),
		"Cairns": synthetic.At(synthetic.Person(1, 3), "Cairns", qld), "restricted": synthetic.At(synthetic.Person(1, 4), "Cairns", qld),
		"unpaid": synthetic.At(synthetic.Person(1, 5), "Katherine", nt), "eligible": synthetic.At(synthetic.Person(1, 6), "Katherine", nt),
		"known": synthetic.At(synthetic.Person(1, 8), "Alice Springs", nt), "texted": synthetic.At(synthetic.Person(1, 9), "Cairns", qld),
		"early": synthetic.At(synthetic.Person(1, 10), "Cairns", qld), "willing": synthetic.At(synthetic.Person(1, 11), "Katherine", nt),
	}
	s.people["restricted"].RestrictedAccess = true
	s.people["unpaid"].Payments = nil
	guarded, err := s.restrictedAccess()
	if err != nil {
		return err
	}
	for _, p := range s.people {
		by := registry
		if p.GetRestrictedAccess() {
			by = guarded
		}
		if err := replace(ctx, by, p); err != nil {
			return err
		}
	}
	if s.first, err = s.today(ctx); err != nil {
		return err
	}
	s.tell("It is %s in Sydney. Four authorities and 200 synthetic customers are on record.", s.first)
	return nil
}

func (s *story) customer(name string) *intakev1.CustomerIdentity {
	p := s.people[name]
	return &intakev1.CustomerIdentity{Crn: p.GetCrn(), FamilyName: p.GetName().GetFamilyName(), DateOfBirth: p.GetDateOfBirth()}
}

// scene lodges one submission and checks what automatic processing makes of it,
// written as "STATUS OUTCOME" or "UNPROCESSED REASON,REASON". It returns the id.
func (s *story) scene(ctx context.Context, authority, reference, expect string, submission *intakev1.Submission) (string, error) {
	submission.Reference, submission.CaseWorker = reference, "Casey Worker"
	answer, err := s.lodge(ctx, authority, submission)
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", authority, reference, explain(err))
	}
	d := answer.GetDecision()
	got := short(d.GetStatus()) + " " + shorts(d.GetReasons())
	if d.GetOutcome() != 0 {
		got = short(d.GetStatus()) + " " + short(d.GetOutcome())
	}
	s.tell("  %-8s %-12s → %s", authority, reference, sentence(d))
	if got != expect {
		return "", fmt.Errorf("%s %s became %q, not %q", authority, reference, got, expect)
	}
	if d.GetOutcome() != 0 {
		s.decided[authority+" "+reference] = short(d.GetOutcome())
	}
	return answer.GetReceipt().GetSubmissionId(), nil
}

// officerRecords lets the contact officer decide what was left.
func (s *story) officerRecords(ctx context.Context, authority, reference, id string, request *processingv1.RecordOutcomeRequest) error {
	got, err := s.act(ctx, id, request)
	if err != nil {
		return fmt.Errorf("officer on %s: %w", reference, explain(err))
	}
	s.tell("           %-12s → officer olive records %s", reference, short(got.GetOutcome()))
	if got.GetOutcome() != request.GetOutcome() {
		return fmt.Errorf("%s became %s", reference, short(got.GetOutcome()))
	}
	s.decided[authority+" "+reference] = short(got.GetOutcome())
	return nil
}

func (s *story) searches(ctx context.Context) error {
	s.tell("\nFind mutual client")
	p := s.people["known"]
	search := func(family, given, born string) *intakev1.Submission {
		return &intakev1.Submission{Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
			Name: &intakev1.PersonName{FamilyName: family, GivenName: given}, DateOfBirth: born,
		}}}
	}
	if _, err := s.scene(ctx, "nt-cp", "find-1", "PROCESSED MATCHED", search(strings.ToUpper(p.GetName().GetFamilyName()), p.GetName().GetGivenName(), p.GetDateOfBirth())); err != nil {
		return err
	}
	s.decided["nt-cp ~DOI:find-1"] = "ELIGIBLE" // the hub discloses after every match
	id, err := s.scene(ctx, "nt-cp", "find-2", "UNPROCESSED NO_MATCH", search("Nobody", "Known", "1985-05-05"))
	if err != nil {
		return err
	}
	return s.officerRecords(ctx, "nt-cp", "find-2", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_NOT_MATCHED, Note: "Index search by name, alias and address: nobody.",
	})
}

func (s *story) disclosures(ctx context.Context) error {
	s.tell("\nDisclosure of information")
	ask := func(name string) *intakev1.Submission {
		return &intakev1.Submission{Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: s.customer(name)}}}
	}
	id, err := s.scene(ctx, "nt-spar", "disclose-1", "PROCESSED ELIGIBLE", ask("eligible"))
	if err != nil {
		return err
	}
	conn, err := s.as(identity.Caller{Kind: identity.Authority, ID: "nt-spar"})
	if err != nil {
		return err
	}
	disclosure, err := processingv1.NewDisclosureServiceClient(conn).GetDisclosure(ctx, &processingv1.GetDisclosureRequest{SubmissionId: id})
	if err != nil {
		return fmt.Errorf("disclosure: %w", err)
	}
	s.tell("           %s: on income support %v, payments %s", disclosure.GetDisclosure().GetLabel(), disclosure.GetDisclosure().GetOnIncomeSupport(), strings.Join(disclosure.GetDisclosure().GetPayments(), ", "))
	if id, err = s.scene(ctx, "nt-cp", "disclose-2", "UNPROCESSED ELIGIBILITY_NO_RESULT", ask("unpaid")); err != nil {
		return err
	}
	if err := s.officerRecords(ctx, "nt-cp", "disclose-2", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_NOT_ELIGIBLE, Note: "Checked by hand: no category A payment.",
	}); err != nil {
		return err
	}
	// To the authority a restricted record looks like none; officers see why.
	if id, err = s.scene(ctx, "qld-cp", "disclose-3", "UNPROCESSED CUSTOMER_NOT_IDENTIFIED", ask("restricted")); err != nil {
		return err
	}
	return s.officerRecords(ctx, "qld-cp", "disclose-3", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_NOT_DISCLOSED, Note: "Restricted access is not lifted.",
	})
}

// commence is a notice to commence that starts so many days after the first day.
func (s *story) commence(name string, inDays int, months, percent int32, text string) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
		Customer: s.customer(name), StartDate: s.first.Add(inDays).String(), DurationMonths: months, QuarantinedPercent: percent, Text: text,
	}}}
}

func (s *story) revoke(name string) *intakev1.Submission {
	return &intakev1.Submission{Content: &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: s.customer(name)}}}
}

func (s *story) notices(ctx context.Context) error {
	s.tell("\nNotices to commence and to revoke")
	for _, n := range []struct {
		authority, reference, expect string
		submission                   *intakev1.Submission
	}{
		{"frc", "commence-1", "PROCESSED COMMENCED", s.commence("Aurukun", 1, 3, 75, "Interpreter needed for the first contact.")},
		{"frc", "commence-2", "PROCESSED COMMENCED", s.commence("Coen", 0, 12, 60, "")},
		{"qld-cp", "commence-3", "PROCESSED COMMENCED", s.commence("Cairns", 0, 6, 70, "")},
		{"qld-cp", "revoke-3", "PROCESSED REVOKED", s.revoke("Cairns")},
	} {
		if _, err := s.scene(ctx, n.authority, n.reference, n.expect, n.submission); err != nil {
			return err
		}
	}
	id, err := s.scene(ctx, "frc", "revoke-2", "UNPROCESSED ACTIVE_NOTICE_NEEDS_OFFICER", s.revoke("Coen"))
	if err != nil {
		return err
	}
	q, err := s.queue()
	if err != nil {
		return err
	}
	detail, err := q.GetSubmissionDetail(ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: id})
	if err != nil {
		return err
	}
	change := &processingv1.RegisterChange{}
	for _, n := range detail.GetNotices() {
		if n.GetState() == eventv1.NoticeState_NOTICE_STATE_ACTIVE {
			change.RevokeNoticeIds = append(change.RevokeNoticeIds, n.GetNoticeId())
		}
	}
	if err := s.officerRecords(ctx, "frc", "revoke-2", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_REVOKED, Note: "Formal decision made and coded.", RegisterChange: change,
	}); err != nil {
		return err
	}
	if id, err = s.scene(ctx, "qld-cp", "commence-4", "UNPROCESSED REASONS_IN_TEXT", s.commence("texted", 1, 6, 0, "Referred because of ongoing domestic violence in the home.")); err != nil {
		return err
	}
	if err := s.officerRecords(ctx, "qld-cp", "commence-4", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_RETURNED, Note: "Text gives reasons; case worker asked to send it again without.", NoteForAuthority: "Please lodge again without the reasons.",
	}); err != nil {
		return err
	}
	if id, err = s.scene(ctx, "qld-cp", "commence-5", "UNPROCESSED START_DATE_INVALID", s.commence("early", 90, 6, 0, "")); err != nil {
		return err
	}
	return s.officerRecords(ctx, "qld-cp", "commence-5", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_NOT_ACCEPTED, Note: "Case worker will lodge nearer to the date.", NoteForAuthority: "Lodge within 60 days of the start.",
	})
}

func (s *story) referrals(ctx context.Context) error {
	s.tell("\nVoluntary referrals")
	refer := &intakev1.Submission{Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: s.customer("willing")}}}
	id, err := s.scene(ctx, "nt-spar", "refer-1", "UNPROCESSED DECLARATION_REQUIRED", refer)
	if err != nil {
		return err
	}
	if err := s.officerRecords(ctx, "nt-spar", "refer-1", id, &processingv1.RecordOutcomeRequest{
		Outcome: eventv1.Outcome_OUTCOME_REFERRAL_NOTED, Note: "Noted; no follow-up unless the customer makes contact.",
	}); err != nil {
		return err
	}
	again := &intakev1.Submission{Content: &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: s.customer("willing")}}}
	if _, err := s.scene(ctx, "nt-cp", "refer-2", "UNPROCESSED DECLARATION_REQUIRED", again); err != nil {
		return err
	}
	client, err := s.intake("nt-cp")
	if err != nil {
		return err
	}
	if _, err := client.WithdrawSubmission(ctx, &intakev1.WithdrawSubmissionRequest{Reference: "refer-2", Note: "lodged twice"}); err != nil {
		return err
	}
	return s.until(ctx, "refer-2 is withdrawn", func() (bool, error) {
		answer, err := client.GetSubmission(ctx, &intakev1.GetSubmissionRequest{Reference: "refer-2"})
		done := answer.GetSubmission().GetDecision().GetOutcome() == eventv1.Outcome_OUTCOME_WITHDRAWN
		if done {
			s.tell("  nt-cp    refer-2      → %s", sentence(answer.GetSubmission().GetDecision()))
			s.decided["nt-cp refer-2"] = "WITHDRAWN"
		}
		return done, err
	})
}

// until asks again until it is so, for at most 30 s.
func (s *story) until(ctx context.Context, what string, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		done, err := so()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain until %s", what)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// mistakes shows that bad input is refused precisely and changes nothing.
func (s *story) mistakes(ctx context.Context) error {
	s.tell("\nMistakes are refused, naming the field")
	impossible := s.commence("early", 1, 6, 0, "")
	impossible.GetNoticeToCommence().StartDate = "2027-02-30"
	for _, m := range []struct {
		authority, reference string
		submission           *intakev1.Submission
	}{
		{"qld-cp", "wrong-date", impossible},
		{"frc", "wrong-share", s.commence("Aurukun", 1, 3, 70, "")},
		{"qld-cp", "wrong-months", s.commence("early", 1, 5, 0, "")},
		{"qld-cp", "commence-3", s.commence("early", 1, 6, 0, "")}, // a reference that stands for something else
	} {
		m.submission.Reference = m.reference
		_, err := s.lodge(ctx, m.authority, m.submission)
		if err == nil {
			return fmt.Errorf("%s was accepted", m.reference)
		}
		s.tell("  %-8s %-12s → %v", m.authority, m.reference, explain(err))
	}
	return nil
}

// later is 35 days on: the first notice has under 60 days left.
func (s *story) later(ctx context.Context) error {
	if err := s.moveTo(ctx, s.first.Add(36)); err != nil {
		return err
	}
	s.tell("Continuation")
	_, err := s.scene(ctx, "frc", "extend-1", "PROCESSED EXTENDED", s.commence("Aurukun", 40, 6, 75, ""))
	return err
}
