package receipt

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

// FuzzVerify: only what was signed verifies, whatever is put into a receipt's fields.
func FuzzVerify(f *testing.F) {
	key := NewKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	receipts := make([]*Receipt, 3)
	for i := range receipts {
		receipts[i] = &Receipt{SubmissionID: clock.DerivedID(clock.ID{}, string(rune('a'+i))), AuthorityID: "frc", Reference: "r", LodgedAt: time.UnixMicro(1), EarliestReportDate: 1}
	}
	key.Seal(receipts)
	flat := func(p Proof) (b []byte) {
		for _, h := range p.Path {
			b = append(b, h[:]...)
		}
		return b
	}
	for _, r := range receipts {
		f.Add(r.AuthorityID, r.Reference, r.ContentHash[:], int64(1), r.Proof.LeafIndex, r.Proof.TreeSize, flat(r.Proof), r.Signature)
	}
	f.Add("frc\nreference: r", "", []byte{}, int64(-1), -1, 1<<40, []byte{1}, []byte{})
	f.Fuzz(func(t *testing.T, authority, reference string, hash []byte, micros int64, leaf, size int, path, signature []byte) {
		for _, signed := range receipts {
			r := *signed
			r.AuthorityID, r.Reference, r.LodgedAt, r.Signature = authority, reference, time.UnixMicro(micros), signature
			copy(r.ContentHash[:], hash)
			r.Proof = Proof{LeafIndex: leaf, TreeSize: size}
			for len(path) >= HashSize && len(r.Proof.Path) < 70 {
				r.Proof.Path, path = append(r.Proof.Path, Hash(path)), path[HashSize:]
			}
			if Verify(key.Public(), r) == nil && (!bytes.Equal(r.Text(), signed.Text()) || leaf != signed.Proof.LeafIndex || size != signed.Proof.TreeSize) {
				t.Errorf("verifies: %q", r.Text())
			}
		}
	})
}

// FuzzOpen: damaged leaves of a kept batch are told, and complete receipts that
// verify only when they are whole.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add(make([]byte, 3*HashSize), 2)
	f.Add(make([]byte, HashSize+1), 0)
	f.Fuzz(func(t *testing.T, leaves []byte, leaf int) {
		s, err := Open(Batch{Leaves: leaves})
		if err != nil {
			return
		}
		var r Receipt
		if err := s.Complete(&r, leaf); (err == nil) != (leaf >= 0 && leaf < len(leaves)/HashSize) {
			t.Errorf("leaf %d of %d: %v", leaf, len(leaves)/HashSize, err)
		}
		if len(s.Root()) != HashSize {
			t.Error("no root")
		}
	})
}
