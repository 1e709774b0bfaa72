// Package audittest alters audit logs and exports of them at random and counts
// what the checks find. It is for tests and for the attack script: a superuser of
// the database is needed, and nothing that it does to a database stays.
package audittest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/tree"
)

// Kind of alteration.
type Kind string

// The kinds.
const (
	// Flip changes one bit.
	Flip Kind = "flip"
	// Delete takes a line or a row out.
	Delete Kind = "delete"
	// Reorder swaps two lines, or the contents of two rows.
	Reorder Kind = "reorder"
)

// Result counts alterations.
type Result struct {
	// Tried and Found alterations.
	Tried, Found int
	// Missed tells of those that were not found.
	Missed []string
}

func (r *Result) count(found bool, what string) {
	r.Tried++
	if found {
		r.Found++
		return
	}
	r.Missed = append(r.Missed, what)
}

// MutateExport is an altered copy of an export, and what was altered.
func MutateExport(random *rand.Rand, data []byte, kind Kind) (mutated []byte, what string) {
	switch kind {
	case Flip:
		mutated = bytes.Clone(data)
		i, bit := random.IntN(len(data)), random.IntN(8)
		mutated[i] ^= 1 << bit
		return mutated, fmt.Sprintf("bit %d of byte %d", bit, i)
	case Delete:
		lines := bytes.SplitAfter(data, []byte{'\n'})
		i := random.IntN(len(lines) - 1) // the last is empty
		return bytes.Join(append(lines[:i:i], lines[i+1:]...), nil), fmt.Sprintf("line %d taken out", i+1)
	default:
		lines := bytes.SplitAfter(data, []byte{'\n'})
		i := random.IntN(len(lines) - 1)
		j := random.IntN(len(lines) - 1)
		for bytes.Equal(lines[i], lines[j]) {
			j = random.IntN(len(lines) - 1)
		}
		lines[i], lines[j] = lines[j], lines[i]
		return bytes.Join(lines, nil), fmt.Sprintf("lines %d and %d swapped", i+1, j+1)
	}
}

// Export alters an export n times, each time from the whole one, and counts how
// often verifying with the log's key finds it.
func Export(random *rand.Rand, data []byte, key string, kind Kind, n int) Result {
	var result Result
	for range n {
		mutated, what := MutateExport(random, data, kind)
		_, err := archive.Verify(bytes.NewReader(mutated), archive.Options{Key: key})
		var fault *tree.Fault
		result.count(errors.As(err, &fault) || errors.Is(err, archive.ErrFile), what)
	}
	return result
}
