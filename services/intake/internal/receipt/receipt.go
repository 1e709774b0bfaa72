// Package receipt makes and checks the receipts authorities hold.
//
// Duty: bind a submission's id, authority, reference, content and time by an
// Ed25519 signature (RFC 8032), so that the agency cannot deny having taken it
// and nobody else can claim it did.
//
// All receipts of an authority in one transaction share one signature: they are
// the leaves of a Merkle tree (RFC 6962, section 2.1), whose root is signed, and
// each receipt carries the hashes that lead from it to the root. To check a receipt
// without the hub:
//
// 1. Write the text of the receipt: UTF-8, eight lines, each ended by a line
// feed (0x0a).
//
//	noticehub receipt 1
//	submission_id: 01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11
//	authority_id: qld-cp
//	reference: CP/2026-000123
//	content_hash: <SHA-256 of the content, 64 lower-case hexadecimal digits>
//	lodged_at: 2026-11-22T23:04:05.123456Z
//	status: PENDING
//	earliest_report_date: 2026-11-24
//
// The time is UTC with exactly six decimals. The content is the submission's
// protobuf encoding with fields in order of their numbers and defaults left out
// ("deterministic marshalling" in the official libraries).
//
// 2. Work out the root. h = SHA-256(0x00 || text), i = leaf_index, which must be
// from 0 to tree_size-1, and n = tree_size-1. While n > 0: if i is even and i = n,
// nothing stands beside h; else take the next hash p of the path, and
// h = SHA-256(0x01 || p || h) if i is odd, h = SHA-256(0x01 || h || p) if it is
// even. Then halve i and n, dropping remainders. At the end h is the root; a path
// too short, or not used up, is wrong.
//
// 3. Write the signed text, four lines like those above, and check the signature
// over it. The size is decimal without leading zeros.
//
//	noticehub receipt root 1
//	tree_size: 31
//	root: <64 lower-case hexadecimal digits>
//	key_id: 1f8a09c2b3d4e5f6
//
// key_id is the first 16 hexadecimal digits of the SHA-256 of the 32-byte public
// key; it is part of the text so that a signature cannot be passed off as another
// key's.
//
// Guarantees: what is signed depends on nothing but the receipts, their order and
// the key. A tree holds receipts of one authority only, so that neither its size
// nor its hashes tell anything of another's. A path shows the authority's other
// receipts only as hashes, and whoever is shown a single receipt cannot try them
// against guesses of their content, since the random bits of the submission's id
// are part of the text. Not here: telling authorities the public keys, which
// happens out of band, and keeping trees and signatures, which the store does so
// that a receipt outlives its key.
package receipt

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
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
	// BatchID names what is kept of the tree.
	BatchID clock.ID
	// Proof places it among those signed with it.
	Proof Proof
	// Signature over the tree's size and root, 64 bytes.
	Signature []byte
	// KeyID names the key that signed.
	KeyID string
}

// textRoom is enough for most texts.
const textRoom = 384

// Text is what the receipt's leaf is the hash of.
func (r *Receipt) Text() []byte { return r.appendText(nil) }

func (r *Receipt) appendText(b []byte) []byte {
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
	return append(b, '\n')
}

// rootText is what is signed.
func rootText(size int, root Hash, keyID string) []byte {
	b := append(make([]byte, 0, 192), "noticehub receipt root 1\ntree_size: "...)
	b = strconv.AppendInt(b, int64(size), 10)
	b = append(b, "\nroot: "...)
	b = hex.AppendEncode(b, root[:])
	b = append(b, "\nkey_id: "...)
	b = append(b, keyID...)
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
		return errors.New("the receipt's authority or reference holds a line break")
	case r.LodgedAt.Nanosecond()%1000 != 0:
		return errors.New("the receipt's time has more than six decimals")
	}
	leaf, _ := hashLeaf(&r, nil)
	root, err := r.Proof.root(leaf)
	if err != nil {
		return err
	}
	if !ed25519.Verify(public, rootText(r.Proof.TreeSize, root, r.KeyID), r.Signature) {
		return errors.New("the receipt's signature does not fit its fields and its path")
	}
	return nil
}
