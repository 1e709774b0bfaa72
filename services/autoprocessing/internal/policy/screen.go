package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// screen finds phrases in free text: an Aho–Corasick automaton over the letters
// and digits of all phrases, so a text is read once whatever their number. Case,
// accents, punctuation and spaces do not count ("Drug-use", "drug use" and
// "DRUGUSE" are one), but a phrase must begin where a word begins and, unless it
// is marked with a trailing *, end where a word ends: "ice use" is not in
// "office used".
type screen struct {
	next [][alphabet]int32
	// found holds for each state the phrases that end there.
	found [][]phrase
}

// alphabet is a to z and 0 to 9.
const alphabet = 36

// phrase is a phrase that ends at a state.
type phrase struct {
	length int  // letters
	open   bool // a longer last word matches too
}

func (p *Policy) takePhrases(d *document) error {
	s := &screen{next: make([][alphabet]int32, 1), found: make([][]phrase, 1)}
	for _, group := range d.ReferralPhrases {
		where := "referral phrases about " + group.About
		if group.About == "" || len(group.Phrases) == 0 {
			return refusal(p.file, where, "about and phrases are needed")
		}
		for _, text := range group.Phrases {
			stem, open := strings.CutSuffix(text, "*")
			if strings.Contains(stem, "*") {
				return refusal(p.file, where, "phrase %q may have a * only at its end", text)
			}
			letters := letters(stem)
			if len(letters) < 3 || strings.ContainsFunc(letters, func(r rune) bool { return index(r) < 0 }) {
				return refusal(p.file, where, "phrase %q must have at least 3 letters, plain ones", text)
			}
			s.add(letters, open)
		}
	}
	if len(s.next) == 1 {
		return refusal(p.file, "", "referral_phrases is missing")
	}
	s.link()
	p.screen = s
	return nil
}

func index(r rune) int {
	switch {
	case 'a' <= r && r <= 'z':
		return int(r - 'a')
	case 'A' <= r && r <= 'Z':
		return int(r - 'A')
	case '0' <= r && r <= '9':
		return int(r-'0') + 26
	}
	return -1
}

func (s *screen) add(letters string, open bool) {
	at := int32(0)
	for _, r := range letters {
		i := index(r)
		if s.next[at][i] == 0 {
			s.next[at][i] = int32(len(s.next))
			s.next = append(s.next, [alphabet]int32{})
			s.found = append(s.found, nil)
		}
		at = s.next[at][i]
	}
	s.found[at] = append(s.found[at], phrase{length: len(letters), open: open})
}

// link turns the tree of phrases into an automaton that never steps back.
func (s *screen) link() {
	fail := make([]int32, len(s.next))
	var queue []int32
	for _, n := range s.next[0] {
		if n != 0 {
			queue = append(queue, n)
		}
	}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		s.found[at] = append(s.found[at], s.found[fail[at]]...)
		for i, n := range s.next[at] {
			if n == 0 {
				s.next[at][i] = s.next[fail[at]][i]
				continue
			}
			fail[n] = s.next[fail[at]][i]
			queue = append(queue, n)
		}
	}
}

// matches reports whether any phrase stands in the text.
func (s *screen) matches(text string) bool {
	if text == "" {
		return false
	}
	if !plain(text) {
		text = norm.NFKD.String(text)
	}
	// begins[i] is true when letter i is the first of a word.
	begins := make([]bool, 0, len(text)+1)
	// ending is true when a phrase ends with the last letter, if a word does.
	at, inWord, ending := int32(0), false, false
	for _, r := range text {
		i := index(r)
		if i < 0 {
			inWord = inWord && joins(r)
			continue
		}
		if !inWord && ending {
			return true
		}
		ending = false
		begins = append(begins, !inWord)
		inWord = true
		at = s.next[at][i]
		for _, ph := range s.found[at] {
			if !begins[len(begins)-ph.length] {
				continue
			}
			if ph.open {
				return true
			}
			ending = true
		}
	}
	return ending
}

// joins reports whether a character between letters does not end the word:
// apostrophes, accents split off by decomposition, and what cannot be seen.
func joins(r rune) bool {
	return r == '\'' || r == '’' || unicode.IsMark(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
}

// LooksLikeReasons screens a free text for reasons for referral, in time linear
// to its length.
func (p *Policy) LooksLikeReasons(text string) bool { return p.screen.matches(text) }
