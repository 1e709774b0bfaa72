// Package identity says who calls and what they may call.
//
// It guarantees that a method without a rule is refused, that a caller is put
// into a context only by whoever authenticated it, and that nothing of a
// credential appears in an error. It does not keep sessions and does not know
// which records a caller may see: services check that in their queries. The
// names of roles belong to the services; here they are plain words.
package identity

import (
	"context"
	"crypto/x509"
	"slices"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Kind says what sort of caller it is. The zero value is nobody and is refused everywhere.
type Kind uint8

// The kinds of callers.
const (
	// Authority is an outside body that lodges and fetches; its ID is the authority's.
	Authority Kind = iota + 1
	// Person is somebody who works with the hub; only persons have roles.
	Person
	// Service is a part of the hub calling another.
	Service
)

var words = map[Kind]string{Authority: "authority", Person: "person", Service: "service"}

// String names the kind as tokens and logs do.
func (k Kind) String() string {
	if w, ok := words[k]; ok {
		return w
	}
	return "nobody"
}

// Caller is who makes a call.
type Caller struct {
	// Kind of caller.
	Kind Kind
	// ID within the kind, such as "frc" or "alice".
	ID string
	// Roles of a person, in no order.
	Roles []string
	// CaseWorker of an authority who is behind the call, as the authority's own
	// signature or token says; "" when neither says so.
	CaseWorker string
	// Session is the name under which the sign-in behind the call is on record; ""
	// for credentials that carry none. It is no secret.
	Session string
}

// Has reports whether the caller has the role.
func (c Caller) Has(role string) bool { return slices.Contains(c.Roles, role) }

// Actor is the caller as records of what happened name it: "authority:frc",
// "officer:alice", "service:autoprocessing".
func (c Caller) Actor() string {
	if c.Kind == Person {
		return "officer:" + c.ID
	}
	return c.Kind.String() + ":" + c.ID
}

type key struct{}

// With returns a context that carries the caller. Only authentication calls
// it, and a service that acts for itself.
func With(ctx context.Context, c Caller) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the caller of the context; false when nobody was authenticated.
func From(ctx context.Context) (Caller, bool) {
	c, ok := ctx.Value(key{}).(Caller)
	return c, ok && c.Kind != 0
}

// MustAuthority returns the ID of the calling authority. Any other caller gets
// a Denied error, none an Unauthenticated one.
func MustAuthority(ctx context.Context) (string, error) {
	c, ok := From(ctx)
	switch {
	case !ok:
		return "", missing()
	case c.Kind != Authority:
		return "", fault.New(fault.Denied, "AUTHORITY_REQUIRED", "only an authority may do this").
			WithHelp("Call with the credentials of the authority concerned.")
	}
	return c.ID, nil
}

// Credentials are what a call brought to show who makes it. Empty fields were
// not brought.
type Credentials struct {
	// Authorization is the value of the authorization header or metadata entry.
	Authorization string
	// Certificate is the client's, verified by the transport.
	Certificate *x509.Certificate
	// Cookie is the value of the Cookie header.
	Cookie string
	// CaseWorker is a statement of who is behind an authority's call, signed by
	// the holder of Certificate.
	CaseWorker string
	// Person is a statement for whom a service calls, signed by the holder of
	// Certificate.
	Person string
	// Call is the full name of the method called, "/package.Service/Method", when it
	// is known: Person is for one.
	Call string
	// Since is when the stream was opened whose caller is asked for again; zero for
	// a call that begins.
	Since time.Time
	// Origin, FetchSite, Host and Method tell a browser's request: its headers
	// Origin, Sec-Fetch-Site and Host, and the HTTP method.
	Origin, FetchSite, Host, Method string
}

// Authenticator finds out who credentials belong to.
type Authenticator interface {
	// Authenticate names the caller. Its errors are Unauthenticated, or Unavailable
	// when it could not find out; they never repeat a credential.
	Authenticate(ctx context.Context, c Credentials) (Caller, error)
}

// Missing is the error for a call without any credentials that count.
func Missing() error { return missing() }

func missing() error {
	return fault.New(fault.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials").
		WithHelp("Send an authorization header of the form: Bearer <token>.")
}
