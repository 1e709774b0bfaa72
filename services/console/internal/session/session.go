// Package session holds what a sign-in of a person is and when it is over. It
// knows neither where sessions are kept nor how people sign in.
package session

import (
	"slices"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
)

// Session is a sign-in of a person by a browser.
type Session struct {
	// ID is the name under which the session is on record; no secret.
	ID clock.ID
	// Person who signed in: the subject at the provider.
	Person string
	// Roles as the provider told them at Checked.
	Roles []string
	// Started is when the person signed in.
	Started time.Time
	// Used is when the session was last used, late by at most SlideEvery.
	Used time.Time
	// Checked is when the provider last confirmed the person and the roles.
	Checked time.Time
}

// Caller is the person as the rest of the hub knows them.
func (s Session) Caller() identity.Caller {
	return identity.Caller{Kind: identity.Person, ID: s.Person, Roles: slices.Clone(s.Roles), Session: s.ID.String()}
}

const (
	// SlideEvery is how often the use of a session is written down.
	SlideEvery = 30 * time.Second
	// CheckEvery is the age at which the provider is asked again.
	CheckEvery = 30 * time.Second
	// CheckGrace is the age of the provider's last word beyond which nobody gets
	// in: a removed role is without effect after it, even if the provider is away.
	CheckGrace = time.Minute
)

// Lifetimes of sessions.
type Lifetimes struct {
	// Idle ends a session that is not used.
	Idle time.Duration
	// Absolute ends every session.
	Absolute time.Duration
}

// Over says why a session is over.
type Over string

// The reasons; they are those in the audit log.
const (
	// Lives is a session that goes on.
	Lives Over = ""
	// Idle was not used for long.
	Idle Over = "IDLE"
	// Absolute has lasted as long as any may.
	Absolute Over = "ABSOLUTE"
	// Limit had to make room for a newer session of the person.
	Limit Over = "LIMIT"
	// Replaced by a new sign-in in the same browser.
	Replaced Over = "REPLACED"
	// SignedOut by the person.
	SignedOut Over = "SIGNED_OUT"
	// ByAdministrator who ended the person's sessions.
	ByAdministrator Over = "ADMINISTRATOR"
	// Refused by the provider: the account is closed or the sign-in withdrawn.
	Refused Over = "PROVIDER_REFUSED"
	// NoRoles are left.
	NoRoles Over = "ROLES_REMOVED"
)

// IdleEnd is when the session ends unless it is used.
func (l Lifetimes) IdleEnd(s Session) time.Time { return s.Used.Add(l.Idle) }

// End is when it ends in any case.
func (l Lifetimes) End(s Session) time.Time { return s.Started.Add(l.Absolute) }

// Over says whether the session is over at a time, and why.
func (l Lifetimes) Over(s Session, now time.Time) Over {
	switch {
	case !now.Before(l.End(s)):
		return Absolute
	case !now.Before(l.IdleEnd(s)):
		return Idle
	}
	return Lives
}

// roles are all there are; whatever else a provider says is not taken over.
var roles = []string{
	"administrator", "auditor", "contact-officer", "impact-officer", "officer", "restricted-access-officer", "social-work-manager", "social-worker", "supervisor",
}

// Known are the hub's roles among the given ones, each once, in order.
func Known(given []string) []string {
	known := []string{}
	for _, role := range roles {
		if slices.Contains(given, role) {
			known = append(known, role)
		}
	}
	return known
}

// JoinRoles writes roles as audit entries do.
func JoinRoles(roles []string) string { return strings.Join(roles, "+") }
