package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"strings"

	"google.golang.org/grpc/credentials"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rate"
)

// serverTLS is the configuration of a listener: each handshake gets what the
// provider gives then, made strict.
func serverTLS(give func() (*tls.Config, error), client tls.ClientAuthType) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		NextProtos: []string{"h2", "http/1.1"},
		GetConfigForClient: func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			given, err := give()
			if err != nil {
				return nil, err
			}
			c := given.Clone()
			if c.ClientCAs == nil { // would mean: those of the system
				return nil, errors.New("no authorities for clients' certificates")
			}
			c.MinVersion, c.ClientAuth, c.SessionTicketsDisabled = tls.VersionTLS13, client, true
			verify := c.VerifyConnection
			c.VerifyConnection = func(state tls.ConnectionState) error {
				if verify != nil {
					if err := verify(state); err != nil {
						return err
					}
				}
				return claimFor(hello.Conn, state)
			}
			return c, nil
		},
	}
}

// claimFor counts a connection for the authority of its certificate.
func claimFor(conn net.Conn, state tls.ConnectionState) error {
	visitor, ok := conn.(*visitor)
	if !ok || len(state.PeerCertificates) == 0 {
		return nil
	}
	// Whether a certificate without a name may do anything is the authenticator's.
	if caller, err := identity.OfCertificate(state.PeerCertificates[0]); err == nil && caller.Kind == identity.Authority {
		return visitor.claim(caller.ID)
	}
	return nil
}

// noisy are gRPC's transport credentials that tell of handshakes that failed.
type noisy struct {
	credentials.TransportCredentials
	failed func(remote net.Addr, err error)
}

func (n noisy) ServerHandshake(c net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := n.TransportCredentials.ServerHandshake(c)
	if err != nil {
		n.failed(c.RemoteAddr(), err)
	}
	return conn, info, err
}

func (n noisy) Clone() credentials.TransportCredentials {
	return noisy{n.TransportCredentials.Clone(), n.failed}
}

// handshakeReason says why a handshake failed, by the words of crypto/tls and
// ours; record says whether it goes on record: somebody tried a certificate that
// does not let them in.
func handshakeReason(text string) (reason string, record bool) {
	for _, known := range []struct {
		words, reason string
		record        bool
	}{
		{"is revoked", "CERTIFICATE_REVOKED", true},
		{"whether the certificate is revoked", "REVOCATION_UNKNOWN", true},
		{"expired or is not yet valid", "CERTIFICATE_EXPIRED", true},
		{"unknown authority", "CERTIFICATE_UNTRUSTED", true},
		{"didn't provide a certificate", "CERTIFICATE_MISSING", true},
		{errTooMany.Error(), "TOO_MANY_CONNECTIONS", true},
		{"failed to verify certificate", "CERTIFICATE_INVALID", true},
		{"unsupported versions", "PROTOCOL_VERSION", false},
		{"does not look like a TLS handshake", "NOT_TLS", false},
		{"EOF", "INCOMPLETE", false},
		{"timeout", "INCOMPLETE", false},
		{"reset by peer", "INCOMPLETE", false},
		{"remote error", "REFUSED_BY_CLIENT", false},
	} {
		if strings.Contains(text, known.words) {
			return known.reason, known.record
		}
	}
	return "OTHER", false
}

// logEach is how often a second a failed handshake is told in the log, per reason.
const logEach = 1

func newHandshakeLog() *rate.Keyed { return rate.NewKeyed(logEach, 5, 64) }

// handshakeFailed tells of a connection that was refused: a metric always, a line
// in the log unless there are many, and the record.
func (s *Server) handshakeFailed(listener, remote, text string) {
	why, record := handshakeReason(text)
	s.metrics.handshakes.WithLabelValues(listener, why).Inc()
	if ok, _ := s.handshakeLog.Allow(why, 1, clock.System().Now()); ok {
		s.options.Telemetry.Log.Warn("connection refused", "server", s.options.Name, "listener", listener, "reason", why, "peer", remote)
	}
	if !record || s.options.Audit == nil {
		return
	}
	ctx, cancel := context.WithTimeout(audit.WithMethod(context.Background(), listener), refusalTime)
	defer cancel()
	err := s.options.Audit.Record(ctx, audit.Entry{
		Action: "connection.refused", Result: audit.Refused, Reason: why, Detail: map[string]string{"peer": remote},
	})
	if err != nil {
		s.metrics.unrecorded.Inc()
		s.options.Telemetry.Log.Error("a refusal could not be recorded", "server", s.options.Name, "reason", why, "error", err.Error())
	}
}

// httpLog takes net/http's log: failed handshakes are told as those of gRPC are.
type httpLog struct {
	server *Server
	rest   func(string)
}

func newHTTPLog(s *Server) httpLog {
	told := rate.NewKeyed(logEach, 10, 1)
	return httpLog{server: s, rest: func(text string) {
		if ok, _ := told.Allow("", 1, clock.System().Now()); ok {
			s.options.Telemetry.Log.Warn("HTTP server", slog.String("server", s.options.Name), slog.String("error", shorten(text)))
		}
	}}
}

func (l httpLog) Write(line []byte) (int, error) {
	text := strings.TrimSpace(string(line))
	if rest, is := strings.CutPrefix(text, "http: TLS handshake error from "); is {
		remote, why, _ := strings.Cut(rest, ": ")
		l.server.handshakeFailed("http", host(remote), why)
		return len(line), nil
	}
	if strings.Contains(text, "panic serving") {
		text = "a handler panicked" // with what, may be personal
	}
	l.rest(text)
	return len(line), nil
}
