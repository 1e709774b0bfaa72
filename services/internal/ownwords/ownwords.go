// Package ownwords judges what officers write where the hub asks for their own words:
// notes of what they did, reasons for what they do.
//
// Guarantees: a text that says nothing is refused as a field of the request, with
// the rule it broke. It does not judge whether what is said is true.
package ownwords

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Shortest is the fewest characters a note or reason may have: "no action" has 9.
const Shortest = 10

// fewestSigns is the fewest different letters and digits of a text that says
// something; "abababababab" has two.
const fewestSigns = 4

// empty are the words of which empty phrases are made: "no action required",
// "work item completed", "all done, n/a". A text that has no other word says
// nothing about what was investigated, whatever their order.
var empty = set(`a action actioned actions advised all and any applicable as been checked clear cleared close closed complete
	completed completing done everything file finalised finished for further good has have is it item items n na nfa nil
	no none noted nothing not now of ok okay on per reviewed see seen tbc tba test the this to updated was were work yes above
	below before same notes note required needed necessary taken today attached fine`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// Normalised is a text as it is compared with others: small letters, digits and
// single spaces.
func Normalised(text string) string {
	var b strings.Builder
	gap := false
	for _, r := range strings.ToLower(text) {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			if gap && b.Len() > 0 {
				b.WriteByte(' ')
			}
			b.WriteRune(r)
			gap = false
		case r == '\'' || r == '’': // "customer's" is one word
		case r == '/' && b.Len() == 1: // so is "n/a"
		default:
			gap = true
		}
	}
	return b.String()
}

// Say refuses a text that says nothing, as field of the request: blank, too
// short, or an empty phrase. It returns the text without the blanks around it.
func Say(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	normalised := Normalised(text)
	switch {
	case text == "":
		return "", fault.InvalidField(field, "it must not be blank: say it in your own words").WithMeta("rule", "BLANK")
	case utf8.RuneCountInString(text) < Shortest:
		return "", fault.InvalidField(field, "it must have at least %d characters, it has %d", Shortest, utf8.RuneCountInString(text)).
			WithMeta("rule", "TOO_SHORT")
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' }):
		return "", fault.InvalidField(field, "it must not have control characters")
	case says(normalised):
		return text, nil
	}
	return "", fault.InvalidField(field, "it is an empty phrase: say it in your own words").WithMeta("rule", "BOILERPLATE")
}

// says reports whether a normalised text has something to say.
func says(normalised string) bool {
	signs := map[rune]bool{}
	for _, r := range normalised {
		if r != ' ' {
			signs[r] = true
		}
	}
	words := strings.Fields(normalised)
	if len(signs) < fewestSigns || repeats(words) {
		return false
	}
	for _, w := range words {
		if !empty[w] {
			return true
		}
	}
	return false
}

// repeats reports whether the words are the same few again and again.
func repeats(words []string) bool {
	for period := 1; period <= len(words)/2; period++ {
		if len(words)%period != 0 {
			continue
		}
		same := true
		for i := period; i < len(words) && same; i++ {
			same = words[i] == words[i-period]
		}
		if same {
			return true
		}
	}
	return false
}
