package attacktest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	citedTest   = regexp.MustCompile("`([a-z][a-z0-9/]*):((?:Test|Fuzz)[A-Za-z0-9]+)`")
	citedAttack = regexp.MustCompile(`\[A([0-9]+)\]`)
	numbered    = regexp.MustCompile(`\{number: ([0-9]+), name: "`)
	// An id of either catalogue, as it must be written.
	asvs = regexp.MustCompile(`v5\.0\.0-[0-9.]+`)
	sane = regexp.MustCompile(`^v5\.0\.0-(?:[1-9]|1[0-7])\.[1-8]\.(?:[1-9]|1[0-6])$`)
	ism  = regexp.MustCompile(`ISM-[0-9]+`)
)

// scripted are the numbers of the attack list that have a case here.
func scripted(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range numbered.FindAllSubmatch(data, -1) {
			numbers[string(m[1])] = true
		}
	}
	return numbers
}

// What the document on security cites is there: every test by its name in its
// folder, every attack by its number; and every attack is cited.
func TestEverythingCitedExists(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile(filepath.Join("..", "..", "deploy", "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests := citedTest.FindAllSubmatch(document, -1)
	if len(tests) < 60 {
		t.Errorf("only %d tests are cited", len(tests))
	}
	for _, m := range tests {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(string(m[1])), "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range files {
			data, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(data), "\nfunc "+string(m[2])+"(")
		}
		if !found {
			t.Errorf("%s has no %s", m[1], m[2])
		}
	}
	cases, cited := scripted(t), map[string]bool{}
	for _, m := range citedAttack.FindAllSubmatch(document, -1) {
		cited[string(m[1])] = true
		if !cases[string(m[1])] {
			t.Errorf("case %s is cited and not scripted", m[1])
		}
	}
	for number := range cases {
		if !cited[number] {
			t.Errorf("case %s is scripted and not cited", number)
		}
	}
	for _, id := range asvs.FindAllString(string(document), -1) {
		if id != "v5.0.0-" && !sane.MatchString(id) {
			t.Errorf("%s is no requirement's id", id)
		}
	}
	for _, id := range ism.FindAllString(string(document), -1) {
		if len(id) != len("ISM-0000") {
			t.Errorf("%s is no control's id", id)
		}
	}
}

// The list of the bar that this folder must have a case for.
func TestTheWholeListIsScripted(t *testing.T) {
	t.Parallel()
	cases := scripted(t)
	for _, number := range strings.Fields("1 2 3 4 6 7 8 9 11 12 13 15 17 18 19 21 23 24 25 27 28 31 32 33 35 36 37 38 40 41 44 45 46 47 49 50 53 57 59 60") {
		if !cases[number] {
			t.Errorf("case %s has no script", number)
		}
	}
}
