package decision

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// Revocation is what a notice to revoke met: a child protection notice of the
// same authority in force, with the register as it was before the revocation
// did anything. Whether contact officers have to review it (I291Q1) depends on
// these facts, which the revocation itself changes.
type Revocation struct {
	// Notice in force, with its end before any cut.
	Notice register.Notice
	// LodgedOn is the day the days left are counted from.
	LodgedOn calendar.Date
	// ContinuationExists is true when a continuation of the notice waits to start.
	ContinuationExists bool
	// OtherAuthorityNoticeExists is true when another authority's notice waits to start.
	OtherAuthorityNoticeExists bool
}

// received gathers what a notice to revoke that may act meets, from the
// customer's notices as they stand today; nil unless a child protection
// authority revokes and has a notice in force, whatever becomes of it.
func (d decider) received(notices []register.Notice) *Revocation {
	if d.submission.Function != term.ChildProtection {
		return nil
	}
	at := slices.IndexFunc(notices, func(n register.Notice) bool {
		return n.State == term.NoticeActive && n.AuthorityID == d.submission.AuthorityID && n.Measure == term.CPeIM
	})
	if at < 0 {
		return nil
	}
	r := &Revocation{Notice: notices[at], LodgedOn: d.submission.LodgedOn}
	for _, n := range notices {
		switch {
		case n.State != term.NoticeInactive:
		case n.AuthorityID != d.submission.AuthorityID:
			r.OtherAuthorityNoticeExists = true
		case n.Continuation && n.ContinuesID == r.Notice.ID:
			r.ContinuationExists = true
		}
	}
	return r
}

// RevocationTold reports whether a decision left UNPROCESSED for these reasons
// may have told already what the notice to revoke met: it was let act on the
// register. Deciding again tells it only if no earlier decision did, because by
// then the first one has changed what was met.
func RevocationTold(t term.InformationType, reasons []term.Reason) bool {
	return t == term.NoticeToRevoke && len(reasons) > 0 && !blocking(reasons)
}
