package identity

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// SessionCookie is the name of the cookie with a browser's session. Its prefix
// makes browsers take it over TLS only, for this host and every path.
const SessionCookie = "__Host-noticehub-session"

// Ways are the ways to show who calls. Those that are nil are not accepted: a
// call that brings their credentials is refused.
type Ways struct {
	// Certificates takes clients' certificates and case workers' assertions.
	Certificates Authenticator
	// Tokens takes bearer tokens.
	Tokens Authenticator
	// Cookies takes browsers' session cookies; it guards against forged requests
	// from other sites.
	Cookies Authenticator
	// Development takes tokens of the form "dev.…"; never where others can reach it.
	Development Authenticator
	// PassesOn is the ID of the service that people sign in at: its calls may be for
	// a person, who they are for then. Its statements (SignPerson) count by its
	// certificate, so Certificates must not be nil. "" takes nobody's.
	PassesOn string
	// CookieNames are the cookies that hold a session; default SessionCookie.
	// Others are ignored.
	CookieNames []string
}

// Chain accepts credentials in any of the ways. What a call brings must agree:
//   - A token beside a session cookie is refused, as are a certificate and a cookie.
//   - Beside an authority's certificate a token must be of the same authority.
//   - Beside a service's certificate a token of a person decides: the service
//     passes the person's call on. A token of another service is refused.
//   - In development a person's token decides beside any certificate, and an
//     authority's beside a service's.
//   - Beside the certificate of PassesOn a statement of a person decides: the call is
//     that person's. Beside any other certificate, a token or nothing it is refused;
//     beside a session cookie it means nothing.
//   - Two different case workers, by assertion and by token, are refused.
//
// A certificate that names nobody is refused even with a good token.
func Chain(w Ways) Authenticator {
	if len(w.CookieNames) == 0 {
		w.CookieNames = []string{SessionCookie}
	}
	return chain{w, clock.System()}
}

type chain struct {
	Ways
	clock clock.Clock
}

func (a chain) Authenticate(ctx context.Context, c Credentials) (Caller, error) {
	session, err := a.session(c.Cookie)
	switch {
	case err != nil:
		return Caller{}, err
	case c.Authorization == "" && c.Certificate == nil && !session:
		if c.CaseWorker != "" {
			return Caller{}, badCaseWorker(unsigned)
		}
		if c.Person != "" {
			return Caller{}, badPerson(unsigned)
		}
		return Caller{}, missing()
	case session && (c.Authorization != "" || c.Certificate != nil):
		return Caller{}, conflict("a session cookie beside other credentials")
	case session:
		return by(a.Cookies, ctx, c)
	}
	var certified Caller
	if c.Certificate != nil {
		if certified, err = by(a.Certificates, ctx, c); err != nil {
			return Caller{}, err
		}
	} else if c.CaseWorker != "" {
		return Caller{}, badCaseWorker(unsigned)
	}
	if c.Person != "" {
		return a.passed(certified, c)
	}
	if c.Authorization == "" {
		return certified, nil
	}
	way, development := a.Tokens, isDevelopment(c.Authorization)
	if development {
		way = a.Development
	}
	told, err := by(way, ctx, c)
	if err != nil || c.Certificate == nil {
		return told, err
	}
	return agree(certified, told, development)
}

// unsigned is why a signed header without a certificate is refused.
const unsigned = "it needs the certificate whose key signed it"

// passed is the person for whom a service passes a call on.
func (a chain) passed(certified Caller, c Credentials) (Caller, error) {
	switch {
	case c.Certificate == nil:
		return Caller{}, badPerson(unsigned)
	case a.PassesOn == "" || certified.Kind != Service || certified.ID != a.PassesOn:
		return Caller{}, badPerson("this caller passes on nobody's calls")
	case c.Authorization != "":
		return Caller{}, conflict("a token beside the statement of a person")
	}
	return stated(c.Certificate, c.Person, c.Call, c.Since, a.clock)
}

func by(way Authenticator, ctx context.Context, c Credentials) (Caller, error) { //nolint:revive // reads as a sentence
	if way == nil {
		return Caller{}, unwanted()
	}
	return way.Authenticate(ctx, c)
}

// agree joins what a certificate and a token say.
func agree(certified, told Caller, development bool) (Caller, error) {
	same := certified.Kind == told.Kind && certified.ID == told.ID
	switch {
	case same && told.CaseWorker != "" && certified.CaseWorker != "" && told.CaseWorker != certified.CaseWorker:
		return Caller{}, conflict("two case workers")
	case same && told.CaseWorker == "":
		told.CaseWorker = certified.CaseWorker
		return told, nil
	case same,
		told.Kind == Person && (certified.Kind == Service || development),
		told.Kind == Authority && certified.Kind == Service && development:
		return told, nil
	default:
		return Caller{}, conflict("a certificate and a token of different callers")
	}
}

func unwanted() error {
	return fault.New(fault.Unauthenticated, "CREDENTIALS_INVALID", "the credentials are not accepted").
		WithHelp("Sign in again, or ask which credentials this hub accepts.")
}

func conflict(what string) error {
	return fault.New(fault.Unauthenticated, "CREDENTIALS_CONFLICT", "the call carries credentials that do not agree: %s", what).
		WithHelp("Send the credentials of one caller only.")
}

// session reports whether the Cookie header holds a session, and refuses two.
func (a chain) session(header string) (bool, error) {
	if header == "" {
		return false, nil
	}
	found := 0
	cookies, err := http.ParseCookie(header)
	if err != nil {
		// One cookie that is not well-formed spoils the header for the parser, not for
		// somebody who looks for a session elsewhere: nobody gets in by it.
		if slices.ContainsFunc(a.CookieNames, func(n string) bool { return strings.Contains(header, n) }) {
			return false, unwanted()
		}
		return false, nil
	}
	for _, cookie := range cookies {
		if slices.Contains(a.CookieNames, cookie.Name) {
			found++
		}
	}
	if found > 1 {
		return false, conflict("two session cookies")
	}
	return found == 1, nil
}

// Bearer is the token of an authorization header of that scheme.
func Bearer(authorization string) (token string, ok bool) {
	if len(authorization) <= len(bearer) || !strings.EqualFold(authorization[:len(bearer)], bearer) {
		return "", false
	}
	token = authorization[len(bearer):]
	for i := range len(token) {
		if token[i] <= ' ' || token[i] >= 0x7f {
			return "", false
		}
	}
	return token, true
}

func isDevelopment(authorization string) bool {
	token, ok := Bearer(authorization)
	return ok && strings.HasPrefix(token, "dev.")
}
