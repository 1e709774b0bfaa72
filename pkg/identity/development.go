package identity

import (
	"context"
	"regexp"
	"strings"

	"github.com/noticehub/noticehub/pkg/fault"
)

// name is what ids and roles in development tokens look like; it excludes the
// separators "." and "+" and everything that could break a log line.
var name = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}$`)

const bearer = "Bearer "

type development struct{}

// Development accepts tokens that say themselves who calls and that anybody can
// write: "Bearer dev.authority.frc", "Bearer dev.person.alice.officer+supervisor",
// "Bearer dev.service.autoprocessing". It proves nothing; whoever wires a
// process makes sure it is not used where others can reach it.
func Development() Authenticator { return development{} }

// DevelopmentToken is the token, without "Bearer ", that Development reads as c.
func DevelopmentToken(c Caller) string {
	token := "dev." + c.Kind.String() + "." + c.ID
	if len(c.Roles) > 0 {
		token += "." + strings.Join(c.Roles, "+")
	}
	return token
}

func (development) Authenticate(_ context.Context, credentials Credentials) (Caller, error) {
	authorization := credentials.Authorization
	if authorization == "" {
		return Caller{}, missing()
	}
	if len(authorization) <= len(bearer) || !strings.EqualFold(authorization[:len(bearer)], bearer) {
		return Caller{}, rejected()
	}
	part := strings.Split(authorization[len(bearer):], ".")
	if len(part) < 3 || len(part) > 4 || part[0] != "dev" || !name.MatchString(part[2]) {
		return Caller{}, rejected()
	}
	c := Caller{ID: part[2]}
	for kind, word := range words {
		if word == part[1] {
			c.Kind = kind
		}
	}
	if c.Kind == 0 || (len(part) == 4 && c.Kind != Person) {
		return Caller{}, rejected()
	}
	if len(part) == 4 {
		c.Roles = strings.Split(part[3], "+")
		for _, role := range c.Roles {
			if !name.MatchString(role) {
				return Caller{}, rejected()
			}
		}
	}
	return c, nil
}

func rejected() error {
	return fault.New(fault.Unauthenticated, "CREDENTIALS_INVALID", "the credentials are not accepted").
		WithHelp("Check the token; a development token reads dev.<authority|person|service>.<id>, for a person followed by .<role>+<role>.")
}
