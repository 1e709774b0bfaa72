package report

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/clock"
)

func TestChangeNote(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kinds []Circumstance
		want  string
	}{
		{[]Circumstance{Address}, "Changed circumstances: address"},
		{[]Circumstance{Partner}, "Changed circumstances: partner"},
		{[]Circumstance{Children}, "Changed circumstances: children in care"},
		{[]Circumstance{Children, Address, Children}, "Changed circumstances: address, children in care"},
		{[]Circumstance{Partner, Children, Address}, "Changed circumstances: address, partner, children in care"},
	} {
		if got, ok := ChangeNote(c.kinds); !ok || got != c.want {
			t.Errorf("%v: %q, %v", c.kinds, got, ok)
		}
	}
	for _, bad := range [][]Circumstance{nil, {0}, {Address, 4}, {-1}} {
		if got, ok := ChangeNote(bad); ok {
			t.Errorf("%v: %q", bad, got)
		}
	}
}

func TestChangeReference(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for n := range 10_000 {
		// As the registry makes them: of one notice, which gives them its time.
		ref := ChangeReference(clock.DerivedID(clock.ID{1, 2, 3}, string(rune(n))))
		if len(ref) != len("~coc-")+16 || !HubCreated(ref) || seen[ref] {
			t.Fatalf("%q, seen %v", ref, seen[ref])
		}
		seen[ref] = true
	}
}
