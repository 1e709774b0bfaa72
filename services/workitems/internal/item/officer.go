package item

import (
	"slices"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Roles that officers have.
const (
	ContactOfficer    = "contact-officer"
	GeneralOfficer    = "officer"
	ImpactOfficer     = "impact-officer"
	RestrictedOfficer = "restricted-access-officer"
	SocialWorker      = "social-worker"
	SocialWorkManager = "social-work-manager"
	Supervisor        = "supervisor"
	Auditor           = "auditor"
)

// Officers are the roles of every officer trained in income management.
var Officers = []string{ContactOfficer, GeneralOfficer, ImpactOfficer, RestrictedOfficer, SocialWorker, SocialWorkManager, Supervisor}

// Officer is who acts.
type Officer struct {
	// ID is the officer's, such as "alice".
	ID    string
	Roles []string
}

// Has reports whether the officer has the role.
func (o Officer) Has(role string) bool { return slices.Contains(o.Roles, role) }

// Actor is the officer as histories name him or her.
func (o Officer) Actor() string { return "officer:" + o.ID }

// ActionedBy says who may action an item; the numbers are those of the contract.
type ActionedBy int16

// Who may action an item.
const (
	// ByAny is every officer.
	ByAny ActionedBy = iota + 1
	// ByIMCO is income management contact officers.
	ByIMCO
	// ByIMPACT is officers of the payment and contact team.
	ByIMPACT
)

// roles that may action items; the words are for the refusal.
func (b ActionedBy) roles() (roles []string, words string) {
	switch b {
	case ByAny:
		return Officers, "officers"
	case ByIMCO:
		return []string{ContactOfficer}, "income management contact officers (IMCO)"
	case ByIMPACT:
		return []string{ImpactOfficer}, "officers of the payment and contact team (IMPACT)"
	}
	return nil, "nobody"
}

// MayAction refuses officers without a role for the items of a code.
func (o Officer) MayAction(code string, by ActionedBy) error {
	roles, words := by.roles()
	if slices.ContainsFunc(roles, o.Has) {
		return nil
	}
	return fault.New(fault.Denied, "ROLE_REQUIRED", "%s is actioned by %s only", code, words).
		WithHelp("Leave it to an officer with the role.").WithMeta("code", code)
}
