package decision_test

import (
	"testing"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

func revoke(f term.BusinessFunction) decision.Submission {
	return lodged(f, decision.Revoke{Customer: subject})
}

func TestRevoke(t *testing.T) {
	t.Parallel()
	type row struct {
		name    string
		f       term.BusinessFunction
		notices []register.Notice
		want    string
		changes string
	}
	var rows []row
	for _, f := range functions {
		rows = append(rows,
			row{"none", f, nil, "NO_NOTICE_TO_REVOKE", ""},
			row{"another authority's only", f, []register.Notice{foreign(notice(1, child, -10, 90)), foreign(notice(2, child, 91, 180))}, "NO_NOTICE_TO_REVOKE", ""},
			row{"ended only", f, []register.Notice{notice(1, f, -90, -1)}, "NO_NOTICE_TO_REVOKE", ""},
			row{"inactive only", f, []register.Notice{notice(1, f, 10, 90)}, "REVOKED", "revoked 1"},
			row{"two inactive", f, []register.Notice{notice(2, f, 100, 190), notice(1, f, 10, 90)}, "REVOKED", "revoked 1, revoked 2"},
			row{"inactive, another's in force", f, []register.Notice{foreign(notice(1, child, -10, 90)), notice(2, f, 100, 190)}, "REVOKED", "revoked 2"},
		)
	}
	for _, left := range []int{0, 28, 29, 90} {
		active, next := func(f term.BusinessFunction) register.Notice { return notice(1, f, -10, left) },
			func(f term.BusinessFunction) register.Notice {
				return continuation(notice(2, f, left+1, left+90))
			}
		rows = append(rows,
			row{"active", cape, []register.Notice{active(cape)}, "ACTIVE_NOTICE_NEEDS_OFFICER", ""},
			row{"active and inactive", cape, []register.Notice{active(cape), next(cape)}, "ACTIVE_NOTICE_NEEDS_OFFICER", "revoked 2"},
			row{"active", risk, []register.Notice{active(risk)}, "REVOKED", "revoked 1"},
			row{"active and inactive", risk, []register.Notice{active(risk), next(risk)}, "REVOKED", "revoked 1, revoked 2"},
		)
		if left > 28 {
			rows = append(rows,
				row{"active", child, []register.Notice{active(child)}, "REVOKED", "shortened 1→28"},
				row{"active and inactive", child, []register.Notice{active(child), next(child)}, "REVOKED", "shortened 1→28, revoked 2"})
		} else {
			rows = append(rows,
				row{"active", child, []register.Notice{active(child)}, "END_DATE_WITHIN_28_DAYS", ""},
				row{"active and inactive", child, []register.Notice{active(child), next(child)}, "END_DATE_WITHIN_28_DAYS", "revoked 2"})
		}
	}
	for _, c := range rows {
		r := decide(t, decision.Input{Submission: revoke(c.f), Customer: customer(c.f), Notices: c.notices})
		got := r.Outcome.String()
		if r.Outcome == 0 {
			got = reasons(r.Reasons)
		}
		if got != c.want || show(r.Changes) != c.changes {
			t.Errorf("%s, %s: %s with %q, want %s with %q", c.f, c.name, got, show(r.Changes), c.want, c.changes)
		}
		if (r.Outcome == term.Revoked) != (r.Start != nil) {
			t.Errorf("%s, %s: outcome %s with start %v", c.f, c.name, r.Outcome, r.Start)
		}
	}
}

func TestRevokeNothingOfTheUnclear(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*decision.Customer)
		want   string
	}{
		"not identified":          {func(c *decision.Customer) { c.BirthDate++ }, "CUSTOMER_NOT_IDENTIFIED"},
		"deceased":                {func(c *decision.Customer) { c.Deceased = true }, "CUSTOMER_DECEASED"},
		"restricted":              {func(c *decision.Customer) { c.Restricted = true }, "RESTRICTED_ACCESS"},
		"deceased and restricted": {func(c *decision.Customer) { c.Deceased, c.Restricted = true, true }, "CUSTOMER_DECEASED RESTRICTED_ACCESS"},
	} {
		for _, f := range functions {
			who := customer(f)
			c.change(who)
			r := decide(t, decision.Input{Submission: revoke(f), Customer: who, Notices: []register.Notice{notice(1, f, -10, 90), notice(2, f, 91, 180)}})
			if reasons(r.Reasons) != c.want || len(r.Changes) != 0 {
				t.Errorf("%s, %s: %v with %s", f, name, r.Reasons, show(r.Changes))
			}
		}
	}
}

// Late decisions: days count from lodgement, but a notice that has come into
// force since is in force: no machine revokes it for Cape York.
func TestRevokeDecidedLate(t *testing.T) {
	t.Parallel()
	late := decision.Moment{At: now.AddDate(0, 0, 5), Today: today.Add(5)}
	for _, c := range []struct {
		name    string
		f       term.BusinessFunction
		n       register.Notice
		want    string
		changes string
	}{
		{"started since", cape, notice(1, cape, 3, 90), "ACTIVE_NOTICE_NEEDS_OFFICER", ""},
		{"started since", child, notice(1, child, 3, 90), "REVOKED", "activated 1, shortened 1→28"},
		{"started since", risk, notice(1, risk, 3, 90), "REVOKED", "activated 1, revoked 1"},
		{"ended since", child, notice(1, child, -90, 2), "NO_NOTICE_TO_REVOKE", ""},
		{"29 days at lodgement", child, notice(1, child, -90, 29), "REVOKED", "shortened 1→28"},
	} {
		r := decide(t, decision.Input{Submission: revoke(c.f), Customer: customer(c.f), Notices: []register.Notice{c.n}, Moment: late})
		got := r.Outcome.String()
		if r.Outcome == 0 {
			got = reasons(r.Reasons)
		}
		if got != c.want || show(r.Changes) != c.changes {
			t.Errorf("%s, %s: %s with %q, want %s with %q", c.f, c.name, got, show(r.Changes), c.want, c.changes)
		}
	}
	much := decision.Moment{At: now.AddDate(0, 0, 50), Today: today.Add(50)}
	r := decide(t, decision.Input{Submission: revoke(child), Customer: customer(child), Notices: []register.Notice{notice(1, child, -90, 80)}, Moment: much})
	if r.Outcome != term.Revoked || show(r.Changes) != "shortened 1→28, ended 1" {
		t.Errorf("50 days late: %s", show(r.Changes))
	}
	r = decide(t, decision.Input{Submission: revoke(child), Customer: customer(child), Notices: []register.Notice{notice(1, child, 40, 130)}, Moment: much})
	if r.Outcome != term.Revoked || show(r.Changes) != "activated 1, revoked 1" {
		t.Errorf("started after the 28th day: %s", show(r.Changes))
	}
}
