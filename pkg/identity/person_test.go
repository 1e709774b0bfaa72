package identity

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

const searching = "/noticehub.processing.v1.QueueService/SearchSubmissions"

var avery = Caller{Kind: Person, ID: "contact-officer.avery", Roles: []string{"contact-officer"}, Session: "0198c0de-0000-7000-8000-000000000001"}

// passing is a chain that believes the console, at a time.
func passing(at clock.Clock) Authenticator {
	return chain{Ways{
		Certificates: certificates{newAssertions(at)}, Tokens: fixed{"jwt": {Kind: Person, ID: "eve"}}, Cookies: browser{},
		PassesOn: "console", CookieNames: []string{SessionCookie},
	}, at}
}

func TestAPersonIsWhoTheConsoleSays(t *testing.T) {
	t.Parallel()
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []crypto.Signer{p256(t), edKey} {
		c := holder(t, key, "noticehub://service/console")
		said, err := SignPerson(key, avery, searching, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // for its minute it counts again: only its maker can send it
			got, err := passing(clock.System()).Authenticate(t.Context(), Credentials{Certificate: c, Person: said, Call: searching})
			if err != nil || !reflect.DeepEqual(got, avery) {
				t.Errorf("%+v %v", got, err)
			}
		}
		// Without a statement the console is itself.
		if got, err := passing(clock.System()).Authenticate(t.Context(), Credentials{Certificate: c, Call: searching}); err != nil || got.Actor() != "service:console" {
			t.Errorf("%+v %v", got, err)
		}
	}
	for name, bad := range map[string]Caller{
		"an authority": {Kind: Authority, ID: "frc"}, "nobody": {}, "no id": {Kind: Person}, "a line": {Kind: Person, ID: "a\nb"},
		"no role": {Kind: Person, ID: "a", Roles: []string{"Root User"}}, "no session": {Kind: Person, ID: "a", Session: "a b"},
		"many roles": {Kind: Person, ID: "a", Roles: make([]string, 100)},
	} {
		if said, err := SignPerson(edKey, bad, searching, time.Now()); err == nil || said != "" {
			t.Errorf("%s is stated", name)
		}
	}
	if _, err := SignPerson(edKey, avery, "SearchSubmissions", time.Now()); err == nil {
		t.Error("no method is stated")
	}
}

