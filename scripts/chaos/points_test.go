package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestPointsAreThoseOfTheCode holds the lists of this program against the crash
// points in the code: a point nobody crashes at proves nothing.
func TestPointsAreThoseOfTheCode(t *testing.T) {
	t.Parallel()
	inCode := map[string]bool{}
	mark := regexp.MustCompile(`(?:crashpoint\.Here\(|\.Point = )"([a-z-]+\.[a-z-]+)"`)
	for _, module := range []string{"pkg", "services"} {
		err := filepath.WalkDir(filepath.Join("..", "..", module), func(path string, d fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, found := range mark.FindAllStringSubmatch(string(text), -1) {
				inCode[found[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	listed := map[string]bool{dayRoll: true, itemSweep: true}
	for _, p := range slices.Concat(points, midnightPoints) {
		listed[p.name] = true
		for _, service := range p.services {
			if !slices.ContainsFunc(replicas, func(r replica) bool { return r.name == service }) {
				t.Errorf("%s is to be reached in %s, which there is not", p.name, service)
			}
		}
		if !inCode[p.name] {
			t.Errorf("%s is listed and not in the code", p.name)
		}
	}
	for name := range inCode {
		if !listed[name] {
			t.Errorf("%s is in the code and never crashed at", name)
		}
	}
	if len(listed) < 12 {
		t.Errorf("only %d points", len(listed))
	}
}

// TestLawsCanBeBroken wants damage for every law, and names that tell them apart.
func TestLawsCanBeBroken(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, l := range slices.Concat(standing, settled, closed) {
		if l.name == "" || l.query == "" || l.breaks == "" || seen[l.name] {
			t.Errorf("law %q is incomplete or there twice", l.name)
		}
		seen[l.name] = true
	}
}
