package receipt

import (
	"crypto/sha256"
	"encoding/hex"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// TestKnownRoots holds the tree to the vectors Certificate Transparency's
// implementations share: the roots of the first 1 to 8 of their leaves.
func TestKnownRoots(t *testing.T) {
	t.Parallel()
	var leaves []Hash
	for i, text := range []string{"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"} {
		data, err := hex.DecodeString("00" + text)
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, sha256.Sum256(data))
		want := []string{
			"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
			"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
			"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
			"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
			"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
			"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
			"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
			"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
		}[i]
		if root := grow(leaves).root(); hex.EncodeToString(root[:]) != want {
			t.Errorf("%d leaves: root %x, want %s", i+1, root, want)
		}
	}
}

// TestEveryReceiptOfABatch seals batches of all kinds of sizes: every receipt
// verifies, as issued and as brought back; none does with another's proof.
func TestEveryReceiptOfABatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.OneOf(rapid.IntRange(1, 20), rapid.IntRange(1, 300)).Draw(rt, "size")
		all := batch(n)
		kept := signer.Seal(all)
		sealed, err := Open(kept)
		if err != nil {
			rt.Fatal(err)
		}
		for i, r := range all {
			if err := Verify(signer.Public(), *r); err != nil {
				rt.Fatalf("%d of %d: %v", i, n, err)
			}
			again := *r
			again.Proof, again.Signature, again.KeyID = Proof{}, nil, ""
			if err := sealed.Complete(&again, i); err != nil || !reflect.DeepEqual(*r, again) {
				rt.Fatalf("%d of %d brought back: %v\n%+v\n%+v", i, n, err, *r, again)
			}
			other := rapid.IntRange(0, n-1).Draw(rt, "other")
			again.Proof = all[other].Proof
			if other != i && Verify(signer.Public(), again) == nil {
				rt.Fatalf("%d of %d verifies with the proof of %d", i, n, other)
			}
			// Nor in another's place with its own path.
			again.Proof = r.Proof
			again.Proof.LeafIndex = other
			if other != i && Verify(signer.Public(), again) == nil {
				rt.Fatalf("%d of %d verifies in the place of %d", i, n, other)
			}
		}
	})
}

func TestDamagedBatches(t *testing.T) {
	t.Parallel()
	for _, leaves := range [][]byte{nil, make([]byte, 31), make([]byte, 65)} {
		if _, err := Open(Batch{Leaves: leaves}); err == nil {
			t.Errorf("leaves of %d bytes were accepted", len(leaves))
		}
	}
	sealed, err := Open(signer.Seal(batch(3)))
	if err != nil {
		t.Fatal(err)
	}
	for _, leaf := range []int{-1, 3} {
		if sealed.Complete(new(Receipt), leaf) == nil {
			t.Errorf("leaf %d of 3 was found", leaf)
		}
	}
}
