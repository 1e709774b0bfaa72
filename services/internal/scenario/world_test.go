package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/noticehub/noticehub/services/internal/lodge"
)

const fixedDay = "2026-11-23"

func world(t *testing.T, seed uint64, copies int) *World {
	t.Helper()
	w, err := Make(Options{Seed: seed, First: day(t, fixedDay), Copies: copies})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// digest is one over all files of a world, read back as an authority would.
func digest(t *testing.T, w *World) string {
	t.Helper()
	dir := t.TempDir()
	if err := w.WriteFiles(dir); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	for _, b := range w.all() {
		path := filepath.Join(dir, b.file())
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum.Write(data)
		if back, err := lodge.ReadFile(path); err != nil || len(back) != len(b.lodgings) {
			t.Fatalf("%s: read back %d, %v", path, len(back), err)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// The digest changes with the table and with the synthetic people, on purpose;
// it must not change between two runs or machines.
func TestSameSeedSameBytes(t *testing.T) {
	t.Parallel()
	const want = "baf18b00e0c295bdba874edc4b990d9b157783aef1751e2e97dde915cb6fd629"
	got := digest(t, world(t, 1, 3))
	if got != want {
		t.Errorf("the files of seed 1 on %s have digest\n%s, not\n%s", fixedDay, got, want)
	}
	if again := digest(t, world(t, 1, 3)); again != got {
		t.Error("the same seed gave other bytes")
	}
	if other := digest(t, world(t, 2, 3)); other == got {
		t.Error("another seed gave the same bytes")
	}
}

func TestEveryRowIsCovered(t *testing.T) {
	t.Parallel()
	w := world(t, 1, 3)
	listed := Rows()
	covered := w.RowsCovered()
	for i, r := range listed {
		if !covered[r] {
			t.Errorf("no case covers %q", r)
		}
		if slices.Contains(listed[:i], r) {
			t.Errorf("row %q is listed twice", r)
		}
	}
	for r := range covered {
		if !slices.Contains(listed, r) {
			t.Errorf("a case names row %q, which is not listed", r)
		}
	}
}

func TestThereAreEnoughSubmissions(t *testing.T) {
	t.Parallel()
	w := world(t, 1, 3)
	accepted := map[string]int{}
	total := 0
	for _, l := range w.Lodgings {
		if l.Want.Refused == "" {
			accepted[l.Authority.ID]++
			total++
		}
	}
	if total < 2000 || len(accepted) < 3 {
		t.Errorf("%d submissions that are accepted, over %v", total, accepted)
	}
	for _, a := range AuthorityIDs() {
		if accepted[a] < 300 {
			t.Errorf("%s lodges only %d", a, accepted[a])
		}
	}
}

// At each boundary the submission that decides it must come out both ways, for
// every measure it concerns.
func TestBothSidesOfEachBoundary(t *testing.T) {
	t.Parallel()
	ends := map[string]map[string]bool{}
	for _, s := range world(t, 1, 1).Scenes {
		if s.Case.Edge == "" {
			continue
		}
		if !slices.Contains(Edges(), s.Case.Edge) {
			t.Errorf("%s lies at %q, which is not listed", s.Case.Name, s.Case.Edge)
		}
		last, key := s.Lodgings[len(s.Lodgings)-1], s.Case.Edge+" for "+s.Home.ID
		if ends[key] == nil {
			ends[key] = map[string]bool{}
		}
		ends[key][fmt.Sprint(last.Want.Outcome, last.Want.Reasons)] = true
	}
	for _, e := range Edges() {
		by := AuthorityIDs()
		if e == boundary28 {
			by = protection
		}
		for _, a := range by {
			if sides := ends[e+" for "+a]; len(sides) < 2 {
				t.Errorf("boundary %q of %s has only %v", e, a, sides)
			}
		}
	}
}

// Every reason and outcome automatic processing may give appears, save those
// that need broken machinery.
func TestEveryReasonAppears(t *testing.T) {
	t.Parallel()
	seen := map[int32]bool{}
	for _, l := range world(t, 1, 1).Lodgings {
		for _, r := range l.Want.Reasons {
			seen[int32(r)] = true
		}
	}
	for r := noMatch; r <= declarationRequired; r++ {
		if !seen[int32(r)] {
			t.Errorf("no case expects %s", r)
		}
	}
}

// What the table says of the register may not contradict the register's own
// rules: no overlap, and never two notices in force.
func TestExpectedRegisterIsPossible(t *testing.T) {
	t.Parallel()
	for _, first := range []string{fixedDay, "2027-05-30", "2028-01-31", "2026-08-29"} {
		w, err := Make(Options{Seed: 3, First: day(t, first), Copies: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range w.Scenes {
			for d := w.Plan.Days[firstDay]; d <= w.Plan.Close; d++ {
				live := 0
				for _, n := range s.Notices {
					if _, state, ok := n.On(d); ok && state == 2 {
						live++
					}
				}
				if live > 1 {
					t.Fatalf("%s of %s expects %d notices in force on %s", s.Case.Name, s.Home.ID, live, d)
				}
			}
		}
	}
}
