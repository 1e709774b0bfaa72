// Package receipt makes and checks the receipts authorities hold.
//
// Duty: bind a submission's id, authority, reference, content and time by an
// Ed25519 signature (RFC 8032), so that the agency cannot deny having taken it
// and nobody else can claim it did.
//
// The signed text is UTF-8, nine lines, each ended by a line feed (0x0a):
//
//	noticehub receipt 1
//	submission_id: 01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11
//	authority_id: qld-cp
//	reference: CP/2026-000123
//	content_hash: <SHA-256 of the content, 64 lower-case hexadecimal digits>
//	lodged_at: 2026-11-22T23:04:05.123456Z
//	status: PENDING
//	earliest_report_date: 2026-11-24
//	key_id: 1f8a09c2b3d4e5f6
//
// The time is UTC with exactly six decimals. The content is the submission's
// protobuf encoding with fields in order of their numbers and defaults left out
// ("deterministic marshalling" in the official libraries). key_id is the first
// 16 hexadecimal digits of the SHA-256 of the 32-byte public key; it is part of
// the text so that a signature cannot be passed off as another key's.
//
// Guarantees: signing is deterministic, so the same receipt always has the same
// signature. Not here: telling authorities the public keys, which happens out of
// band, and keeping signatures, which the store does so that a receipt outlives
// its key.
package receipt

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
)

// Receipt is proof that a submission was taken.
type Receipt struct {
	// SubmissionID given by the hub.
	SubmissionID clock.ID
	// AuthorityID that lodged it.
	AuthorityID string
	// Reference the authority gave.
	Reference string
	// ContentHash is the SHA-256 of the content.
	ContentHash [32]byte
	// LodgedAt is when it was taken: business time in whole microseconds, the
	// most the database keeps.
	LodgedAt time.Time
	// EarliestReportDate is the first daily report that can carry the outcome.
	EarliestReportDate calendar.Date
	// Signature over Text, 64 bytes.
	Signature []byte
	// KeyID names the key that signed.
	KeyID string
}

// Text is what is signed.
func (r *Receipt) Text() []byte {
	b := make([]byte, 0, 384)
	b = append(b, "noticehub receipt 1\nsubmission_id: "...)
	b = append(b, r.SubmissionID.String()...)
	b = append(b, "\nauthority_id: "...)
	b = append(b, r.AuthorityID...)
	b = append(b, "\nreference: "...)
	b = append(b, r.Reference...)
	b = append(b, "\ncontent_hash: "...)
	b = hex.AppendEncode(b, r.ContentHash[:])
	b = append(b, "\nlodged_at: "...)
	b = r.LodgedAt.UTC().AppendFormat(b, "2006-01-02T15:04:05.000000Z")
	b = append(b, "\nstatus: PENDING\nearliest_report_date: "...)
	b = append(b, r.EarliestReportDate.String()...)
	b = append(b, "\nkey_id: "...)
	b = append(b, r.KeyID...)
	return append(b, '\n')
}

// Verify reports why the receipt was not made by the holder of the key, or nil.
func Verify(public ed25519.PublicKey, r Receipt) error {
	switch {
	case len(public) != ed25519.PublicKeySize:
		return fmt.Errorf("a public key has %d bytes, not %d", ed25519.PublicKeySize, len(public))
	case r.KeyID != KeyID(public):
		return fmt.Errorf("the receipt was signed with key %q, this is key %q", r.KeyID, KeyID(public))
	case strings.ContainsAny(r.AuthorityID+r.Reference, "\r\n"):
		// A line break could make one text out of two different receipts.
		return fmt.Errorf("the receipt's authority or reference holds a line break")
	case !ed25519.Verify(public, r.Text(), r.Signature):
		return fmt.Errorf("the receipt's signature does not fit its fields")
	}
	return nil
}
