package identity

import (
	"crypto/x509"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// FuzzCaseWorker: only what the key signed names a case worker.
func FuzzCaseWorker(f *testing.F) {
	key := p256(f)
	c := holder(f, key, "noticehub://authority/frc")
	good, err := SignCaseWorker(key, "alex", time.Now(), time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{good, good + "x", strings.ReplaceAll(good, ".", ".."), "e30.e30.", "{}", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		a := newAssertions(clock.System())
		got, err := a.verify(c, token)
		// ECDSA signatures can be rewritten; the claims cannot.
		if err == nil && got != "alex" || err != nil && (fault.KindOf(err) != fault.Unauthenticated || got != "") {
			t.Errorf("%q: %q %v", token, got, err)
		}
	})
}

// FuzzCertificate: a name that is accepted is exactly the one URI writes.
func FuzzCertificate(f *testing.F) {
	for _, seed := range []string{"noticehub://authority/frc", "noticehub://service/a-b_c", "noticehub://authority/%66", "noticehub://authority/frc?", "//authority/x", "noticehub:x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		u, err := url.Parse(text)
		if err != nil {
			return
		}
		got, err := OfCertificate(&x509.Certificate{URIs: []*url.URL{u}})
		switch {
		case err != nil && got.Kind != 0:
			t.Errorf("%q: %+v with %v", text, got, err)
		case err == nil && (URI(got).String() != u.String() || !name.MatchString(got.ID) || got.Kind == Person):
			t.Errorf("%q: %+v", text, got)
		}
	})
}

// FuzzCredentials: whatever a call brings, there is a caller or a refusal.
func FuzzCredentials(f *testing.F) {
	ways := Chain(Ways{Certificates: Certificates(), Tokens: fixed{"jwt": {Kind: Authority, ID: "frc"}}, Cookies: browser{}, Development: Development()})
	f.Add("Bearer dev.authority.frc", "", "")
	f.Add("bearer jwt", "a=b; "+SessionCookie+"=x", "e30.e30.x")
	f.Add("", SessionCookie+"=\"x\"; ;=", "")
	f.Add("Basic eDp5", "\x00", "..")
	f.Fuzz(func(t *testing.T, authorization, cookie, caseWorker string) {
		got, err := ways.Authenticate(t.Context(), Credentials{Authorization: authorization, Cookie: cookie, CaseWorker: caseWorker})
		if err == nil && got.Kind == 0 || err != nil && (got.Kind != 0 || fault.KindOf(err) != fault.Unauthenticated) {
			t.Errorf("%q %q %q: %+v %v", authorization, cookie, caseWorker, got, err)
		}
	})
}
