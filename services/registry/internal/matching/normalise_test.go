package matching

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestNormalise(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                 "",
		"Smith":            "smith",
		"O'Brien-Smith":    "obriensmith",
		"Ó Brien–Smith":    "obriensmith",
		"  de  la Cruz ":   "delacruz",
		"Nguyễn":           "nguyen",
		"Müller":           "muller",
		"Mu\u0308ller":     "muller",
		"Strauß":           "strauss",
		"STRAUSS":          "strauss",
		"Ｓｍｉｔｈ":            "smith",
		"ﬁnch":             "finch",
		"İnce":             "ince",
		"Øre":              "øre",
		"D’Arcy":           "darcy",
		"ΣΊΣΥΦΟΣ":          "σισυφοσ",
		"John 2nd":         "john2nd",
		"---":              "",
		"李":                "李",
		"हिन्दी":           "हिन्दी",
		"हन्दी":            "हन्दी",
		"\xff\xfeSmith":    "smith",
		"Th\u0000omas\t\n": "thomas",
	} {
		if got := Normalise(in); got != want {
			t.Errorf("Normalise(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestLongNamesStayDistinct(t *testing.T) {
	t.Parallel()
	a := Normalise(strings.Repeat("\uFDFA", 100)) // one character that expands to eighteen
	b := Normalise(strings.Repeat("\uFDFA", 99) + "x")
	if len(a) > maxBytes || len(b) > maxBytes {
		t.Errorf("lengths %d and %d, limit %d", len(a), len(b), maxBytes)
	}
	if a == b {
		t.Error("two different long names became one")
	}
	if Normalise(a) != a {
		t.Error("a shortened name does not normalise to itself")
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{"O'Brien", "Ó Brien", "ß", "İ", "ﷺ", "हिन्दी", "\u0345ᾳ", "ŉ", "ǆ", "ϓ", "\u1E9B\u0323", "\xff", strings.Repeat("ﷺ", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := Normalise(s)
		if again := Normalise(n); again != n {
			t.Fatalf("%q gives %q, which gives %q", s, n, again)
		}
		if len(n) > maxBytes || !utf8.ValidString(n) {
			t.Fatalf("%q gives %d bytes: %q", s, len(n), n)
		}
		for _, r := range n {
			if unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsControl(r) {
				t.Fatalf("%q keeps %q", s, r)
			}
		}
		if up := Normalise(strings.ToUpper(s)); utf8.ValidString(s) && up != Normalise(strings.ToUpper(norm.NFC.String(strings.ToUpper(s)))) {
			t.Fatalf("%q: composed and decomposed forms differ", s)
		}
	})
}

func TestEveryCharacterNormalisesOnce(t *testing.T) {
	t.Parallel()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		n := Normalise(string(r))
		if again := Normalise(n); again != n {
			t.Errorf("%U gives %q, which gives %q", r, n, again)
		}
	}
}
