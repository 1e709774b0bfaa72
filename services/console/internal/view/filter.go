package view

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/noticehub/noticehub/pkg/fault"
)

// filters are the names a screen's address may have that a view may keep. Those
// of a customer, of an authority's reference and of a page are not among them.
var filters = map[Screen][]string{
	Queue:       {"authority", "function", "type", "reason", "from", "to", "due", "officer", "unassigned", "held", "order", "age"},
	Submissions: {"authority", "function", "type", "status", "reason", "from", "to", "officer", "unassigned", "held", "order", "age"},
	WorkItems:   {"list", "office", "code", "group", "measure", "from", "to", "assignee", "officer", "unassigned", "days", "state"},
}

// never are names that no view keeps, and why.
var never = map[string]string{
	"crn":       "a view names no customer",
	"reference": "a view names no single submission",
	"page":      "a view begins at the first page",
	"before":    "a view begins at the first page",
}

const (
	// maxValue is the longest value of a filter in bytes.
	maxValue = 100
	// maxName is the longest name of a view in characters.
	maxName = 60
)

// customer is what a CRN looks like, however it is broken up.
var customer = regexp.MustCompile(`(?i)(^|[^0-9a-z])[0-9]{3}[ .,:-]?[0-9]{3}[ .,:-]?[0-9]{3}[ .,:-]?[a-z]($|[^0-9a-z])`)

// Name checks a view's name and returns it without spaces around it.
func Name(text string) (string, error) {
	name := strings.TrimSpace(text)
	switch {
	case name == "" || utf8.RuneCountInString(name) > maxName:
		return "", fault.InvalidField("name", "it must have 1 to %d characters", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", fault.InvalidField("name", "it has a character that cannot be seen")
	case customer.MatchString(name):
		return "", fault.InvalidField("name", "it must not name a customer")
	}
	return name, nil
}

// Query checks a view's filter.
func Query(screen Screen, text string) error {
	refuse := func(format string, a ...any) error { return fault.InvalidField("query", format, a...) }
	if text == "" {
		return nil // everything
	}
	var seen []string
	for pair := range strings.SplitSeq(text, "&") {
		rawName, rawValue, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(rawName)
		if err != nil || !utf8.ValidString(name) {
			return refuse("the name of a filter cannot be read")
		}
		if why, is := never[name]; is {
			return refuse("%q cannot be kept: %s", name, why)
		}
		if !slices.Contains(filters[screen], name) {
			return refuse("this screen has no filter %q; it has %s", name, strings.Join(filters[screen], ", "))
		}
		if slices.Contains(seen, name) {
			return refuse("%q is there twice", name)
		}
		seen = append(seen, name)
		value, err := url.QueryUnescape(rawValue)
		switch {
		case err != nil || !utf8.ValidString(value) || strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }):
			return refuse("the value of %q cannot be read", name)
		case value == "" || len(value) > maxValue:
			return refuse("the value of %q must have 1 to %d characters", name, maxValue)
		case customer.MatchString(value):
			return refuse("the value of %q must not name a customer", name)
		}
	}
	return nil
}
