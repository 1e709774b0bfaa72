package tlsfiles

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"time"
)

// Errors of certificates that a revocation list keeps out.
var (
	// ErrRevoked: the certificate is on its authority's list.
	ErrRevoked = errors.New("the certificate is revoked")
	// ErrRevocationUnknown: there is no list of its authority that is good now, so
	// nobody knows.
	ErrRevocationUnknown = errors.New("whether the certificate is revoked cannot be known: no current list of its authority")
)

// revocations are the lists of the authorities.
type revocations struct{ lists []revocationList }

type revocationList struct {
	authority *x509.Certificate
	from, to  time.Time
	serials   map[string]bool
}

// readRevoked reads the lists in a file; each must be signed by one of the
// authorities, and each authority can have several, of which the newest counts.
func readRevoked(path string, authorities []*x509.Certificate) (*revocations, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &revocations{}
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "X509 CRL" {
			continue
		}
		list, err := x509.ParseRevocationList(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		by := signer(list, authorities)
		if by == nil {
			return nil, fmt.Errorf("%s: a revocation list is not signed by one of the authorities", path)
		}
		one := revocationList{authority: by, from: list.ThisUpdate, to: list.NextUpdate, serials: make(map[string]bool, len(list.RevokedCertificateEntries))}
		for _, e := range list.RevokedCertificateEntries {
			one.serials[string(e.SerialNumber.Bytes())] = true
		}
		r.lists = append(r.lists, one)
	}
	if len(r.lists) == 0 {
		return nil, fmt.Errorf("%s has no revocation list", path)
	}
	return r, nil
}

func signer(list *x509.RevocationList, authorities []*x509.Certificate) *x509.Certificate {
	for _, a := range authorities {
		if list.CheckSignatureFrom(a) == nil {
			return a
		}
	}
	return nil
}

// check looks for every certificate of a chain but its root on its issuer's list.
func (r *revocations) check(chain []*x509.Certificate, now time.Time) error {
	for i := range len(chain) - 1 {
		list := r.of(chain[i+1], now)
		if list == nil {
			return ErrRevocationUnknown
		}
		if list.serials[string(chain[i].SerialNumber.Bytes())] {
			return ErrRevoked
		}
	}
	return nil
}

// of is the newest list of an authority that is good now.
func (r *revocations) of(authority *x509.Certificate, now time.Time) *revocationList {
	var newest *revocationList
	for i := range r.lists {
		l := &r.lists[i]
		// The same authority may have renewed certificates; name and key stay.
		if !bytes.Equal(l.authority.RawSubject, authority.RawSubject) || !bytes.Equal(l.authority.RawSubjectPublicKeyInfo, authority.RawSubjectPublicKeyInfo) {
			continue
		}
		if !now.Before(l.from) && now.Before(l.to) && (newest == nil || l.from.After(newest.from)) {
			newest = l
		}
	}
	return newest
}

func readCertificates(path string) ([]*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list []*x509.Certificate
	for rest := data; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		list = append(list, c)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s has no certificate", path)
	}
	return list, nil
}
