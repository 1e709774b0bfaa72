package decision_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

func ahead(n int) *calendar.Date { d := today.Add(n); return &d }

func ids(n ...byte) (out []clock.ID) {
	for _, x := range n {
		out = append(out, clock.ID{15: x})
	}
	return out
}

// said says an error in short: its reason and the field it names.
func said(err error) string {
	var f *fault.Error
	if !errors.As(err, &f) {
		return err.Error()
	}
	if len(f.Fields) > 0 {
		return f.Reason + " " + f.Fields[0].Path
	}
	return f.Reason
}

func TestManualChanges(t *testing.T) {
	t.Parallel()
	const other = "222222222B"
	cut := notice(1, child, -90, 20)
	cut.Cut = &register.Cut{At: now, From: cut.End.Add(60), Revoked: true}
	gone := notice(1, child, -90, 20)
	gone.State, gone.RevokedAt = term.NoticeRevoked, &now
	restricted := customer(child)
	restricted.Restricted = true
	dead := customer(child)
	dead.Deceased = true
	found := customer(child)
	found.CRN = other
	foundNotice := notice(1, child, -10, 90)
	foundNotice.CRN = other
	own := []register.Notice{notice(1, child, -90, 90)}
	both := append(own, continuation(notice(2, child, 91, 180)))
	for _, c := range []struct {
		name    string
		m       decision.Manual
		changes string
		err     string
	}{
		// Notice to commence.
		{"commence", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(3)}}, "recorded 3..186", ""},
		{"commence, own terms", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(0), Months: 3, Percent: 70}}, "activated 0..91", ""},
		{"commence without start", decision.Manual{Outcome: term.Commenced}, "", "FIELD_INVALID register_change.start_date"},
		{"commence before lodgement", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(-1)}}, "", "FIELD_INVALID register_change.start_date"},
		{"commence in two years", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(700)}}, "", "FIELD_INVALID register_change.start_date"},
		{"commence for five months", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(3), Months: 5}}, "", "FIELD_INVALID register_change.duration_months"},
		{"commence at 50 percent", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(3), Percent: 50}}, "", "FIELD_INVALID register_change.quarantined_percent"},
		{"commence over a current notice", decision.Manual{Outcome: term.Commenced, Notices: own, Change: decision.ChangeAsked{Start: ahead(90)}}, "", "NOTICE_OVERLAPS"},
		{"commence after it", decision.Manual{Outcome: term.Commenced, Notices: own, Change: decision.ChangeAsked{Start: ahead(91)}}, "recorded 91..274", ""},
		{"commence into a waiting one", decision.Manual{Outcome: term.Commenced, Notices: []register.Notice{foreign(notice(1, child, 30, 90))}, Change: decision.ChangeAsked{Start: ahead(0)}}, "", "NOTICE_OVERLAPS"},
		{"commence and revoke", decision.Manual{Outcome: term.Commenced, Change: decision.ChangeAsked{Start: ahead(0), Revoke: ids(1)}}, "", "FIELD_INVALID register_change.revoke_notice_ids"},
		{"commence for the dead", decision.Manual{Outcome: term.Commenced, Customer: dead, Change: decision.ChangeAsked{Start: ahead(0)}}, "", "CUSTOMER_DECEASED"},
		{"commence while restricted", decision.Manual{Outcome: term.Commenced, Customer: restricted, Change: decision.ChangeAsked{Start: ahead(0)}}, "", "RESTRICTED_ACCESS"},
		{"not accepted while restricted", decision.Manual{Outcome: term.NotAccepted, Customer: restricted}, "", ""},
		{"not accepted", decision.Manual{Outcome: term.NotAccepted}, "", ""},
		{"not accepted with a period", decision.Manual{Outcome: term.NotAccepted, Change: decision.ChangeAsked{Months: 3}}, "", "FIELD_INVALID register_change"},
		{"an outcome of another type", decision.Manual{Outcome: term.Matched}, "", "OUTCOME_NOT_ALLOWED"},
		{"another customer", decision.Manual{Outcome: term.Commenced, CRN: other, Change: decision.ChangeAsked{Start: ahead(0)}}, "", "FIELD_INVALID crn"},
		{"not identified, nobody named", decision.Manual{Outcome: term.Commenced, Reasons: []term.Reason{term.CustomerNotIdentified}, Change: decision.ChangeAsked{Start: ahead(0)}}, "", "FIELD_INVALID crn"},
		{"not identified, named", decision.Manual{Outcome: term.Commenced, CRN: other, Customer: found, Reasons: []term.Reason{term.CustomerNotIdentified}, Change: decision.ChangeAsked{Start: ahead(0)}}, "activated 0..183", ""},
		{"not identified, no such record", decision.Manual{Outcome: term.Commenced, CRN: "333333333C", Reasons: []term.Reason{term.CustomerNotIdentified}, Change: decision.ChangeAsked{Start: ahead(0)}}, "", "FIELD_INVALID crn"},
		// Transfers between measures.
		{"transfer", decision.Manual{Submission: commence(cape, 0), Outcome: term.Commenced, Reasons: []term.Reason{term.MeasureTransferReview}, Notices: both, Change: decision.ChangeAsked{Start: ahead(5)}}, "shortened 1→4, revoked 2, activated new", ""},
		{"transfer today", decision.Manual{Submission: commence(cape, 0), Outcome: term.Commenced, Reasons: []term.Reason{term.MeasureTransferReview}, Notices: own, Change: decision.ChangeAsked{Start: ahead(0)}}, "shortened 1→-1, ended 1, activated 0..183", ""},
		{"transfer not reviewed", decision.Manual{Submission: commence(cape, 0), Outcome: term.Commenced, Notices: own, Change: decision.ChangeAsked{Start: ahead(5)}}, "", "NOTICE_OVERLAPS"},
		{"transfer downwards", decision.Manual{Outcome: term.Commenced, Reasons: []term.Reason{term.MeasureTransferReview}, Notices: []register.Notice{notice(1, cape, -90, 90)}, Change: decision.ChangeAsked{Start: ahead(5)}}, "", "NOTICE_OVERLAPS"},
		// Continuations.
		{"extend", decision.Manual{Outcome: term.Extended, Notices: own}, "extended 91..274", ""},
		{"extend, day named", decision.Manual{Outcome: term.Extended, Notices: own, Change: decision.ChangeAsked{Start: ahead(91), Months: 3}}, "extended 91..182", ""},
		{"extend, another day", decision.Manual{Outcome: term.Extended, Notices: own, Change: decision.ChangeAsked{Start: ahead(92)}}, "", "FIELD_INVALID register_change.start_date"},
		{"extend nothing", decision.Manual{Outcome: term.Extended}, "", "NO_CURRENT_NOTICE"},
		{"extend another's", decision.Manual{Outcome: term.Extended, Notices: []register.Notice{foreign(own[0])}}, "", "NO_CURRENT_NOTICE"},
		{"extend twice", decision.Manual{Outcome: term.Extended, Notices: both}, "", "NOTICE_OVERLAPS"},
		// Revocations.
		{"revoke", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: both, Change: decision.ChangeAsked{Revoke: ids(1, 2)}}, "revoked 1, revoked 2", ""},
		{"revoke half", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: both, Change: decision.ChangeAsked{Revoke: ids(1)}}, "", "NOTICE_NOT_REVOKED"},
		{"revoke nothing", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: own}, "", "NOTICE_NOT_REVOKED"},
		{"nothing there", decision.Manual{Submission: revoke(child), Outcome: term.Revoked}, "", "NOTHING_REVOKED"},
		{"revoked already", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: []register.Notice{gone}}, "", ""},
		{"revoked already, named", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: []register.Notice{gone}, Change: decision.ChangeAsked{Revoke: ids(1)}}, "", ""},
		{"cut by an earlier revocation", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: []register.Notice{cut}}, "", ""},
		{"revoke what ended", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: []register.Notice{notice(1, child, -90, -1)}, Change: decision.ChangeAsked{Revoke: ids(1)}}, "", "FIELD_INVALID register_change.revoke_notice_ids[0]"},
		{"revoke another's", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: []register.Notice{foreign(own[0])}, Change: decision.ChangeAsked{Revoke: ids(1)}}, "", "FIELD_INVALID register_change.revoke_notice_ids[0]"},
		{"revoke what is not there", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, Notices: own, Change: decision.ChangeAsked{Revoke: ids(1, 9)}}, "", "FIELD_INVALID register_change.revoke_notice_ids[1]"},
		{"revoke for the one identified", decision.Manual{Submission: revoke(child), Outcome: term.Revoked, CRN: other, Reasons: []term.Reason{term.CustomerNotIdentified}, Notices: append(own, foundNotice)[1:], Change: decision.ChangeAsked{Revoke: ids(1)}}, "revoked 1", ""},
		{"revoke while restricted", decision.Manual{Submission: revoke(child), Customer: restricted, Outcome: term.Revoked, Notices: own, Change: decision.ChangeAsked{Revoke: ids(1)}}, "", "RESTRICTED_ACCESS"},
		// Searches, disclosures, referrals.
		{"matched", decision.Manual{Submission: lodged(child, decision.FindMutualClient{}), Outcome: term.Matched, CRN: subject.CRN}, "", ""},
		{"matched with nobody", decision.Manual{Submission: lodged(child, decision.FindMutualClient{}), Outcome: term.Matched}, "", "FIELD_INVALID crn"},
		{"matched with a wrong CRN", decision.Manual{Submission: lodged(child, decision.FindMutualClient{}), Outcome: term.Matched, CRN: other}, "", "FIELD_INVALID crn"},
		{"matched with a restricted record", decision.Manual{Submission: lodged(child, decision.FindMutualClient{}), Customer: restricted, Outcome: term.Matched, CRN: subject.CRN}, "", "RESTRICTED_ACCESS"},
		{"not matched", decision.Manual{Submission: lodged(child, decision.FindMutualClient{}), Outcome: term.NotMatched}, "", ""},
		{"not matched, named", decision.Manual{Submission: lodged(child, decision.FindMutualClient{}), Outcome: term.NotMatched, CRN: subject.CRN}, "", "FIELD_INVALID crn"},
		{"eligible", decision.Manual{Submission: lodged(child, decision.Disclosure{Customer: subject}), Outcome: term.Eligible}, "", ""},
		{"eligible while restricted", decision.Manual{Submission: lodged(child, decision.Disclosure{Customer: subject}), Customer: restricted, Outcome: term.Eligible}, "", "RESTRICTED_ACCESS"},
		{"not disclosed", decision.Manual{Submission: lodged(child, decision.Disclosure{Customer: subject}), Customer: restricted, Reasons: []term.Reason{term.RestrictedAccess}, Outcome: term.NotDisclosed}, "", ""},
		{"not disclosed without need", decision.Manual{Submission: lodged(child, decision.Disclosure{Customer: subject}), Reasons: []term.Reason{term.EligibilityNoResult}, Outcome: term.NotDisclosed}, "", "OUTCOME_NOT_ALLOWED"},
		{"referral noted", decision.Manual{Submission: lodged(child, decision.Referral{Customer: subject}), Outcome: term.ReferralNoted}, "", ""},
		{"returned is another action", decision.Manual{Outcome: term.OutcomeReturned}, "", "OUTCOME_NOT_ALLOWED"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := c.m
			if m.Submission.Content == nil {
				m.Submission = commence(child, 0)
			}
			if m.Customer == nil {
				m.Customer = customer(m.Submission.Function)
			}
			m.Moment = moment
			r, err := decision.ManualChanges(evaluator(t).Policy(), m)
			if err != nil {
				if said(err) != c.err {
					t.Errorf("refused with %s (%v), want %q", said(err), err, c.err)
				}
				return
			}
			if c.err != "" {
				t.Fatalf("accepted, want %q", c.err)
			}
			got := show(r.Changes)
			if strings.HasSuffix(c.changes, "activated new") {
				got = strings.Replace(got, "recorded 5..188", "activated new", 1)
			}
			if got != c.changes {
				t.Errorf("%q, want %q", got, c.changes)
			}
			after, ok := register.Apply(m.Notices, r.Changes)
			if !ok {
				t.Fatal("the changes cannot be applied")
			}
			for i, a := range after {
				for _, b := range after[:i] {
					if a.CRN == b.CRN && register.Overlaps(a, b) {
						t.Error("two notices overlap")
					}
				}
			}
			if coded := m.Outcome == term.Commenced || m.Outcome == term.Extended || m.Outcome == term.Revoked; coded != (r.Start != nil) {
				t.Errorf("%s from %v", m.Outcome, r.Start)
			}
		})
	}
}

