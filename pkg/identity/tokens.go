package identity

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/sync/singleflight"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
)

// TokenOptions say which bearer tokens are accepted and what they say.
type TokenOptions struct {
	// Issuer of the tokens, an https URL (http on the loopback, for development);
	// required. Where its keys are is found out at the first token.
	Issuer string
	// Audience the tokens must be for; required.
	Audience string
	// Algorithms of their signatures: any of RS256, PS256, ES256, EdDSA; default all.
	Algorithms []string
	// AuthorityClaim names the authority in an authority's token; default
	// "noticehub_authority".
	AuthorityClaim string
	// CaseWorkerClaim names the case worker behind an authority's token; default "case_worker".
	CaseWorkerClaim string
	// PersonClaim is the id of a person; default "sub".
	PersonClaim string
	// RolesClaim are the roles of a person, a list or words with spaces between;
	// default "roles". A token has this claim or the authority's, not both.
	RolesClaim string
	// MaxLifetime is the longest from iat to exp; default 1 h.
	MaxLifetime time.Duration
	// Recheck is how often the provider's userinfo endpoint is asked for the roles
	// of a person who goes on calling, so that a role taken away is gone before the
	// token expires; default 30 s. When the provider does not answer, the last
	// answer counts for twice that time. Below 0: the token's roles count until it expires.
	Recheck time.Duration
	// SignedIn is told of each token when it is accepted for the first time by this
	// process; its error is the caller's answer. May be nil.
	SignedIn func(context.Context, Caller) error
	// Clock is the machine's by default; it is no business clock.
	Clock clock.Clock
	// Client fetches from the issuer; the default has a timeout of 3 s and follows
	// no redirects.
	Client *http.Client
}

