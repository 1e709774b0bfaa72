package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/bits"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/tree"
)

// Proof shows that an entry is in the log, to anybody who has the log's key.
type Proof struct {
	Log      string `json:"log"`
	Position int64  `json:"position"`
	// Header and Entry are the lines of the leaf, exactly.
	Header string `json:"header"`
	Entry  string `json:"entry"`
	// Hashes lead from the leaf to the root of Checkpoint.
	Hashes     []tlog.Hash `json:"hashes"`
	Checkpoint string      `json:"checkpoint"`
	// Older is a checkpoint kept from before, and Consistency what shows that the
	// log of Checkpoint continues that of Older; both may be missing.
	Older       string      `json:"older,omitempty"`
	Consistency []tlog.Hash `json:"consistency,omitempty"`
}

// Check returns nil when the proof holds for the key, else a *tree.Fault or what
// is wrong with the checkpoints.
func (p Proof) Check(verifier note.Verifier) (tree.Checkpoint, error) {
	c, err := tree.OpenCheckpoint(p.Checkpoint, verifier)
	if err != nil {
		return c, err
	}
	leaf := tree.LeafHash([]byte(p.Header), []byte(p.Entry))
	if p.Position < 0 || p.Position >= c.Size || tlog.CheckRecord(p.Hashes, c.Size, c.Root, p.Position, leaf) != nil {
		return c, &tree.Fault{Position: p.Position, Record: tree.RecordID([]byte(p.Header)), What: "the proof does not hold: the entry is not in the log at this position"}
	}
	if p.Older == "" {
		return c, nil
	}
	older, err := tree.OpenCheckpoint(p.Older, verifier)
	if err != nil {
		return c, fmt.Errorf("the older checkpoint: %w", err)
	}
	if older.Size > c.Size || tlog.CheckTree(p.Consistency, c.Size, c.Root, older.Size, older.Root) != nil {
		return c, &tree.Fault{Position: older.Size - 1, What: "the log does not continue that of the older checkpoint: it was rewritten"}
	}
	return c, nil
}

// ReadProof reads a proof as Prove's caller wrote it.
func ReadProof(r io.Reader) (Proof, error) {
	var p Proof
	d := json.NewDecoder(io.LimitReader(r, maxLine))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil || p.Log != tree.Name {
		return p, errors.New("this is not a proof of the audit log")
	}
	return p, nil
}

// Prove verifies an archive and makes the proof of one of its entries. older is a
// signed checkpoint kept from before, or "".
func Prove(r io.Reader, o Options, position int64, older string) (Proof, error) {
	var leaves []tlog.Hash
	p := Proof{Log: tree.Name, Position: position, Older: older}
	if older != "" {
		o.Kept = append(o.Kept[:len(o.Kept):len(o.Kept)], older)
	}
	each := o.Each
	o.Each = func(l Line) error {
		leaves = append(leaves, l.Hash)
		if l.Position == position {
			p.Header, p.Entry = string(l.Header), string(l.Entry)
		}
		if each != nil {
			return each(l)
		}
		return nil
	}
	report, err := Verify(r, o)
	if err != nil {
		return p, err
	}
	if position < report.From || position >= report.To {
		return p, fmt.Errorf("the export holds the entries %d to %d", report.From, report.To-1)
	}
	hashes := (&known{from: report.From, peaks: report.peaks, leaves: leaves}).reader()
	p.Checkpoint = report.Signed
	if p.Hashes, err = tlog.ProveRecord(report.To, position, hashes); err != nil {
		return p, err
	}
	verifier, err := note.NewVerifier(report.Key)
	if err != nil {
		return p, err
	}
	if older != "" {
		old, err := tree.OpenCheckpoint(older, verifier)
		if err != nil {
			return p, err
		}
		if p.Consistency, err = tlog.ProveTree(report.To, old.Size, hashes); err != nil {
			return p, err
		}
	}
	_, err = p.Check(verifier)
	return p, err
}

// known are the leaves of an archive and the peaks before them: all that proofs
// of its entries need.
type known struct {
	from   int64
	peaks  []tlog.Hash
	leaves []tlog.Hash
}

func (k *known) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			h, ok := k.subtree(level, n)
			if !ok {
				return nil, errors.New("the export does not reach back far enough for this proof")
			}
			hashes[i] = h
		}
		return hashes, nil
	})
}

func (k *known) subtree(level int, n int64) (tlog.Hash, bool) {
	first := n << level
	if first+1<<level <= k.from {
		return k.peak(level, first)
	}
	if level == 0 {
		i := first - k.from
		if i >= int64(len(k.leaves)) {
			return tlog.Hash{}, false
		}
		return k.leaves[i], true
	}
	left, ok1 := k.subtree(level-1, 2*n)
	right, ok2 := k.subtree(level-1, 2*n+1)
	return tlog.NodeHash(left, right), ok1 && ok2
}

// peak is the one of a level, if it begins at first.
func (k *known) peak(level int, first int64) (tlog.Hash, bool) {
	if k.from>>level&1 == 0 || first != k.from>>(level+1)<<(level+1) {
		return tlog.Hash{}, false
	}
	return k.peaks[bits.OnesCount64(uint64(k.from>>(level+1)))], true
}