func TestAllowedOutcomes(t *testing.T) {
	t.Parallel()
	p := evaluator(t).Policy()
	for _, c := range []struct {
		t          term.InformationType
		reason     term.Reason
		restricted bool
		want       string
	}{
		{term.FindMutualClient, term.NoMatch, false, "MATCHED NOT_MATCHED"},
		{term.FindMutualClient, term.RestrictedAccess, true, "NOT_DISCLOSED"},
		{term.FindMutualClient, term.RestrictedAccess, false, "MATCHED NOT_MATCHED NOT_DISCLOSED"},
		{term.DisclosureOfInformation, term.EligibilityNoResult, false, "ELIGIBLE NOT_ELIGIBLE"},
		{term.DisclosureOfInformation, term.CustomerNotIdentified, false, "ELIGIBLE NOT_ELIGIBLE NOT_DISCLOSED"},
		{term.DisclosureOfInformation, term.RestrictedAccess, true, "NOT_DISCLOSED"},
		{term.DisclosureOfInformation, term.RestrictedAccess, false, "ELIGIBLE NOT_ELIGIBLE NOT_DISCLOSED"},
		{term.NoticeToCommence, term.StartDateInvalid, false, "COMMENCED EXTENDED NOT_ACCEPTED"},
		{term.NoticeToCommence, term.RestrictedAccess, true, "NOT_ACCEPTED"},
		{term.NoticeToRevoke, term.NoNoticeToRevoke, false, "REVOKED NOT_ACCEPTED"},
		{term.NoticeToRevoke, term.TechnicalFailure, true, "NOT_ACCEPTED"},
		{term.VoluntaryReferral, term.DeclarationRequired, false, "REFERRAL_NOTED"},
		{term.ChangeOfCircumstances, 0, false, ""},
	} {
		var names []string
		for _, o := range decision.AllowedOutcomes(p, c.t, []term.Reason{c.reason}, c.restricted) {
			names = append(names, o.String())
		}
		if got := strings.Join(names, " "); got != c.want {
			t.Errorf("%s for %s (restricted %v): %s, want %s", c.t, c.reason, c.restricted, got, c.want)
		}
	}
	both := []term.Reason{term.NoEligiblePayment, term.ReasonsInText}
	if steps := decision.NextSteps(p, both); len(steps) != 2 || steps[0] == "" || decision.Description(p, both) == "" || decision.Description(p, nil) != "" {
		t.Error("the words are missing")
	}
}
