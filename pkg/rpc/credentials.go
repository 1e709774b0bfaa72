package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

// CredentialsOf are the credentials of an HTTP request, for handlers added with
// Handle that authenticate by themselves. A header that may come once and comes
// twice is an error.
func CredentialsOf(r *http.Request) (identity.Credentials, error) {
	c := identity.Credentials{
		Cookie: strings.Join(r.Header["Cookie"], "; "), Origin: strings.Join(r.Header["Origin"], " "),
		FetchSite: strings.Join(r.Header["Sec-Fetch-Site"], " "), Host: r.Host, Method: r.Method,
		Certificate: certificateOf(r.TLS), Call: r.URL.Path,
	}
	var err error
	if c.Authorization, err = once("authorization", r.Header["Authorization"]); err != nil {
		return identity.Credentials{}, err
	}
	if c.CaseWorker, err = once(identity.CaseWorkerHeader, r.Header[http.CanonicalHeaderKey(identity.CaseWorkerHeader)]); err != nil {
		return identity.Credentials{}, err
	}
	if c.Person, err = once(identity.PersonHeader, r.Header[http.CanonicalHeaderKey(identity.PersonHeader)]); err != nil {
		return identity.Credentials{}, err
	}
	return c, nil
}

// credentialsOf are the credentials of a call. Cookies are browsers', so they
// count on the HTTP port only.
func credentialsOf(ctx context.Context) (identity.Credentials, error) {
	since, _ := ctx.Value(sinceKey{}).(time.Time)
	if w, ok := webCallOf(ctx); ok {
		c := w.credentials
		c.Since = since
		return c, w.problem
	}
	c := identity.Credentials{Since: since}
	c.Call, _ = grpc.Method(ctx)
	var err error
	if c.Authorization, err = once("authorization", metadata.ValueFromIncomingContext(ctx, "authorization")); err != nil {
		return c, err
	}
	if c.CaseWorker, err = once(identity.CaseWorkerHeader, metadata.ValueFromIncomingContext(ctx, identity.CaseWorkerHeader)); err != nil {
		return c, err
	}
	if c.Person, err = once(identity.PersonHeader, metadata.ValueFromIncomingContext(ctx, identity.PersonHeader)); err != nil {
		return c, err
	}
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok {
			c.Certificate = certificateOf(&info.State)
		}
	}
	return c, nil
}

func once(what string, values []string) (string, error) {
	switch len(values) {
	case 0:
		return "", nil
	case 1:
		return values[0], nil
	default:
		return "", fault.New(fault.Unauthenticated, "CREDENTIALS_INVALID", "the call carries more than one %s", what)
	}
}

// certificateOf is the client's certificate if it was verified.
func certificateOf(state *tls.ConnectionState) *x509.Certificate {
	if state == nil || len(state.VerifiedChains) == 0 {
		return nil
	}
	return state.PeerCertificates[0]
}

// authenticate finds out who calls. A sibling is who it was dialled as, unless
// it brings somebody's token.
func (s *Server) authenticate(ctx context.Context) (identity.Caller, error) {
	c, err := credentialsOf(ctx)
	if err != nil {
		return identity.Caller{}, err
	}
	if c.Authorization == "" {
		if caller, ok := sibling(ctx); ok {
			return caller, nil
		}
	}
	caller, err := s.options.Authenticator.Authenticate(ctx, c)
	if err == nil && caller.Kind == 0 {
		return identity.Caller{}, identity.Missing()
	}
	return caller, err
}

// passOn leaves handlers the metadata they may see: no credentials, no baggage,
// nothing of an intermediary's that anybody can write.
func (s *Server) passOn(ctx context.Context) context.Context {
	var allowed metadata.MD
	for _, key := range s.options.Metadata {
		if values := metadata.ValueFromIncomingContext(ctx, key); len(values) > 0 {
			if allowed == nil {
				allowed = metadata.MD{}
			}
			allowed[strings.ToLower(key)] = values
		}
	}
	return metadata.NewIncomingContext(ctx, allowed)
}
