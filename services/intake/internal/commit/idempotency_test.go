package commit_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

func isReused(err error) bool {
	var f *fault.Error
	return errors.As(err, &f) && f.Kind == fault.Precondition && f.Reason == "REFERENCE_REUSED" &&
		len(f.Fields) == 1 && f.Fields[0].Path == "submission.reference"
}

// TestOneReceiptPerReference lodges random repetitions and changes from many
// callers through two processes at once: whatever the interleaving, a reference
// has one receipt, and everybody with that content gets it.
func TestOneReceiptPerReference(t *testing.T) {
	t.Parallel()
	pool := postgrestest.Pool(t, store.Schema())
	small := options()
	small.BatchMax, small.Committers = 3, 2
	one, _ := start(t, pool, options())
	two, _ := start(t, pool, small)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		type call struct {
			reference, content int
			first              bool // which process
		}
		calls := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) call {
			return call{rapid.IntRange(0, 4).Draw(rt, "reference"), rapid.IntRange(0, 1).Draw(rt, "content"), rapid.Bool().Draw(rt, "first")}
		}), 1, 40).Draw(rt, "calls")
		results := make([]commit.Result, len(calls))
		lodged := make([]*lodging.Submission, len(calls))
		var all sync.WaitGroup
		for i, c := range calls {
			lodged[i] = submission(fmt.Sprintf("r%d-%d", round, c.reference), fmt.Sprintf("%09dA", c.reference), fmt.Sprint(c.content))
			all.Go(func() {
				through := two
				if c.first {
					through = one
				}
				results[i] = lodge(t, through, lodged[i])
			})
		}
		all.Wait()
		receipts := make(map[string]receipt.Receipt)
		first := make(map[string]int)
		for i, r := range results {
			if r.Err != nil {
				continue
			}
			ref := lodged[i].Reference
			if kept, ok := receipts[ref]; ok && !reflect.DeepEqual(kept, r.Submission.Receipt) {
				rt.Fatalf("%s has two receipts:\n%+v\n%+v", ref, kept, r.Submission.Receipt)
			}
			receipts[ref] = r.Submission.Receipt
			if !r.Repeated {
				first[ref]++
			}
		}
		for i, r := range results {
			kept, ok := receipts[lodged[i].Reference]
			same := kept.ContentHash == lodged[i].ContentHash
			if !ok || first[lodged[i].Reference] != 1 || same != (r.Err == nil) || (r.Err != nil && !isReused(r.Err)) {
				rt.Fatalf("call %d: %+v (kept %v, taken first %d times)", i, r, ok, first[lodged[i].Reference])
			}
		}
	})
	checkLanes(t, pool)
}

func TestThousandCallsOneKey(t *testing.T) {
	t.Parallel()
	pool := postgrestest.Pool(t, store.Schema())
	c, _ := start(t, pool, options())
	results := make([]commit.Result, 1000)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i] = lodge(t, c, submission("same", "123456789A", "same")) })
	}
	all.Wait()
	fresh := 0
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		if !reflect.DeepEqual(r.Submission.Receipt, results[0].Submission.Receipt) {
			t.Fatal("two receipts for one key")
		}
		if !r.Repeated {
			fresh++
		}
	}
	if n := scalar[int](t, pool, "SELECT count(*) FROM submission"); fresh != 1 || n != 1 {
		t.Errorf("%d submissions, %d answers say it is new", n, fresh)
	}
	if r := lodge(t, c, submission("same", "123456789A", "other")); !isReused(r.Err) {
		t.Errorf("other content: %+v", r)
	}
	checkLanes(t, pool)
}
