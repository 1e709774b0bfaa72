package identity

import (
	"context"
	"crypto/x509"
	"net/url"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// scheme of the URIs by which certificates name callers.
const scheme = "noticehub"

// URI is the name a certificate has for the caller, as a subject alternative
// name: "noticehub://authority/frc". Persons have no certificates.
func URI(c Caller) *url.URL {
	return &url.URL{Scheme: scheme, Host: c.Kind.String(), Path: "/" + c.ID}
}

// OfCertificate is the authority or service that a certificate names. It has
// exactly one URI among its subject alternative names, exactly as URI writes it:
// two would leave open who calls. The subject and DNS names mean nothing. It
// does not verify the certificate; the transport did.
func OfCertificate(c *x509.Certificate) (Caller, error) {
	if c == nil || len(c.URIs) != 1 {
		return Caller{}, unnamed()
	}
	u := c.URIs[0]
	for _, kind := range []Kind{Authority, Service} {
		if u.Host != kind.String() || len(u.Path) < 2 {
			continue
		}
		caller := Caller{Kind: kind, ID: u.Path[1:]}
		if name.MatchString(caller.ID) && u.String() == URI(caller).String() {
			return caller, nil
		}
	}
	return Caller{}, unnamed()
}

func unnamed() error {
	return fault.New(fault.Unauthenticated, "CERTIFICATE_UNNAMED", "the certificate names no authority and no service").
		WithHelp("Use a certificate whose one URI name reads noticehub://authority/<id> or noticehub://service/<id>.")
}

type certificates struct{ assertions *assertions }

// Certificates authenticates by the client's certificate (OfCertificate), which
// the transport has verified. An authority's call may bring a case worker's
// assertion (SignCaseWorker), checked with the certificate's key.
func Certificates() Authenticator { return certificates{newAssertions(clock.System())} }

func (a certificates) Authenticate(_ context.Context, c Credentials) (Caller, error) {
	if c.Certificate == nil {
		return Caller{}, missing()
	}
	// A connection can outlive the certificate that opened it.
	if a.assertions.clock.Now().After(c.Certificate.NotAfter) {
		return Caller{}, fault.New(fault.Unauthenticated, "CERTIFICATE_EXPIRED", "the certificate has expired").WithHelp("Connect with a current one.")
	}
	caller, err := OfCertificate(c.Certificate)
	if err != nil || c.CaseWorker == "" {
		return caller, err
	}
	if caller.Kind != Authority {
		return Caller{}, badCaseWorker("only an authority's calls have case workers")
	}
	caller.CaseWorker, err = a.assertions.verify(c.Certificate, c.CaseWorker)
	if err != nil {
		return Caller{}, err
	}
	return caller, nil
}
