package report

import (
	"bytes"
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
)

func TestSignature(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	signer := NewSigner(key)
	_, _, seal := renderAll(t, head(5), link(), nasty())
	again := seal
	signer.Sign(head(5), &seal)
	signer.Sign(head(5), &again)
	if !bytes.Equal(seal.Signature, again.Signature) || seal.KeyID != signer.KeyID() {
		t.Error("sealing again signs differently")
	}
	if !Verify(signer.Public(), head(5), seal) {
		t.Fatal("its own signature does not verify")
	}
	golden(t, "statement.txt", Statement(head(5), seal))
	for name, change := range map[string]func(*Head, *Seal){
		"authority": func(h *Head, _ *Seal) { h.AuthorityID = "qld-cp" },
		"sequence":  func(h *Head, _ *Seal) { h.Sequence++ },
		"date":      func(h *Head, _ *Seal) { h.Date = calendar.DateOf(2026, time.November, 24) },
		"csv":       func(_ *Head, s *Seal) { s.CSV.Sum = s.JSON.Sum },
		"json":      func(_ *Head, s *Seal) { s.JSON.Sum = s.CSV.Sum },
		"previous":  func(_ *Head, s *Seal) { s.PreviousDigest = nil },
	} {
		h, s := head(5), seal
		change(&h, &s)
		if Verify(signer.Public(), h, s) {
			t.Errorf("another %s verifies", name)
		}
	}
}
