// Package tree is the Merkle tree over the entries of the audit log: growing it,
// proving that an entry is in it, signing and opening its checkpoints, and
// finding the first entry that does not fit.
//
// Hashes are those of RFC 6962, proofs are made and checked by package tlog. The
// package knows no database and no files.
package tree

import (
	"context"
	"errors"
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

// Height of the steps in which hashes are stored: of every 256 hashes of a step
// one of the next step is made. The hashes between are computed when needed.
const Height = 8

// Frontier is the right edge of a tree, all that is needed to grow it. The zero
// value is the empty tree.
type Frontier struct {
	size  int64
	peaks []tlog.Hash // roots of the perfect subtrees, largest first
}

// Size is the number of leaves.
func (f *Frontier) Size() int64 { return f.size }

// Peaks are the roots of the perfect subtrees, largest first.
func (f *Frontier) Peaks() []tlog.Hash { return append([]tlog.Hash(nil), f.peaks...) }

// NewFrontier is the frontier of a tree of that size with those peaks.
func NewFrontier(size int64, peaks []tlog.Hash) (*Frontier, error) {
	if size < 0 || bits.OnesCount64(uint64(size)) != len(peaks) {
		return nil, errors.New("tree: a tree of that size has another number of peaks")
	}
	return &Frontier{size: size, peaks: append([]tlog.Hash(nil), peaks...)}, nil
}

// Clone is a copy that grows by itself.
func (f *Frontier) Clone() *Frontier { return &Frontier{size: f.size, peaks: f.Peaks()} }

// Node is a hash of a step above the leaves: that of the leaves from
// Position·256^Step on, 256^Step of them.
type Node struct {
	Step     int
	Position int64
	Hash     tlog.Hash
}

// Add adds a leaf and appends the nodes that it completes to done.
func (f *Frontier) Add(leaf tlog.Hash, done []Node) []Node {
	n, level, h := f.size, 0, leaf
	for n&1 == 1 {
		last := len(f.peaks) - 1
		h = tlog.NodeHash(f.peaks[last], h)
		f.peaks = f.peaks[:last]
		n >>= 1
		level++
		if level%Height == 0 {
			done = append(done, Node{Step: level / Height, Position: n, Hash: h})
		}
	}
	f.peaks = append(f.peaks, h)
	f.size++
	return done
}

// Root is the hash of the whole tree; the zero hash for the empty one.
func (f *Frontier) Root() tlog.Hash {
	if f.size == 0 {
		return tlog.Hash{}
	}
	last := len(f.peaks) - 1
	h := f.peaks[last]
	for i := last - 1; i >= 0; i-- {
		h = tlog.NodeHash(f.peaks[i], h)
	}
	return h
}

// Nodes gives stored hashes: count of a step from position first on, all of which
// exist. Step 0 are the leaves.
type Nodes interface {
	Nodes(ctx context.Context, step int, first, count int64) ([]tlog.Hash, error)
}

// Reader is a tlog.HashReader over stored hashes.
func Reader(ctx context.Context, nodes Nodes) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			h, err := subtree(ctx, nodes, level, n)
			if err != nil {
				return nil, err
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}

// subtree is the hash of the perfect subtree of a level at a position.
func subtree(ctx context.Context, nodes Nodes, level int, n int64) (tlog.Hash, error) {
	span := int64(1) << (level % Height)
	hashes, err := nodes.Nodes(ctx, level/Height, n*span, span)
	if err != nil {
		return tlog.Hash{}, err
	}
	if int64(len(hashes)) != span {
		return tlog.Hash{}, errors.New("tree: hashes are missing from the store")
	}
	for len(hashes) > 1 {
		for i := range len(hashes) / 2 {
			hashes[i] = tlog.NodeHash(hashes[2*i], hashes[2*i+1])
		}
		hashes = hashes[:len(hashes)/2]
	}
	return hashes[0], nil
}

// Restore is the frontier of the first size leaves of stored hashes.
func Restore(ctx context.Context, nodes Nodes, size int64) (*Frontier, error) {
	f := &Frontier{size: size}
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		h, err := subtree(ctx, nodes, level, size>>level-1)
		if err != nil {
			return nil, err
		}
		f.peaks = append(f.peaks, h)
	}
	return f, nil
}
