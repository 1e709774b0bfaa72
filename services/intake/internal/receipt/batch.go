package receipt

import (
	"crypto/ed25519"
	"fmt"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Batch is what must be kept to show the receipts signed together again, byte
// for byte, whatever the key is by then.
type Batch struct {
	// ID names the batch.
	ID clock.ID
	// AuthorityID of all its receipts.
	AuthorityID string
	// Root of the tree.
	Root Hash
	// Leaves of the tree, one after the other.
	Leaves []byte
	// Signature over the tree's size and root.
	Signature []byte
	// KeyID names the key that signed.
	KeyID string
}

// SealEach seals receipts together with the others of their authority, in a tree
// for each: a receipt shows neither hashes nor the number of others' receipts.
func (k *Key) SealEach(receipts []*Receipt) []Batch {
	groups := make(map[string][]*Receipt)
	var order []string
	for _, r := range receipts {
		if groups[r.AuthorityID] == nil {
			order = append(order, r.AuthorityID)
		}
		groups[r.AuthorityID] = append(groups[r.AuthorityID], r)
	}
	batches := make([]Batch, len(order))
	for i, authority := range order {
		batches[i] = k.Seal(groups[authority])
	}
	return batches
}

// Seal signs receipts of one authority together and completes them; each is a
// leaf in its place. A receipt sealed before is sealed anew. There must be at
// least one.
func (k *Key) Seal(receipts []*Receipt) Batch {
	b := Batch{
		ID: clock.NewID(clock.System().Now()), AuthorityID: receipts[0].AuthorityID,
		Leaves: make([]byte, 0, len(receipts)*HashSize), KeyID: k.id,
	}
	leaves := make([]Hash, len(receipts))
	buffer := make([]byte, 0, textRoom)
	for i, r := range receipts {
		leaves[i], buffer = hashLeaf(r, buffer)
		b.Leaves = append(b.Leaves, leaves[i][:]...)
	}
	t := grow(leaves)
	b.Root = t.root()
	b.Signature = ed25519.Sign(k.private, rootText(len(leaves), b.Root, k.id))
	paths := make([]Hash, 0, len(leaves)*height(len(leaves)))
	for i, r := range receipts {
		r.Proof, paths = t.proof(i, paths)
		r.BatchID, r.Signature, r.KeyID = b.ID, b.Signature, b.KeyID
	}
	return b
}

// Sealed is a batch brought back from where it was kept.
type Sealed struct {
	batch Batch
	tree  tree
}

// Open prepares a kept batch for completing its receipts. It fails when the
// leaves are damaged.
func Open(b Batch) (*Sealed, error) {
	if len(b.Leaves) == 0 || len(b.Leaves)%HashSize != 0 {
		return nil, fmt.Errorf("the leaves of receipt batch %v have %d bytes", b.ID, len(b.Leaves))
	}
	leaves := make([]Hash, len(b.Leaves)/HashSize)
	for i := range leaves {
		leaves[i] = Hash(b.Leaves[i*HashSize:])
	}
	return &Sealed{b, grow(leaves)}, nil
}

// Complete gives the receipt the seal of a place in the batch.
func (s *Sealed) Complete(r *Receipt, leaf int) error {
	if leaf < 0 || leaf >= len(s.tree[0]) {
		return fmt.Errorf("receipt batch %v has no leaf %d", s.batch.ID, leaf)
	}
	r.Proof, _ = s.tree.proof(leaf, make([]Hash, 0, len(s.tree)-1))
	r.BatchID, r.Signature, r.KeyID = s.batch.ID, s.batch.Signature, s.batch.KeyID
	return nil
}

// Root of the batch's tree.
func (s *Sealed) Root() []byte {
	root := s.tree.root()
	return root[:]
}