func TestBadStatementsAreRefused(t *testing.T) {
	t.Parallel()
	at := clock.NewFake(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC))
	now := at.Now().Unix()
	key, other := p256(t), p256(t)
	live := func(c *Credentials) { c.Certificate.NotAfter = at.Now().Add(time.Hour) }
	console := holder(t, key, "noticehub://service/console")
	say := func(change func(*statement), with crypto.Signer, typ jose.ContentType) string {
		s := statement{Subject: avery.ID, Roles: avery.Roles, Session: avery.Session, Audience: "noticehub", Method: searching, Issued: now, Expires: now + 60}
		if change != nil {
			change(&s)
		}
		said, err := signClaims(with, s, new(jose.SignerOptions).WithType(typ))
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	good := say(nil, key, personType)
	untyped, err := signClaims(key, statement{Subject: avery.ID, Audience: "noticehub", Method: searching, Issued: now, Expires: now + 60}, nil)
	if err != nil {
		t.Fatal(err)
	}
	altered := strings.Split(good, ".")
	altered[1] = strings.Split(say(func(s *statement) { s.Roles = []string{"auditor"} }, other, personType), ".")[1]
	for name, c := range map[string]Credentials{
		"the audience is another":  {Person: say(func(s *statement) { s.Audience = "elsewhere" }, key, personType)},
		"it has expired":           {Person: say(func(s *statement) { s.Issued, s.Expires = now-60, now }, key, personType)},
		"it is from the future":    {Person: say(func(s *statement) { s.Issued, s.Expires = now+31, now+60 }, key, personType)},
		"it lasts long":            {Person: say(func(s *statement) { s.Expires = now + 61 }, key, personType)},
		"it lasts not at all":      {Person: say(func(s *statement) { s.Expires = now }, key, personType)},
		"it has no times":          {Person: say(func(s *statement) { s.Issued, s.Expires = 0, 0 }, key, personType)},
		"it is for another method": {Person: say(func(s *statement) { s.Method = "/noticehub.audit.v1.AuditService/SearchEntries" }, key, personType)},
		"it is for no method":      {Person: say(func(s *statement) { s.Method = "" }, key, personType)},
		"it names nobody":          {Person: say(func(s *statement) { s.Subject = "" }, key, personType)},
		"it names a line":          {Person: say(func(s *statement) { s.Subject = "a\nb" }, key, personType)},
		"its roles are none":       {Person: say(func(s *statement) { s.Roles = []string{"", "A"} }, key, personType)},
		"its session is none":      {Person: say(func(s *statement) { s.Session = "a b" }, key, personType)},
		"another key":              {Person: say(nil, other, personType)},
		"another type":             {Person: say(nil, key, "jwt")},
		"no type":                  {Person: untyped},
		"altered":                  {Person: strings.Join(altered, ".")},
		"cut":                      {Person: good[:len(good)-10]},
		"long":                     {Person: good + strings.Repeat("A", maxStatement)},
		"a word":                   {Person: "officer"},
		"called is another method": {Person: good, Call: "/noticehub.audit.v1.AuditService/SearchEntries"},
		"another service":          {Person: good, Certificate: holder(t, key, "noticehub://service/intake")},
		"an authority":             {Person: good, Certificate: holder(t, key, "noticehub://authority/console")},
		"beside a token":           {Person: good, Authorization: "Bearer jwt"},
	} {
		if c.Certificate == nil {
			c.Certificate = holder(t, key, "noticehub://service/console")
		}
		if c.Call == "" {
			c.Call = searching
		}
		live(&c)
		if got, err := passing(at).Authenticate(t.Context(), c); fault.KindOf(err) != fault.Unauthenticated || got.Kind != 0 {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
	c := Credentials{Certificate: console, Person: good, Call: searching}
	live(&c)
	if got, err := passing(at).Authenticate(t.Context(), c); err != nil || got.ID != avery.ID {
		t.Errorf("the good one: %+v %v", got, err)
	}
	// A chain that believes nobody refuses it, too; so does one without certificates.
	for _, ways := range []Ways{{Certificates: certificates{newAssertions(at)}}, {Tokens: fixed{}, PassesOn: "console"}} {
		if got, err := (chain{ways, at}).Authenticate(t.Context(), c); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%+v %v", got, err)
		}
	}
}

// Whoever comes without a certificate gains nothing by the header.
func TestAStatementWithoutACertificate(t *testing.T) {
	t.Parallel()
	said, err := SignPerson(p256(t), Caller{Kind: Person, ID: "root", Roles: []string{"administrator"}}, searching, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ways := passing(clock.System())
	for name, c := range map[string]Credentials{"nothing": {}, "a token": {Authorization: "Bearer jwt"}} {
		c.Person, c.Call = said, searching
		var f *fault.Error
		if got, err := ways.Authenticate(t.Context(), c); !errors.As(err, &f) || f.Reason != "PERSON_INVALID" {
			t.Errorf("beside %s: %+v %v", name, got, err)
		}
	}
	cookie := Credentials{Cookie: SessionCookie + "=x", Method: "POST"}
	want, wantErr := ways.Authenticate(t.Context(), cookie)
	cookie.Person, cookie.Call = said, searching
	if got, err := ways.Authenticate(t.Context(), cookie); wantErr != nil || err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("beside a cookie: %+v %v, not %+v %v", got, err, want, wantErr)
	}
}

// A stream that was opened in time goes on when the statement has expired; one
// that is opened then does not, nor does any when the certificate has expired.
func TestAStreamOutlivesItsStatement(t *testing.T) {
	t.Parallel()
	at := clock.NewFake(time.Now())
	key := p256(t)
	opened := at.Now()
	said, err := SignPerson(key, avery, searching, opened)
	if err != nil {
		t.Fatal(err)
	}
	c := Credentials{Certificate: holder(t, key, "noticehub://service/console"), Person: said, Call: searching, Since: opened}
	at.Advance(10 * time.Minute)
	if got, err := passing(at).Authenticate(t.Context(), c); err != nil || got.ID != avery.ID {
		t.Errorf("%+v %v", got, err)
	}
	for name, since := range map[string]time.Time{"a new call": {}, "a stream opened later": opened.Add(PersonLifetime), "one of the future": at.Now().Add(time.Hour)} {
		c.Since = since
		if _, err := passing(at).Authenticate(t.Context(), c); fault.KindOf(err) != fault.Unauthenticated {
			t.Errorf("%s: %v", name, err)
		}
	}
	c.Since = opened
	at.Advance(time.Hour)
	if _, err := passing(at).Authenticate(t.Context(), c); fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("the certificate has expired: %v", err)
	}
}

// A statement is no assertion of a case worker, should one key ever sign both.
func TestAStatementIsNoAssertion(t *testing.T) {
	t.Parallel()
	key := p256(t)
	said, err := SignPerson(key, avery, searching, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got, err := newAssertions(clock.System()).verify(holder(t, key, "noticehub://authority/frc"), said); err == nil {
		t.Errorf("the case worker is %q", got)
	}
	worker, err := SignCaseWorker(key, avery.ID, time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := stated(holder(t, key, "noticehub://service/console"), worker, searching, time.Time{}, clock.System()); err == nil {
		t.Errorf("the person is %+v", got)
	}
}

// FuzzPerson: only what the key signed names a person.
func FuzzPerson(f *testing.F) {
	key := p256(f)
	c := holder(f, key, "noticehub://service/console")
	good, err := SignPerson(key, avery, searching, time.Now())
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, good + "x", strings.ReplaceAll(good, ".", ".."), "e30.e30.", "{}", ""} {
		f.Add(seed)
	}
	opened := time.Now()
	f.Fuzz(func(t *testing.T, token string) {
		got, err := stated(c, token, searching, opened, clock.System())
		if err == nil && !reflect.DeepEqual(got, avery) || err != nil && (fault.KindOf(err) != fault.Unauthenticated || got.Kind != 0) {
			t.Errorf("%q: %+v %v", token, got, err)
		}
	})
}