func (o TokenOptions) withDefaults() (TokenOptions, error) {
	set := func(s *string, value string) {
		if *s == "" {
			*s = value
		}
	}
	set(&o.AuthorityClaim, "noticehub_authority")
	set(&o.CaseWorkerClaim, "case_worker")
	set(&o.PersonClaim, "sub")
	set(&o.RolesClaim, "roles")
	if len(o.Algorithms) == 0 {
		o.Algorithms = []string{oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA}
	}
	if o.MaxLifetime == 0 {
		o.MaxLifetime = time.Hour
	}
	if o.Recheck == 0 {
		o.Recheck = 30 * time.Second
	}
	if o.Clock == nil {
		o.Clock = clock.System()
	}
	if o.Client == nil {
		o.Client = &http.Client{Timeout: 3 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	var problems []error
	if err := egress.Sealed(o.Issuer); err != nil {
		problems = append(problems, fmt.Errorf("identity: issuer %w", err))
	}
	if o.Audience == "" {
		problems = append(problems, errors.New("identity: an audience is required"))
	}
	for _, a := range o.Algorithms {
		switch a {
		case oidc.RS256, oidc.PS256, oidc.ES256, oidc.EdDSA:
		default:
			problems = append(problems, fmt.Errorf("identity: signatures by %q are not accepted", a))
		}
	}
	return o, errors.Join(problems...)
}

type tokens struct {
	o     TokenOptions
	keys  *keySet
	known *remembered[Caller]
	roles *remembered[checked]

	asking      singleflight.Group
	pausedUntil atomic.Int64 // in Unix nanoseconds
	// signed are the tokens that SignedIn was told of.
	signed *remembered[bool]
}

// rememberToken is how long a token that was good is not verified again; a key
// that the issuer withdrew may count that much longer.
const rememberToken = 30 * time.Second

// Tokens authenticates by OpenID Connect: a bearer token is a JWT of the issuer
// for the audience, signed by one of its keys, not expired, not of the future. A
// token with the authority's claim is that authority's, one with the roles'
// claim a person's.
//
// Keys are fetched at the first token, when they are old, and at a token whose
// key is not known, at most every 5 s. While the issuer cannot be reached, known
// keys count for an hour; without keys the error is Unavailable.
func Tokens(o TokenOptions) (Authenticator, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	return &tokens{
		o: o, keys: &keySet{issuer: o.Issuer, algorithms: o.Algorithms, client: o.Client, clock: o.Clock},
		known: newRemembered[Caller](maxRemembered), roles: newRemembered[checked](maxRemembered),
		signed: newRemembered[bool](maxRemembered),
	}, nil
}

func (t *tokens) Authenticate(ctx context.Context, c Credentials) (Caller, error) {
	token, ok := Bearer(c.Authorization)
	if !ok {
		if c.Authorization == "" {
			return Caller{}, missing()
		}
		return Caller{}, badToken("it is not of the form: Bearer <token>")
	}
	now, key := t.o.Clock.Now(), sha256.Sum256([]byte(token))
	caller, ok := t.known.get(key, now)
	if !ok {
		var until time.Time
		var err error
		if caller, until, err = t.verify(ctx, token, now); err != nil {
			return Caller{}, err
		}
		if err := t.tell(ctx, caller, key, until, now); err != nil {
			return Caller{}, err
		}
		if most := now.Add(rememberToken); until.After(most) {
			until = most
		}
		t.known.put(key, caller, until, now)
	}
	if caller.Kind == Person && t.o.Recheck > 0 {
		return t.recheck(ctx, caller, token, key, now)
	}
	return caller, nil
}

// tell makes the first use of a token known.
func (t *tokens) tell(ctx context.Context, c Caller, key [32]byte, until, now time.Time) error {
	if t.o.SignedIn == nil {
		return nil
	}
	if _, told := t.signed.get(key, now); told {
		return nil
	}
	if err := t.o.SignedIn(ctx, c); err != nil {
		return err
	}
	t.signed.put(key, true, until, now)
	return nil
}

// verify checks a token and says who it is of and until when.
func (t *tokens) verify(ctx context.Context, token string, now time.Time) (Caller, time.Time, error) {
	keys := &keysOfCall{set: t.keys}
	verifier := oidc.NewVerifier(t.o.Issuer, keys, &oidc.Config{
		ClientID: t.o.Audience, SupportedSigningAlgs: t.o.Algorithms, Now: func() time.Time { return now },
	})
	id, err := verifier.Verify(ctx, token)
	if err != nil {
		if fault.Is(keys.err, fault.Unavailable) {
			return Caller{}, time.Time{}, keys.err
		}
		var expired *oidc.TokenExpiredError
		if errors.As(err, &expired) {
			return Caller{}, time.Time{}, badToken("it has expired")
		}
		return Caller{}, time.Time{}, badToken("it is not one of the issuer's for this audience")
	}
	var claims map[string]json.RawMessage
	if err := id.Claims(&claims); err != nil {
		return Caller{}, time.Time{}, badToken("its claims cannot be read")
	}
	var notBefore float64
	_ = json.Unmarshal(claims["nbf"], &notBefore) // go-oidc has checked that it is a number if it is there
	switch {
	case id.IssuedAt.Unix() <= 0 || id.Expiry.Sub(id.IssuedAt) > t.o.MaxLifetime:
		return Caller{}, time.Time{}, badToken("it lasts longer than " + t.o.MaxLifetime.String())
	case id.IssuedAt.After(now.Add(skew)) || notBefore > float64(now.Add(skew).Unix()):
		return Caller{}, time.Time{}, badToken("it is from the future")
	}
	caller, err := t.caller(claims)
	return caller, id.Expiry, err
}

// IsPerson reports whether an id can be a person's: it goes into records and log
// lines as it is.
func IsPerson(id string) bool { return person.MatchString(id) }

// person is what the ids of persons look like; providers like to put a tenant
// before a bar.
var person = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@|-]{0,99}$`)

// caller is who the claims name.
func (t *tokens) caller(claims map[string]json.RawMessage) (Caller, error) {
	authority, isAuthority := claims[t.o.AuthorityClaim]
	_, isPerson := claims[t.o.RolesClaim]
	switch {
	case isAuthority == isPerson:
		return Caller{}, badToken("it must name an authority or a person's roles, and not both")
	case isAuthority:
		c := Caller{Kind: Authority, ID: text(authority), CaseWorker: text(claims[t.o.CaseWorkerClaim]), Session: session(claims)}
		if !name.MatchString(c.ID) {
			return Caller{}, badToken("its authority is not the id of one")
		}
		if _, has := claims[t.o.CaseWorkerClaim]; has && !isCaseWorker(c.CaseWorker) {
			return Caller{}, badToken("its case worker is not a name of 1 to 100 printable characters")
		}
		return c, nil
	}
	c := Caller{Kind: Person, ID: text(claims[t.o.PersonClaim]), Session: session(claims)}
	if !IsPerson(c.ID) {
		return Caller{}, badToken("its subject is not the id of a person")
	}
	var err error
	c.Roles, err = t.rolesIn(claims)
	return c, err
}

// rolesIn are the roles of the claims; none when the claim is missing.
func (t *tokens) rolesIn(claims map[string]json.RawMessage) ([]string, error) {
	raw, has := claims[t.o.RolesClaim]
	if !has {
		return nil, nil
	}
	var roles []string
	if json.Unmarshal(raw, &roles) != nil {
		var words string
		if json.Unmarshal(raw, &words) != nil {
			return nil, badToken("its roles are not a list of words")
		}
		roles = strings.Fields(words)
	}
	for _, role := range roles {
		if !name.MatchString(role) {
			return nil, badToken("its roles are not a list of words")
		}
	}
	return roles, nil
}

// session is the name of the sign-in, if it can go into a record.
func session(claims map[string]json.RawMessage) string {
	for _, claim := range []string{"sid", "jti"} {
		if s := text(claims[claim]); IsPerson(s) {
			return s
		}
	}
	return ""
}

func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

func badToken(why string) error {
	return fault.New(fault.Unauthenticated, "TOKEN_INVALID", "the token is not accepted: %s", why).
		WithHelp("Get a new token from the issuer.")
}
