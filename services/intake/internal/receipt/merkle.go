package receipt

import (
	"crypto/sha256"
	"errors"
	"math/bits"
)

// HashSize is the length of a leaf, node or root in bytes.
const HashSize = sha256.Size

// Hash is a leaf, a node or the root of a tree.
type Hash = [HashSize]byte

// The first byte tells leaves from nodes, so that neither passes for the other
// (RFC 6962, section 2.1).
const (
	leafPrefix = 0x00
	nodePrefix = 0x01
)

// Proof places a receipt among those that were signed together.
type Proof struct {
	// LeafIndex is its place, from 0.
	LeafIndex int
	// TreeSize is how many receipts were signed together.
	TreeSize int
	// Path holds the hashes beside the way from the leaf to the root, lowest
	// first; empty when it was signed alone.
	Path []Hash
}

// hashLeaf is the leaf of a receipt; it works in the buffer's memory, which it
// returns for the next one.
func hashLeaf(r *Receipt, buffer []byte) (Hash, []byte) {
	buffer = r.appendText(append(buffer[:0], leafPrefix))
	return sha256.Sum256(buffer), buffer
}

func hashNode(left, right *Hash) Hash {
	var b [1 + 2*HashSize]byte
	b[0] = nodePrefix
	copy(b[1:], left[:])
	copy(b[1+HashSize:], right[:])
	return sha256.Sum256(b[:])
}

// tree holds a Merkle tree by levels, the leaves first and the root last. Each
// level pairs the one below from the left; one left over moves up as it is. That
// is the tree of RFC 6962.
type tree [][]Hash

func grow(leaves []Hash) tree {
	t := tree{leaves}
	for below := leaves; len(below) > 1; {
		level := make([]Hash, (len(below)+1)/2)
		for i := range len(below) / 2 {
			level[i] = hashNode(&below[2*i], &below[2*i+1])
		}
		if len(below)%2 == 1 {
			level[len(level)-1] = below[len(below)-1]
		}
		t, below = append(t, level), level
	}
	return t
}

func (t tree) root() Hash { return t[len(t)-1][0] }

// proof is the proof of a leaf. The path is added to the slab, which is returned.
func (t tree) proof(leaf int, slab []Hash) (Proof, []Hash) {
	start := len(slab)
	for i, level := leaf, 0; level < len(t)-1; i, level = i/2, level+1 {
		if beside := i ^ 1; beside < len(t[level]) {
			slab = append(slab, t[level][beside])
		}
	}
	return Proof{LeafIndex: leaf, TreeSize: len(t[0]), Path: slab[start:len(slab):len(slab)]}, slab
}

var errPath = errors.New("the receipt's path does not fit its place in the tree")

// root is the root that a leaf and its proof lead to.
func (p Proof) root(leaf Hash) (Hash, error) {
	if p.LeafIndex < 0 || p.LeafIndex >= p.TreeSize {
		return leaf, errPath
	}
	rest := p.Path
	i, last := uint(p.LeafIndex), uint(p.TreeSize-1)
	for ; last > 0; i, last = i/2, last/2 {
		if i == last && i%2 == 0 {
			continue // the one left over
		}
		if len(rest) == 0 {
			return leaf, errPath
		}
		if i%2 == 1 {
			leaf = hashNode(&rest[0], &leaf)
		} else {
			leaf = hashNode(&leaf, &rest[0])
		}
		rest = rest[1:]
	}
	if len(rest) > 0 {
		return leaf, errPath
	}
	return leaf, nil
}

// height is the length of the longest path in a tree.
func height(size int) int { return bits.Len(uint(max(size-1, 0))) }
