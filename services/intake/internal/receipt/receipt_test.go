package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
)

func example(t *testing.T) (Receipt, *Key) {
	t.Helper()
	key := NewKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	id, err := clock.ParseID("01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11")
	if err != nil {
		t.Fatal(err)
	}
	r := Receipt{
		SubmissionID: id, AuthorityID: "qld-cp", Reference: "CP/2026-000123", ContentHash: sha256.Sum256([]byte("content")),
		LodgedAt:           time.Date(2026, 11, 23, 10, 4, 5, 120_000_000, time.FixedZone("AEDT", 11*3600)),
		EarliestReportDate: calendar.DateOf(2026, 11, 24),
	}
	key.Sign(&r)
	return r, key
}

// TestTextIsAsDocumented pins the signed text: authorities verify it on their own.
func TestTextIsAsDocumented(t *testing.T) {
	t.Parallel()
	r, _ := example(t)
	want := `noticehub receipt 1
submission_id: 01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11
authority_id: qld-cp
reference: CP/2026-000123
content_hash: ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73
lodged_at: 2026-11-22T23:04:05.120000Z
status: PENDING
earliest_report_date: 2026-11-24
key_id: 139e3940e64b5491
`
	if got := string(r.Text()); got != want {
		t.Errorf("signed text\n%s\nwant\n%s", got, want)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	r, key := example(t)
	if err := Verify(key.Public(), r); err != nil {
		t.Fatal(err)
	}
	again := r
	key.Sign(&again)
	if !bytes.Equal(again.Signature, r.Signature) {
		t.Error("signing again gave another signature")
	}
	for name, change := range map[string]func(*Receipt){
		"id":        func(r *Receipt) { r.SubmissionID[15]++ },
		"authority": func(r *Receipt) { r.AuthorityID = "nt-cp" },
		"reference": func(r *Receipt) { r.Reference += "x" },
		"hash":      func(r *Receipt) { r.ContentHash[0]++ },
		"time":      func(r *Receipt) { r.LodgedAt = r.LodgedAt.Add(time.Microsecond) },
		"date":      func(r *Receipt) { r.EarliestReportDate++ },
		"key":       func(r *Receipt) { r.KeyID = "0000000000000000" },
		"signature": func(r *Receipt) { r.Signature = append([]byte{r.Signature[0] + 1}, r.Signature[1:]...) },
		"stripped":  func(r *Receipt) { r.Signature = nil },
		"moved line": func(r *Receipt) {
			r.AuthorityID, r.Reference = "qld-cp\nreference: CP/2026-000123", ""
		},
	} {
		forged := r
		change(&forged)
		if Verify(key.Public(), forged) == nil {
			t.Errorf("a receipt with another %s was accepted", name)
		}
	}
	other := NewKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{1}, ed25519.SeedSize)))
	if Verify(other.Public(), r) == nil || Verify(nil, r) == nil {
		t.Error("a wrong key was accepted")
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "receipt.pem")
	if _, err := LoadKey(path, false); err == nil {
		t.Fatal("a missing key was accepted")
	}
	var all sync.WaitGroup
	keys := make([]*Key, 8)
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = LoadKey(path, true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if k == nil || k.ID() != keys[0].ID() {
			t.Fatal("processes that start at once must use one key")
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key file: %v, %v", info, err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := os.Chmod(path, 0o604); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path, true); err == nil || !strings.Contains(err.Error(), "open to everybody") {
		t.Errorf("a key everybody can read: %v", err)
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadKey(path, true); err == nil {
		t.Error("rubbish was accepted as a key")
	}
}
