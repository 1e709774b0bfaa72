package synthetic

import (
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"
)

func TestPeopleAreReproducible(t *testing.T) {
	t.Parallel()
	crns := map[string]bool{}
	shape := regexp.MustCompile(`^[0-9]{9}[A-Z]$`)
	for n := range 1000 {
		a, b := Person(7, n), Person(7, n)
		if !proto.Equal(a, b) {
			t.Fatalf("person %d differs between two calls", n)
		}
		if crns[a.GetCrn()] || !shape.MatchString(a.GetCrn()) {
			t.Fatalf("CRN %q of person %d", a.GetCrn(), n)
		}
		crns[a.GetCrn()] = true
	}
	if proto.Equal(Person(7, 1), Person(8, 1)) {
		t.Error("another seed must make other people")
	}
}

func TestAuthoritiesCoverEveryFunction(t *testing.T) {
	t.Parallel()
	functions := map[int32]bool{}
	for _, a := range Authorities() {
		functions[int32(a.GetBusinessFunction())] = true
	}
	if len(functions) != 3 {
		t.Errorf("%d business functions", len(functions))
	}
}
