package identity

import (
	"crypto"
	"crypto/x509"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// PersonHeader is the metadata entry with the statement for whom a service calls.
	PersonHeader = "noticehub-person"
	// PersonLifetime is the longest a statement is good for. That long it can be
	// repeated, for the same method only, and only by who has the certificate of the
	// service that made it, who could as well make another.
	PersonLifetime = time.Minute
	// personType is the typ of every statement: nothing else that the key ever signs
	// can be taken for one.
	personType = "noticehub-person+jwt"
	// maxStatement bounds a statement, in bytes; the headers of a call have 8 KiB.
	maxStatement = 4096
	// maxRoles bounds the roles of a statement.
	maxRoles = 32
)

// fullMethod is what the full name of a method looks like.
var fullMethod = regexp.MustCompile(`^/[A-Za-z][A-Za-z0-9_.]{0,199}/[A-Za-z][A-Za-z0-9_]{0,99}$`)

// statement says for which person a call is.
type statement struct {
	Subject  string   `json:"sub"`
	Roles    []string `json:"roles"`
	Session  string   `json:"session,omitempty"`
	Audience string   `json:"aud"`
	Method   string   `json:"method"`
	Issued   int64    `json:"iat"`
	Expires  int64    `json:"exp"`
}

// problem says what of a statement cannot be; "" when nothing.
func (s statement) problem() string {
	switch {
	case s.Audience != assertionAudience:
		return "its audience is not noticehub"
	case !fullMethod.MatchString(s.Method):
		return "its method is none"
	case !IsPerson(s.Subject):
		return "its subject is not the id of a person"
	case s.Session != "" && !IsPerson(s.Session):
		return "its session is not the name of one"
	case len(s.Roles) > maxRoles || slices.ContainsFunc(s.Roles, func(role string) bool { return !name.MatchString(role) }):
		return "its roles are not a list of words"
	}
	return ""
}

// SignPerson makes the statement that a service calls a method, by its full name,
// for a person: a compact JWS by the key of the service's certificate, ECDSA on
// P-256 or Ed25519. It is good from now for PersonLifetime. Only the service that
// finds out who people are may make it (Ways.PassesOn), after it did.
func SignPerson(key crypto.Signer, person Caller, method string, now time.Time) (string, error) {
	if person.Kind != Person {
		return "", errors.New("identity: only a person is stated")
	}
	s := statement{
		Subject: person.ID, Roles: person.Roles, Session: person.Session, Audience: assertionAudience, Method: method,
		Issued: now.Unix(), Expires: now.Add(PersonLifetime).Unix(),
	}
	if why := s.problem(); why != "" {
		return "", errors.New("identity: the statement of a person cannot be made: " + why)
	}
	signed, err := signClaims(key, s, new(jose.SignerOptions).WithType(personType))
	if err == nil && len(signed) > maxStatement {
		err = errors.New("identity: the statement of a person is too long")
	}
	return signed, err
}

// stated is the person whom a statement by the holder of the certificate names,
// for a call of the method. What was good when a stream was opened stays good for
// it: since is then, zero for a call that begins.
func stated(by *x509.Certificate, token, method string, since time.Time, c clock.Clock) (Caller, error) {
	if len(token) > maxStatement {
		return Caller{}, badPerson("it is too long")
	}
	at := c.Now()
	if !since.IsZero() && since.Before(at) {
		at = since
	}
	payload, header, err := readSigned(by.PublicKey, token)
	if err != nil {
		return Caller{}, badPerson("its signature is not one of the certificate's key by ES256 or EdDSA")
	}
	var s statement
	if json.Unmarshal(payload, &s) != nil || header.ExtraHeaders[jose.HeaderType] != personType {
		return Caller{}, badPerson("it is not a statement")
	}
	issued, expires := time.Unix(s.Issued, 0), time.Unix(s.Expires, 0)
	why := s.problem()
	switch {
	case why != "":
	case s.Method != method:
		why = "it is for another method"
	case s.Issued <= 0 || s.Expires <= 0 || expires.Sub(issued) > PersonLifetime || !expires.After(issued):
		why = "it must be good for at most 60 seconds"
	case issued.After(at.Add(skew)):
		why = "it is from the future"
	case !expires.After(at):
		why = "it has expired"
	}
	if why != "" {
		return Caller{}, badPerson(why)
	}
	return Caller{Kind: Person, ID: s.Subject, Roles: s.Roles, Session: s.Session}, nil
}

func badPerson(why string) error {
	return fault.New(fault.Unauthenticated, "PERSON_INVALID", "the statement for whom the call is is not accepted: %s", why).
		WithHelp("Only the service that people sign in at sends " + PersonHeader + "; sign in there, or send a token.")
}
