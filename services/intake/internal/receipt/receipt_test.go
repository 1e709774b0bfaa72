package receipt

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
)

var signer = NewKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))

// example is the one of five receipts that stands at 2, sealed.
func example(t *testing.T) Receipt {
	t.Helper()
	id, err := clock.ParseID("01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11")
	if err != nil {
		t.Fatal(err)
	}
	five := batch(5)
	*five[2] = Receipt{
		SubmissionID: id, AuthorityID: "qld-cp", Reference: "CP/2026-000123", ContentHash: sha256.Sum256([]byte("content")),
		LodgedAt:           time.Date(2026, 11, 23, 10, 4, 5, 120_000_000, time.FixedZone("AEDT", 11*3600)),
		EarliestReportDate: calendar.DateOf(2026, 11, 24),
	}
	signer.Seal(five)
	return *five[2]
}

// batch makes n different receipts without a seal.
func batch(n int) []*Receipt {
	all := make([]*Receipt, n)
	for i := range all {
		all[i] = &Receipt{
			SubmissionID: clock.DerivedID(clock.ID{}, fmt.Sprint(i)), AuthorityID: "nt-cp", Reference: fmt.Sprint("R-", i),
			LodgedAt: time.UnixMicro(int64(i)), EarliestReportDate: calendar.DateOf(2026, 11, 24),
		}
	}
	return all
}

// TestTextsAreAsDocumented pins what is hashed and signed: authorities verify it
// on their own.
func TestTextsAreAsDocumented(t *testing.T) {
	t.Parallel()
	r := example(t)
	want := `noticehub receipt 1
submission_id: 01976f3e-8a51-7c3e-9d52-6f0b2d0c9a11
authority_id: qld-cp
reference: CP/2026-000123
content_hash: ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73
lodged_at: 2026-11-22T23:04:05.120000Z
status: PENDING
earliest_report_date: 2026-11-24
`
	if got := string(r.Text()); got != want {
		t.Errorf("text\n%s\nwant\n%s", got, want)
	}
	// The way up from place 2 of 5: right neighbour, left pair, the one left over.
	if r.Proof.LeafIndex != 2 || r.Proof.TreeSize != 5 || len(r.Proof.Path) != 3 {
		t.Fatalf("proof %+v", r.Proof)
	}
	digest := func(parts ...[]byte) []byte {
		sum := sha256.Sum256(bytes.Join(parts, nil))
		return sum[:]
	}
	root := digest([]byte{0}, r.Text())
	root = digest([]byte{1}, root, r.Proof.Path[0][:])
	root = digest([]byte{1}, r.Proof.Path[1][:], root)
	root = digest([]byte{1}, root, r.Proof.Path[2][:])
	signed := fmt.Sprintf("noticehub receipt root 1\ntree_size: 5\nroot: %x\nkey_id: 139e3940e64b5491\n", root)
	if !ed25519.Verify(signer.Public(), []byte(signed), r.Signature) {
		t.Error("the signature is not over the documented text")
	}
}

func TestVerifyFindsEveryChange(t *testing.T) {
	t.Parallel()
	r := example(t)
	if err := Verify(signer.Public(), r); err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(*Receipt){
		"id":            func(r *Receipt) { r.SubmissionID[15]++ },
		"authority":     func(r *Receipt) { r.AuthorityID = "nt-cp" },
		"reference":     func(r *Receipt) { r.Reference += "x" },
		"hash":          func(r *Receipt) { r.ContentHash[0]++ },
		"time":          func(r *Receipt) { r.LodgedAt = r.LodgedAt.Add(time.Microsecond) },
		"time, finer":   func(r *Receipt) { r.LodgedAt = r.LodgedAt.Add(time.Nanosecond) },
		"date":          func(r *Receipt) { r.EarliestReportDate++ },
		"key":           func(r *Receipt) { r.KeyID = "0000000000000000" },
		"signature":     func(r *Receipt) { r.Signature = append([]byte{r.Signature[0] + 1}, r.Signature[1:]...) },
		"stripped":      func(r *Receipt) { r.Signature = nil },
		"moved line":    func(r *Receipt) { r.AuthorityID, r.Reference = "qld-cp\nreference: CP/2026-000123", "" },
		"index":         func(r *Receipt) { r.Proof.LeafIndex++ },
		"index below":   func(r *Receipt) { r.Proof.LeafIndex = -1 },
		"index beyond":  func(r *Receipt) { r.Proof.LeafIndex += 8 },
		"size":          func(r *Receipt) { r.Proof.TreeSize++ },
		"size, smaller": func(r *Receipt) { r.Proof.TreeSize-- },
		"no size":       func(r *Receipt) { r.Proof.TreeSize = 0 },
		"no proof":      func(r *Receipt) { r.Proof = Proof{} },
		"alone":         func(r *Receipt) { r.Proof = Proof{TreeSize: 1} },
		"longer path":   func(r *Receipt) { r.Proof.Path = append(r.Proof.Path, Hash{}) },
		"shorter path":  func(r *Receipt) { r.Proof.Path = r.Proof.Path[:2] },
	}
	for i := range r.Proof.Path {
		changes[fmt.Sprint("path element ", i)] = func(r *Receipt) { r.Proof.Path[i][31] ^= 1 }
		changes[fmt.Sprint("path without ", i)] = func(r *Receipt) { r.Proof.Path = slices.Delete(r.Proof.Path, i, i+1) }
	}
	for name, change := range changes {
		forged := r
		forged.Proof.Path = slices.Clone(r.Proof.Path)
		change(&forged)
		if Verify(signer.Public(), forged) == nil {
			t.Errorf("a receipt was accepted in spite of: %s", name)
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
