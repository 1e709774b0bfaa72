package devprovider

import (
	"fmt"
	"slices"
)

// Account is a made-up person who can sign in.
type Account struct {
	// Name is the subject and what the person is called in records.
	Name string
	// Title says on the page who it is.
	Title string
	// Roles the account has now.
	Roles []string
	// Disabled accounts cannot sign in, and what they signed in to ends.
	Disabled bool
}

// accounts are made up: one person for each role, and one who looks after a
// sandbox.
func accounts() []*Account {
	return []*Account{
		{Name: "contact-officer.avery", Title: "Avery Sample, contact officer", Roles: []string{"contact-officer"}},
		{Name: "officer.blake", Title: "Blake Sample, officer", Roles: []string{"officer"}},
		{Name: "impact-officer.casey", Title: "Casey Sample, IMPACT officer", Roles: []string{"impact-officer"}},
		{Name: "restricted-access-officer.devon", Title: "Devon Sample, Restricted Access officer", Roles: []string{"restricted-access-officer"}},
		{Name: "social-worker.ellis", Title: "Ellis Sample, social worker", Roles: []string{"social-worker"}},
		{Name: "social-work-manager.finley", Title: "Finley Sample, social work manager", Roles: []string{"social-work-manager"}},
		{Name: "supervisor.gray", Title: "Gray Sample, supervisor", Roles: []string{"supervisor"}},
		{Name: "auditor.harper", Title: "Harper Sample, auditor", Roles: []string{"auditor"}},
		{Name: "administrator.indigo", Title: "Indigo Sample, administrator", Roles: []string{"administrator"}},
		{Name: "admin", Title: "Sandbox keeper, administrator and auditor", Roles: []string{"administrator", "auditor"}},
	}
}

// Accounts are all accounts as they are now.
func (s *storage) Accounts() []Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Account, 0, len(s.accounts))
	for _, a := range s.accounts {
		c := *a
		c.Roles = slices.Clone(a.Roles)
		list = append(list, c)
	}
	return list
}

// SetRoles replaces the roles of an account; what it signed in to learns of it
// at the next check.
func (s *storage) SetRoles(name string, roles ...string) error {
	return s.change(name, func(a *Account) { a.Roles = slices.Clone(roles) })
}

// Disable closes an account, or opens it again.
func (s *storage) Disable(name string, disabled bool) error {
	return s.change(name, func(a *Account) { a.Disabled = disabled })
}

func (s *storage) change(name string, f func(*Account)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.account(name)
	if a == nil {
		return fmt.Errorf("there is no account %q", name)
	}
	f(a)
	return nil
}

// account finds an account; the caller holds the lock.
func (s *storage) account(name string) *Account {
	if i := slices.IndexFunc(s.accounts, func(a *Account) bool { return a.Name == name }); i >= 0 {
		return s.accounts[i]
	}
	return nil
}

// enabled finds an account that may sign in; the caller holds the lock.
func (s *storage) enabled(name string) (*Account, error) {
	if a := s.account(name); a != nil && !a.Disabled {
		return a, nil
	}
	return nil, fmt.Errorf("the account is not known or disabled")
}
