package tlsfiles

import (
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"
)

// Server is the configuration for the next handshake of a server. Clients must
// show a certificate of one of the authorities, not revoked; a listener that
// takes others too changes ClientAuth. Ask for each handshake
// (tls.Config.GetConfigForClient), so that changed files count.
func (s *Store) Server() (*tls.Config, error) {
	now := s.now()
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{now.certificate},
		ClientCAs:    now.authorities,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		NextProtos:   []string{"h2", "http/1.1"},
		Time:         s.o.Clock.Now,
		// A session that is resumed would pass by a certificate revoked meanwhile.
		SessionTicketsDisabled: true,
		VerifyConnection:       func(c tls.ConnectionState) error { return s.check(now, c) },
	}, nil
}

// Client is the configuration for the next connection of a client: servers must
// have a certificate of one of the authorities for the name dialled, not
// revoked. Ask for each connection.
func (s *Store) Client() (*tls.Config, error) {
	now := s.now()
	return &tls.Config{
		MinVersion:       tls.VersionTLS13,
		Certificates:     []tls.Certificate{now.certificate},
		RootCAs:          now.authorities,
		NextProtos:       []string{"h2", "http/1.1"},
		Time:             s.o.Clock.Now,
		VerifyConnection: func(c tls.ConnectionState) error { return s.check(now, c) },
	}, nil
}

// Key is the private key as it is now, for signing with what the certificate proves.
func (s *Store) Key() (crypto.Signer, error) {
	key, ok := s.now().certificate.PrivateKey.(crypto.Signer)
	if !ok {
		return nil, errors.New("tlsfiles: the key cannot sign")
	}
	return key, nil
}

// Leaf is the certificate as it is now.
func (s *Store) Leaf() *x509.Certificate { return s.now().certificate.Leaf }

// Left is how long the certificate is still good; negative when it has expired.
func (s *Store) Left() time.Duration { return s.Leaf().NotAfter.Sub(s.o.Clock.Now()) }

// check refuses the other side's chain when something in it is revoked. Without
// a certificate there is nothing to check.
func (s *Store) check(now *loaded, c tls.ConnectionState) error {
	if now.revoked == nil || len(c.PeerCertificates) == 0 {
		return nil
	}
	if len(c.VerifiedChains) == 0 {
		return errors.New("tlsfiles: the certificate was not verified")
	}
	var err error
	for _, chain := range c.VerifiedChains {
		if err = now.revoked.check(chain, s.o.Clock.Now()); err == nil {
			return nil // one good way to an authority is enough
		}
	}
	return err
}
