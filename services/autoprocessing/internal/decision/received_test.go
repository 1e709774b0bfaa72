package decision_test

import (
	"fmt"
	"testing"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// met writes what a revocation met: "1 until 29", and what waited besides.
func met(r *decision.Revocation) string {
	if r == nil {
		return ""
	}
	s := fmt.Sprintf("%d until %d", r.Notice.ID[15], int(r.Notice.End)-int(today))
	if r.ContinuationExists {
		s += ", continued"
	}
	if r.OtherAuthorityNoticeExists {
		s += ", another waits"
	}
	return s
}

// Every combination of days left, continuation and another authority's notice.
func TestRevocationMeetsTheRegisterAsItWas(t *testing.T) {
	t.Parallel()
	for _, f := range functions {
		for _, left := range []int{0, 27, 28, 29, 90} {
			for _, continued := range []bool{false, true} {
				for _, another := range []bool{false, true} {
					notices := []register.Notice{notice(1, f, -10, left)}
					want := fmt.Sprintf("1 until %d", left)
					if continued {
						next := continuation(notice(2, f, left+1, left+90))
						next.ContinuesID = notices[0].ID
						notices = append(notices, next)
						want += ", continued"
					}
					if another {
						notices = append(notices, foreign(notice(3, child, left+91, left+180)))
						want += ", another waits"
					}
					if f != child {
						want = ""
					}
					r := decide(t, decision.Input{Submission: revoke(f), Customer: customer(f), Notices: notices})
					if met(r.Revocation) != want {
						t.Errorf("%s, %d days left: met %q, want %q", f, left, met(r.Revocation), want)
					}
					if r.Revocation == nil {
						continue
					}
					if n := r.Revocation.Notice; n != notices[0] || r.Revocation.LodgedOn != today {
						t.Errorf("%d days left: not as it was before: %+v", left, n)
					}
					if (r.Outcome == term.Revoked) != (left > 28) || decision.RevocationTold(r.Type, r.Reasons) != (left <= 28) {
						t.Errorf("%d days left: %s, told by %v: %v", left, r.Outcome, r.Reasons, decision.RevocationTold(r.Type, r.Reasons))
					}
				}
			}
		}
	}
}

func TestRevocationThatMeetsNothing(t *testing.T) {
	t.Parallel()
	active, waiting := notice(1, child, -10, 90), notice(2, child, 91, 180)
	revoked := notice(3, child, -10, 90)
	revoked.State, revoked.RevokedAt = term.NoticeRevoked, &now
	transferred := notice(4, child, -10, 90)
	transferred.Measure = term.SPaReIM // the authority's function was another one then
	for name, c := range map[string]struct {
		notices []register.Notice
		change  func(*decision.Customer)
		want    string
	}{
		"nothing":               {nil, nil, ""},
		"inactive only":         {[]register.Notice{waiting}, nil, ""},
		"ended":                 {[]register.Notice{notice(1, child, -90, -1)}, nil, ""},
		"revoked already":       {[]register.Notice{revoked}, nil, ""},
		"another authority's":   {[]register.Notice{foreign(active)}, nil, ""},
		"another's and own":     {[]register.Notice{foreign(active), waiting}, nil, ""},
		"another measure":       {[]register.Notice{transferred}, nil, ""},
		"last day":              {[]register.Notice{notice(1, child, -90, 0)}, nil, "1 until 0"},
		"own, not continuing":   {[]register.Notice{active, waiting}, nil, "1 until 90"},
		"another's was revoked": {[]register.Notice{active, foreign(revokedFrom(waiting))}, nil, "1 until 90"},
		"not identified":        {[]register.Notice{active}, func(c *decision.Customer) { c.BirthDate++ }, ""},
		"deceased":              {[]register.Notice{active}, func(c *decision.Customer) { c.Deceased = true }, ""},
		"restricted":            {[]register.Notice{active}, func(c *decision.Customer) { c.Restricted = true }, ""},
	} {
		who := customer(child)
		if c.change != nil {
			c.change(who)
		}
		r := decide(t, decision.Input{Submission: revoke(child), Customer: who, Notices: c.notices})
		if met(r.Revocation) != c.want {
			t.Errorf("%s: met %q, want %q", name, met(r.Revocation), c.want)
		}
		if r.Revocation == nil && decision.RevocationTold(r.Type, r.Reasons) {
			t.Errorf("%s: counts as told by %v", name, r.Reasons)
		}
	}
	r := decide(t, decision.Input{Submission: revoke(child), Customer: customer(child), Notices: []register.Notice{active}, Withdrawn: true})
	if r.Revocation != nil {
		t.Error("a withdrawn revocation met something")
	}
}

func revokedFrom(n register.Notice) register.Notice {
	n.State, n.RevokedAt = term.NoticeRevoked, &now
	return n
}

// Decided late, what counts is the register of the day, the days from lodgement.
func TestRevocationDecidedLateMeets(t *testing.T) {
	t.Parallel()
	late := decision.Moment{At: now.AddDate(0, 0, 5), Today: today.Add(5)}
	next := continuation(notice(2, child, 4, 90))
	next.ContinuesID = notice(1, child, -90, 3).ID
	for name, c := range map[string]struct {
		notices []register.Notice
		want    string
		version int
	}{
		"started since":               {[]register.Notice{notice(1, child, 3, 90)}, "1 until 90", 2},
		"ended since":                 {[]register.Notice{notice(1, child, -90, 2)}, "", 0},
		"continuation started since":  {[]register.Notice{notice(1, child, -90, 3), next}, "2 until 90", 2},
		"another's began: own waits":  {[]register.Notice{foreign(notice(3, child, 2, 50)), notice(1, child, 60, 90)}, "", 0},
		"29 days left when it lodged": {[]register.Notice{notice(1, child, -90, 29)}, "1 until 29", 1},
	} {
		r := decide(t, decision.Input{Submission: revoke(child), Customer: customer(child), Notices: c.notices, Moment: late})
		if met(r.Revocation) != c.want {
			t.Errorf("%s: met %q, want %q", name, met(r.Revocation), c.want)
		}
		if r.Revocation != nil && (r.Revocation.Notice.Version != c.version || r.Revocation.LodgedOn != today) {
			t.Errorf("%s: version %d, lodged on %s", name, r.Revocation.Notice.Version, r.Revocation.LodgedOn)
		}
	}
}
