package decision_test

import (
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

func TestCommenceByNotices(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		f       term.BusinessFunction
		ahead   int
		notices []register.Notice
		want    string // outcome or reasons
		changes string
	}{
		{"no notice, starts today", child, 0, nil, "COMMENCED", "activated 0..183"},
		{"no notice, starts tomorrow", cape, 1, nil, "COMMENCED", "recorded 1..184"},
		{"start before lodgement", risk, -1, nil, "START_DATE_INVALID", ""},
		{"60 days ahead", child, 60, nil, "COMMENCED", "recorded 60..242"},
		{"61 days ahead", child, 61, nil, "START_DATE_INVALID", ""},
		{"ended notice does not matter", child, 0, []register.Notice{notice(1, child, -90, -1)}, "COMMENCED", "activated 0..183"},
		{"own ends today", child, 0, []register.Notice{notice(1, child, -90, 0)}, "EXTENDED", "extended 1..184"},
		{"own ends in 60 days", child, 0, []register.Notice{notice(1, child, -90, 60)}, "EXTENDED", "extended 61..244"},
		{"own ends in 61 days", child, 0, []register.Notice{notice(1, child, -90, 61)}, "CURRENT_NOTICE_NOT_ENDING", ""},
		{"asked to start right after 60 days", child, 61, []register.Notice{notice(1, child, -90, 60)}, "EXTENDED", "extended 61..244"},
		{"asked to leave a gap", cape, 40, []register.Notice{notice(1, cape, -90, 10)}, "EXTENDED", "extended 11..194"},
		{"asked to start in the past", cape, -5, []register.Notice{notice(1, cape, -90, 10)}, "EXTENDED", "extended 11..194"},
		{"61 days left and a bad start", child, 70, []register.Notice{notice(1, child, -90, 61)}, "START_DATE_INVALID CURRENT_NOTICE_NOT_ENDING", ""},
		{"other authority, same measure", child, 0, []register.Notice{foreign(notice(1, child, -90, 10))}, "CURRENT_NOTICE_OTHER_AUTHORITY", ""},
		{"higher measure", child, 0, []register.Notice{notice(1, cape, -90, 10)}, "HIGHER_MEASURE_IN_FORCE CURRENT_NOTICE_OTHER_AUTHORITY", ""},
		{"lower measure", cape, 0, []register.Notice{notice(1, child, -90, 10)}, "MEASURE_TRANSFER_REVIEW CURRENT_NOTICE_OTHER_AUTHORITY", ""},
		{"continuation exists", child, 0, []register.Notice{notice(1, child, -90, 10), continuation(notice(2, child, 11, 90))}, "CONTINUATION_EXISTS", ""},
		{"not ending and continuation", child, 0, []register.Notice{notice(1, child, -90, 100), continuation(notice(2, child, 101, 190))}, "CURRENT_NOTICE_NOT_ENDING CONTINUATION_EXISTS", ""},
		{"own future notice", child, 0, []register.Notice{notice(1, child, 10, 90)}, "PENDING_NOTICE_EXISTS", ""},
		{"future notice of another", child, 0, []register.Notice{foreign(notice(1, child, 10, 90))}, "PENDING_NOTICE_EXISTS", ""},
		{"current ending and future of another", child, 0, []register.Notice{notice(1, child, -90, 10), notice(2, cape, 30, 120)}, "PENDING_NOTICE_EXISTS", ""},
		{"continuation of another authority", child, 0, []register.Notice{foreign(notice(1, child, -90, 10)), continuation(foreign(notice(2, child, 11, 90)))}, "CURRENT_NOTICE_OTHER_AUTHORITY CONTINUATION_EXISTS", ""},
		{"a continuation in force can be continued", child, 0, []register.Notice{notice(1, child, -90, -1), continuation(notice(2, child, 0, 30))}, "EXTENDED", "extended 31..213"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := decide(t, decision.Input{Submission: commence(c.f, c.ahead), Customer: customer(c.f), Notices: c.notices})
			got := r.Outcome.String()
			if r.Outcome == 0 {
				got = reasons(r.Reasons)
			}
			if got != c.want || show(r.Changes) != c.changes {
				t.Errorf("%s with %q, want %s with %q", got, show(r.Changes), c.want, c.changes)
			}
			if len(r.Changes) > 0 {
				n := r.Changes[0].Notice
				if *r.Start != n.Start || *r.End != n.End || n.AuthorityID != authority(c.f) || n.Measure != measure(c.f) || n.CRN != subject.CRN || n.SubmissionID != r.Changes[0].SubmissionID {
					t.Errorf("notice %+v, advice %v to %v", n, r.Start, r.End)
				}
				if want := map[term.BusinessFunction]int{cape: 75, child: 70, risk: 70}[c.f]; n.Percent != want {
					t.Errorf("%d percent, want %d", n.Percent, want)
				}
				if (r.Outcome == term.Extended) != n.Continuation || n.Continuation == n.ContinuesID.IsZero() {
					t.Errorf("continuation %v of %s", n.Continuation, n.ContinuesID)
				}
			}
		})
	}
}

