package decision

import (
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Submission is what an authority lodged, as far as deciding needs it.
type Submission struct {
	ID clock.ID
	// AuthorityID lodged it; Function and Jurisdiction are the authority's when it did.
	AuthorityID  string
	Function     term.BusinessFunction
	Jurisdiction term.Jurisdiction
	// Reference is the authority's own; one the hub made begins with "~".
	Reference  string
	CaseWorker string
	// LodgedAt is when it was accepted (business time), LodgedOn its local date
	// in the agency's zone. All days are counted from LodgedOn.
	LodgedAt time.Time
	LodgedOn calendar.Date
	// Content is one of FindMutualClient, Disclosure, Commence, Revoke, Referral.
	Content Content
}

// Content is the kind of submission.
type Content interface {
	// Type is the information type of the content.
	Type() term.InformationType
}

// Identity names a customer; CRN, family name and date of birth must all agree.
type Identity struct {
	CRN        string
	FamilyName string
	BirthDate  calendar.Date
}

// FindMutualClient asks whether a person is known. What to search by went to
// the registry; the candidates came back in Input.
type FindMutualClient struct {
	// CRN as lodged; empty when the authority does not know it.
	CRN string
}

// Disclosure asks for a disclosure.
type Disclosure struct{ Customer Identity }

// Commence asks that enhanced income management commence or be extended.
type Commence struct {
	Customer Identity
	// Start is the first day asked for.
	Start calendar.Date
	// Months is the duration; Percent the share, 0 when the measure's only one is meant.
	Months, Percent int
	// Text is screened and never kept.
	Text string
}

// Revoke asks that the authority's notices be revoked.
type Revoke struct{ Customer Identity }

// Referral refers to voluntary enhanced income management.
type Referral struct{ Customer Identity }

// Type returns FIND_MUTUAL_CLIENT.
func (FindMutualClient) Type() term.InformationType { return term.FindMutualClient }

// Type returns DISCLOSURE_OF_INFORMATION.
func (Disclosure) Type() term.InformationType { return term.DisclosureOfInformation }

// Type returns NOTICE_TO_COMMENCE.
func (Commence) Type() term.InformationType { return term.NoticeToCommence }

// Type returns NOTICE_TO_REVOKE.
func (Revoke) Type() term.InformationType { return term.NoticeToRevoke }

// Type returns VOLUNTARY_REFERRAL.
func (Referral) Type() term.InformationType { return term.VoluntaryReferral }

// IdentityOf returns whom a content names; false for a mutual client search.
func IdentityOf(c Content) (Identity, bool) {
	switch c := c.(type) {
	case Disclosure:
		return c.Customer, true
	case Commence:
		return c.Customer, true
	case Revoke:
		return c.Customer, true
	case Referral:
		return c.Customer, true
	}
	return Identity{}, false
}

// CRN is the one lodged; empty when the authority named none.
func (s Submission) CRN() string {
	if search, ok := s.Content.(FindMutualClient); ok {
		return search.CRN
	}
	id, _ := IdentityOf(s.Content)
	return id.CRN
}
