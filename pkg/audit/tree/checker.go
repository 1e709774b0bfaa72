package tree

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Fault is the first thing found wrong in a log, an export of it or a proof.
type Fault struct {
	// Position of the entry concerned, from 0.
	Position int64
	// Record is the id of the entry's record, as far as it is known.
	Record string
	// What is wrong with it.
	What string
}

// Error names the entry.
func (f *Fault) Error() string {
	if f.Record == "" {
		return fmt.Sprintf("entry %d: %s", f.Position, f.What)
	}
	return fmt.Sprintf("entry %d (record %s): %s", f.Position, f.Record, f.What)
}

// Checker goes through a log from a frontier on, leaf by leaf, and compares it
// with its signed checkpoints.
//
// Leaves come with the hash that was stored for them. Where the two differ, the
// next checkpoint tells which of them was altered: only one gives its root.
type Checker struct {
	verifier note.Verifier
	// computed is the tree of the leaves, stored that of the stored hashes; they
	// part at the first difference.
	computed, stored *Frontier
	difference       *Fault
	trusted          int64 // size up to which a checkpoint vouches
	start            int64
	previous         int64  // size of the last checkpoint seen, -1 before the first
	record           string // of the last entry
	sinceTrusted     string // record of the first entry after trusted
}

// NewChecker checks from a frontier on.
func NewChecker(from *Frontier, verifier note.Verifier) *Checker {
	c := &Checker{verifier: verifier, computed: from.Clone(), trusted: from.Size(), start: from.Size(), previous: -1}
	if c.start == 0 {
		c.previous = 0
	}
	return c
}

// Size is the number of leaves so far, with those of the frontier at the start.
func (c *Checker) Size() int64 { return c.computed.size }

// Trusted is the size up to which a checkpoint vouches.
func (c *Checker) Trusted() int64 { return c.trusted }

// Root is the root of the tree of the leaves so far.
func (c *Checker) Root() tlog.Hash { return c.computed.Root() }

// Add takes the next leaf's hash, the hash stored for it and its record's id. It
// returns the nodes the leaf completes.
func (c *Checker) Add(leaf, stored tlog.Hash, record string, done []Node) []Node {
	if c.computed.size == c.trusted {
		c.sinceTrusted = record
	}
	c.record = record
	if leaf != stored && c.stored == nil {
		c.stored = c.computed.Clone()
		c.difference = &Fault{Position: c.computed.size, Record: record}
	}
	done = c.computed.Add(leaf, done)
	if c.stored != nil {
		c.stored.Add(stored, nil)
	}
	return done
}

// Differs says whether a leaf differs from its stored hash: Checkpoint or End
// will tell which.
func (c *Checker) Differs() bool { return c.difference != nil }

// Checkpoint takes a signed checkpoint of the size reached; a *Fault tells what is
// wrong with it or with the leaves before.
func (c *Checker) Checkpoint(signed string) (Checkpoint, error) {
	last := c.computed.size - 1
	cp, err := OpenCheckpoint(signed, c.verifier)
	if err != nil {
		if c.difference != nil {
			return cp, c.blame("the entry or its stored hash is altered")
		}
		return cp, &Fault{Position: last, Record: c.record, What: "the checkpoint after it is altered: " + err.Error()}
	}
	if cp.Size != c.computed.size {
		what := fmt.Sprintf("here stands the checkpoint of %d entries: entries or checkpoints are missing, moved or added", cp.Size)
		return cp, &Fault{Position: c.computed.size, What: what}
	}
	if (c.previous >= 0 && cp.Previous != c.previous) || (c.previous < 0 && cp.Previous > c.start) {
		return cp, &Fault{Position: cp.Previous - 1, What: fmt.Sprintf("the checkpoint of %d entries is missing", cp.Previous)}
	}
	switch {
	case c.difference == nil && c.computed.Root() == cp.Root:
	case c.difference == nil:
		return cp, c.unexplained()
	case c.stored.Root() == cp.Root:
		return cp, c.blame("the entry is altered, moved or replaced: its hash is not the one that was signed")
	case c.computed.Root() == cp.Root:
		return cp, c.blame("the stored hash of the entry is altered; the entry itself is the one that was signed")
	default:
		return cp, c.blame("the entry or its stored hash is altered, and so is something before the next checkpoint")
	}
	c.trusted, c.previous = cp.Size, cp.Size
	return cp, nil
}

// Anchor compares the tree so far with a checkpoint of the same size that was
// kept elsewhere.
func (c *Checker) Anchor(kept Checkpoint) error {
	if kept.Size == c.computed.size && kept.Root != c.computed.Root() {
		return &Fault{
			Position: kept.Size - 1, Record: c.record,
			What: "the log up to here is not the one of the checkpoint that was kept: it was rewritten",
		}
	}
	return nil
}

// End reports a difference that no later checkpoint explained.
func (c *Checker) End() error {
	if c.difference != nil {
		return c.blame("the entry or its stored hash is altered")
	}
	return nil
}

func (c *Checker) blame(what string) *Fault {
	f := *c.difference
	f.What = what
	return &f
}

// unexplained is for a root that does not fit although all hashes do: somebody
// took pains. Checkpoints are a second apart, so the place is known well.
func (c *Checker) unexplained() *Fault {
	what := "it or another entry before the next checkpoint is altered, and the stored hashes were made to fit"
	if n := c.computed.size - c.trusted; n > 1 {
		what = fmt.Sprintf("it or one of the %d entries after it is altered, missing or moved, and the stored hashes were made to fit", n-1)
	}
	return &Fault{Position: c.trusted, Record: c.sinceTrusted, What: what}
}
