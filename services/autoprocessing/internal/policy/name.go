package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// SameName reports whether two names are one when spelling fashions are put
// aside: case, accents, spaces, hyphens, apostrophes and other punctuation.
// "O'Brien-Smith", "OBRIEN SMITH" and "Ó Brien–Smith" are one name. A name
// without any letter or digit is the same as none.
func SameName(a, b string) bool {
	if a == b && plain(a) {
		return letters(a) != ""
	}
	x := letters(a)
	return x != "" && x == letters(b)
}

// letters is the form names, communities and phrases are compared in:
// compatibility decomposition (NFKD), accents dropped, case folded, everything
// that is no letter or digit dropped. Vowel signs of scripts such as Devanagari
// stay, because without them different names would become the same.
func letters(s string) string {
	if plain(s) {
		return strings.Map(func(r rune) rune {
			switch {
			case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
				return r
			case 'A' <= r && r <= 'Z':
				return r + 'a' - 'A'
			}
			return -1
		}, s)
	}
	// Folding can bring forth what decomposes further, hence the second round.
	for range 2 {
		s = strings.Map(keepLetter, norm.NFKD.String(cases.Fold().String(norm.NFKD.String(s))))
	}
	return s
}

func keepLetter(r rune) rune {
	switch {
	case r == utf8.RuneError:
		return -1
	case unicode.IsLetter(r), unicode.IsNumber(r):
		return r
	case unicode.IsMark(r) && !unicode.Is(unicode.Inherited, r):
		return r
	}
	return -1
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
