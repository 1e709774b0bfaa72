package matching

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A normalised text over maxBytes is kept as its first keptBytes and the digest
// of the whole, so that an index row (two names and a date) stays far below
// PostgreSQL's limit of a third of a page whatever a name expands to.
const (
	maxBytes  = 256
	keptBytes = 128
)

// Normalise brings a name or locality to the form that is compared and indexed:
//
//  1. Unicode NFKD: "é" becomes "e" and an accent, "ﬁ" becomes "fi", full-width letters become plain ones.
//  2. Accents are dropped: combining marks that belong to no script of their
//     own. Vowel signs of scripts such as Devanagari or Thai stay, because
//     without them different names would become the same.
//  3. Full Unicode case folding: "ß" becomes "ss".
//  4. Everything that is no letter, digit or such vowel sign is dropped:
//     spaces, hyphens, apostrophes, punctuation.
//
// So "O'Brien-Smith", "OBRIEN SMITH" and "Ó Brien–Smith" are one name. Letters
// that have no decomposition stay themselves ("ø" is not "o"). The result of
// a text without any letter or digit is empty; an empty name never matches.
// Normalise(Normalise(s)) equals Normalise(s).
func Normalise(s string) string {
	if plain(s) {
		return bounded(lower(s))
	}
	// Folding can bring forth characters that decompose further, and
	// decomposing characters that fold again, so both are done until nothing
	// changes; two rounds suffice for every known character.
	for range 4 {
		next := letters(norm.NFKD.String(cases.Fold().String(letters(norm.NFKD.String(s)))))
		if next == s {
			break
		}
		s = next
	}
	return bounded(s)
}

// plain reports whether s is ASCII only, as most names are.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// lower is Normalise for ASCII.
func lower(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			b.WriteByte(c)
		case 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		}
	}
	return b.String()
}

// letters keeps letters, digits and the marks that carry meaning.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case unicode.IsLetter(r), unicode.IsNumber(r):
			return r
		case unicode.IsMark(r) && !unicode.Is(unicode.Inherited, r):
			return r
		}
		return -1
	}, s)
}

// bounded replaces the tail of an overlong text by its digest.
func bounded(s string) string {
	if len(s) <= maxBytes {
		return s
	}
	end := keptBytes
	for !utf8.RuneStart(s[end]) {
		end--
	}
	sum := sha256.Sum256([]byte(s))
	return s[:end] + hex.EncodeToString(sum[:])
}