func TestRevokedNoticesDoNotCount(t *testing.T) {
	t.Parallel()
	gone, waiting := notice(1, child, -90, 90), continuation(notice(2, child, 91, 180))
	gone.State, gone.RevokedAt = term.NoticeRevoked, &now
	waiting.State, waiting.RevokedAt = term.NoticeRevoked, &now
	r := decide(t, decision.Input{Submission: commence(child, 0), Customer: customer(child), Notices: []register.Notice{gone, waiting}})
	if r.Outcome != term.Commenced {
		t.Errorf("%s %v", r.Outcome, r.Reasons)
	}
}

func TestCommenceByCustomer(t *testing.T) {
	t.Parallel()
	from, later := today, today.Add(1)
	for _, c := range []struct {
		name   string
		f      term.BusinessFunction
		change func(*decision.Customer)
		want   string
	}{
		{"no record", child, nil, "CUSTOMER_NOT_IDENTIFIED"},
		{"another CRN", child, func(c *decision.Customer) { c.CRN = "222222222B" }, "CUSTOMER_NOT_IDENTIFIED"},
		{"another name", child, func(c *decision.Customer) { c.FamilyName = "Smith" }, "CUSTOMER_NOT_IDENTIFIED"},
		{"a former name", child, func(c *decision.Customer) { c.FamilyName, c.FormerFamilyNames = "Smith", []string{"O'Brien"} }, "CUSTOMER_NOT_IDENTIFIED"},
		{"another birth date", child, func(c *decision.Customer) { c.BirthDate++ }, "CUSTOMER_NOT_IDENTIFIED"},
		{"not identified stands alone", child, func(c *decision.Customer) { c.BirthDate++; c.Deceased, c.Restricted = true, true }, "CUSTOMER_NOT_IDENTIFIED"},
		{"deceased", child, func(c *decision.Customer) { c.Deceased = true }, "CUSTOMER_DECEASED"},
		{"restricted", child, func(c *decision.Customer) { c.Restricted = true }, "RESTRICTED_ACCESS"},
		{"deceased and restricted", child, func(c *decision.Customer) { c.Deceased, c.Restricted = true, true }, "CUSTOMER_DECEASED RESTRICTED_ACCESS"},
		{"no payment", child, func(c *decision.Customer) { c.Payments = nil }, "NO_ELIGIBLE_PAYMENT"},
		{"no category A payment", child, func(c *decision.Customer) { c.Payments[0].Code = "FAMILY_TAX_BENEFIT" }, "NO_ELIGIBLE_PAYMENT"},
		{"payment stopped", child, func(c *decision.Customer) { c.Payments[0].Stopped = true }, "NO_ELIGIBLE_PAYMENT"},
		{"payment from today", child, func(c *decision.Customer) { c.Payments[0].From = &from }, "COMMENCED"},
		{"payment from tomorrow", child, func(c *decision.Customer) { c.Payments[0].From = &later }, "NO_ELIGIBLE_PAYMENT"},
		{"the partner is paid", child, func(c *decision.Customer) {
			c.PartnerCRN, c.PartnerPayments, c.Payments = "222222222B", []decision.Payment{{Code: "AGE_PENSION"}}, nil
		}, "COMMENCED"},
		{"excluded nominee", child, func(c *decision.Customer) { c.Nominee = "PUBLIC_TRUSTEE" }, "EXCLUDED_NOMINEE"},
		{"a person as nominee", child, func(c *decision.Customer) { c.Nominee = "PERSON" }, "COMMENCED"},
		{"outside, Cape York", cape, func(c *decision.Customer) { c.Addresses[0].Locality = "Cairns" }, "OUTSIDE_DECLARED_AREA"},
		{"a namesake in another state", cape, func(c *decision.Customer) { c.Addresses[0].State = term.NSW }, "OUTSIDE_DECLARED_AREA"},
		{"outside, child protection", child, func(c *decision.Customer) { c.Addresses[0].State = term.VIC }, "OUTSIDE_DECLARED_AREA"},
		{"in another declared state", child, func(c *decision.Customer) { c.Addresses[0].State = term.WA }, "COMMENCED"},
		{"outside, at risk", risk, func(c *decision.Customer) { c.Addresses[0].State = term.QLD }, "OUTSIDE_DECLARED_AREA"},
		{"no address", child, func(c *decision.Customer) { c.Addresses = nil }, "OUTSIDE_DECLARED_AREA"},
		{"postal and term addresses do not count", child, func(c *decision.Customer) {
			c.Addresses = []decision.Address{{Use: decision.Postal, State: term.QLD}, {Use: decision.Term, State: term.QLD}}
		}, "OUTSIDE_DECLARED_AREA"},
		{"temporary address when no home", child, func(c *decision.Customer) { c.Addresses[0].Use = decision.Temporary }, "COMMENCED"},
		{"home goes before temporary", child, func(c *decision.Customer) {
			c.Addresses = []decision.Address{{Use: decision.Temporary, State: term.QLD}, {Use: decision.Home, State: term.VIC}}
		}, "OUTSIDE_DECLARED_AREA"},
		{"higher measure elsewhere", child, func(c *decision.Customer) { c.OtherMeasure = term.CYeIM }, "HIGHER_MEASURE_IN_FORCE"},
		{"same measure elsewhere", child, func(c *decision.Customer) { c.OtherMeasure = term.CPeIM }, "COMMENCED"},
		{"lower measure elsewhere", child, func(c *decision.Customer) { c.OtherMeasure = term.VeIM }, "MEASURE_TRANSFER_REVIEW"},
		{"all at once", child, func(c *decision.Customer) {
			c.Payments, c.Nominee, c.Addresses[0].State, c.Deceased = nil, "STATE_TRUSTEE", term.TAS, true
		}, "CUSTOMER_DECEASED NO_ELIGIBLE_PAYMENT EXCLUDED_NOMINEE OUTSIDE_DECLARED_AREA"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var who *decision.Customer
			if c.change != nil {
				who = customer(c.f)
				c.change(who)
			}
			r := decide(t, decision.Input{Submission: commence(c.f, 0), Customer: who})
			got := r.Outcome.String()
			if r.Outcome == 0 {
				got = reasons(r.Reasons)
				if len(r.Changes) > 0 || r.Start != nil {
					t.Error("the register was changed")
				}
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

func TestTextAndWithdrawal(t *testing.T) {
	t.Parallel()
	s := commence(child, 0)
	asked := s.Content.(decision.Commence)
	asked.Text = "The children are neglected."
	s.Content = asked
	if r := decide(t, decision.Input{Submission: s, Customer: customer(child)}); reasons(r.Reasons) != "REASONS_IN_TEXT" {
		t.Errorf("%v", r.Reasons)
	}
	r := decide(t, decision.Input{Submission: s, Customer: customer(child), Withdrawn: true})
	if r.Status != term.Withdrawn || r.Outcome != term.OutcomeWithdrawn || r.Verdicts != "" || r.CRN != subject.CRN {
		t.Errorf("%+v", r)
	}
}

// What was lodged while a notice was current is a continuation, however late it
// is decided, and starts at the expiry (invariant I13).
func TestDecidedAfterDowntime(t *testing.T) {
	t.Parallel()
	late := decision.Moment{At: now.AddDate(0, 0, 5), Today: today.Add(5)}
	current := notice(1, child, -90, 1)
	in := decision.Input{Submission: commence(child, 0), Customer: customer(child), Notices: []register.Notice{current}, Moment: late}
	if r := decide(t, in); r.Outcome != term.Extended || show(r.Changes) != "ended 1, extended 2..185, activated new" {
		t.Errorf("%s: %s", r.Outcome, show(r.Changes))
	}
	current.State, current.Version = term.NoticeEnded, 2 // the day roll was first
	in.Notices = []register.Notice{current}
	if r := decide(t, in); r.Outcome != term.Extended || show(r.Changes) != "extended 2..185, activated new" {
		t.Errorf("%s: %s", r.Outcome, show(r.Changes))
	}
	in.Notices = nil
	if r := decide(t, in); r.Outcome != term.Commenced || show(r.Changes) != "activated 0..183" {
		t.Errorf("%s: %s", r.Outcome, show(r.Changes))
	}
}

func TestLeapYear(t *testing.T) {
	t.Parallel()
	s := commence(child, 0)
	asked := s.Content.(decision.Commence)
	asked.Start, asked.Months = calendar.DateOf(2027, time.August, 31), 6
	s.Content, s.LodgedOn = asked, asked.Start
	r := decide(t, decision.Input{Submission: s, Customer: customer(child), Moment: decision.Moment{At: now, Today: asked.Start}})
	if r.Outcome != term.Commenced || r.End.String() != "2028-02-29" {
		t.Errorf("%s to %v", r.Outcome, r.End)
	}
}

func TestUnlawfulTermsAreNoRejection(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*decision.Commence){
		"months":  func(c *decision.Commence) { c.Months = 5 },
		"percent": func(c *decision.Commence) { c.Percent = 50 },
	} {
		s := commence(child, 0)
		asked := s.Content.(decision.Commence)
		change(&asked)
		s.Content = asked
		if _, err := decision.Decide(evaluator(t), decision.Input{Submission: s, Customer: customer(child), Moment: moment}); err == nil {
			t.Errorf("%s were accepted", name)
		}
	}
	s := commence(child, 0)
	s.Function = 9
	if _, err := decision.Decide(evaluator(t), decision.Input{Submission: s, Moment: moment}); err == nil {
		t.Error("a function without a measure was accepted")
	}
}
