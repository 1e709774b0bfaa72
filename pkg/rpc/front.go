package rpc

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

// webCall is what the HTTP port knows of a request before it is translated.
type webCall struct {
	credentials identity.Credentials
	problem     error
	remote      string
	connected   time.Time

	// asked says that it was found out who calls before the body was read, with
	// caller or problem as the answer; the chain takes it from here.
	asked  bool
	caller identity.Caller
	body   io.ReadCloser // the request's own
	// reached says that the request came to the chain, which records refusals, or
	// to a handler that is open to all.
	reached atomic.Bool
}

type webKey struct{}

// withWebCall keeps a request's credentials for the chain: after translation
// nobody knows its method any more.
func withWebCall(r *http.Request) (*webCall, *http.Request) {
	c := &webCall{remote: r.RemoteAddr, body: r.Body}
	c.connected, _ = r.Context().Value(connectedKey{}).(time.Time)
	c.credentials, c.problem = CredentialsOf(r)
	return c, r.WithContext(context.WithValue(r.Context(), webKey{}, c))
}

func webCallOf(ctx context.Context) (*webCall, bool) {
	c, ok := ctx.Value(webKey{}).(*webCall)
	return c, ok
}

// ask finds out who makes a unary request before anything of its body is read:
// translating it needs all of it in memory, which strangers must not fill. Whoever
// is refused gets the refusal in place of a body, so that it is answered in the
// form of the request's protocol.
func (s *Server) ask(c *webCall, r *http.Request) (admitted bool) {
	ctx, cancel := context.WithTimeout(r.Context(), maxUnary)
	defer cancel()
	c.caller, c.problem = s.who(ctx)
	c.asked = true
	if c.problem != nil {
		r.Body = refusedBody{connectError(c.problem)}
	}
	return c.problem == nil
}

// who finds out who calls and takes the caller's token for one call.
func (s *Server) who(ctx context.Context) (identity.Caller, error) {
	if c, ok := webCallOf(ctx); ok && c.asked {
		return c.caller, c.problem
	}
	caller, err := s.authenticate(ctx)
	if err == nil {
		err = s.limits.call(caller)
	}
	return caller, err
}

type refusedBody struct{ error }

func (b refusedBody) Read([]byte) (int, error) { return 0, b.error }
func (refusedBody) Close() error               { return nil }

// openToAll is the handler of requests that are for no service; who makes them
// does not matter, so they have their own body.
func (s *Server) openToAll(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := webCallOf(r.Context()); ok {
			c.reached.Store(true)
			if _, refused := r.Body.(refusedBody); refused {
				r.Body = http.MaxBytesReader(w, c.body, int64(s.options.MaxMessageBytes))
			}
		}
		h.ServeHTTP(w, r)
	})
}

// beforeTheChain is the method on record of requests that were refused before
// anybody knew which one they were for.
var beforeTheChain = &method{full: "http"}

// recordFront puts a request on record that was refused with an HTTP status before it
// reached the chain: for who made it, or because it could not be translated.
func (s *Server) recordFront(c *webCall, r *http.Request, status int) {
	if c.reached.Load() {
		return
	}
	var why string
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		why = "UNAUTHENTICATED"
	case http.StatusBadRequest:
		why = "REQUEST_INVALID"
	case http.StatusRequestEntityTooLarge, http.StatusTooManyRequests:
		why = "MESSAGE_TOO_LARGE"
	default:
		return // such as an address that is none
	}
	if c.problem != nil {
		why, _ = beforeTheChain.refused(r.Context(), c.problem)
	}
	ctx := audit.WithMethod(r.Context(), beforeTheChain.full)
	if c.caller.Kind != 0 {
		ctx = identity.With(ctx, c.caller)
	}
	s.recordRefusal(ctx, beforeTheChain, why, "")
}

// connectedKey is of when the connection of a request began.
type connectedKey struct{}

// aged reports whether a connection should end: a certificate that was revoked
// since its handshake must not be good for as long as somebody keeps it open.
func (s *Server) aged(connected time.Time, grace time.Duration) bool {
	return !connected.IsZero() && clock.System().Now().Sub(connected) > s.options.MaxConnectionAge+grace
}

var (
	errAged = fault.New(fault.Unavailable, "CONNECTION_AGED", "the connection is too old").
		WithHelp("Connect again and resume.").WithRetry(retryUnsaid)
	errChanged = fault.New(fault.Unavailable, "CALLER_CHANGED", "what the caller may do has changed").
			WithHelp("Connect again and resume.").WithRetry(retryUnsaid)
)

type unattendedKey struct{}

// unattended marks a context for authenticators.
func unattended(ctx context.Context) context.Context {
	return context.WithValue(ctx, unattendedKey{}, true)
}

// Unattended reports whether an authenticator is asked for a stream that a server
// sends, when it is opened or while it is open. Pages open such streams by
// themselves, again and again, and keep them open: it is no sign that somebody is
// there, and must not keep a session alive that nobody uses.
func Unattended(ctx context.Context) bool {
	is, _ := ctx.Value(unattendedKey{}).(bool)
	return is
}

// sinceKey is of when the stream was opened whose caller is asked for again.
type sinceKey struct{}

// keepAsking finds out again and again who has a stream and whether they still
// may, until ctx, the stream's own context, ends. The first answer that ends the
// stream is returned.
func (s *Server) keepAsking(ctx context.Context, m *method, caller identity.Caller, since time.Time) error {
	ctx = context.WithValue(ctx, sinceKey{}, since)
	tick := time.NewTicker(s.options.Recheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := s.still(ctx, m, caller); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (s *Server) still(ctx context.Context, m *method, caller identity.Caller) error {
	if c, ok := webCallOf(ctx); ok && s.aged(c.connected, ageGrace) {
		return errAged
	}
	ctx, cancel := context.WithTimeout(unattended(ctx), maxUnary)
	defer cancel()
	now, err := s.authenticate(ctx)
	switch {
	case errors.Is(err, context.Canceled):
		return nil
	case err != nil:
		return err
	case now.Kind != caller.Kind || now.ID != caller.ID || !sameRoles(now.Roles, caller.Roles):
		if err := s.options.Table.Check(m.full, now); err != nil {
			return err
		}
		return errChanged
	}
	return nil
}

func sameRoles(a, b []string) bool {
	holds := func(all, some []string) bool {
		for _, role := range some {
			if !(identity.Caller{Roles: all}).Has(role) {
				return false
			}
		}
		return true
	}
	return holds(a, b) && holds(b, a)
}

// astray reports whether a request by plain HTTP came to this machine's loopback
// under the name of another: a page somewhere whose name was made to point here
// (DNS rebinding). In development nothing else would keep it out.
func (s *Server) astray(r *http.Request) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok || !s.options.Development || r.TLS != nil || !loopback(at) {
		return false
	}
	name := (&url.URL{Host: r.Host}).Hostname()
	ip := net.ParseIP(name)
	return name != "localhost" && (ip == nil || !ip.IsLoopback())
}
