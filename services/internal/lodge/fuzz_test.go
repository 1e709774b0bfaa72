package lodge

import (
	"strings"
	"testing"
)

// FuzzRead: a file of submissions in any form is read or refused, never taken in part.
func FuzzRead(f *testing.F) {
	for _, text := range []string{
		"", "{}", "---\n", `{"reference":"a","disclosure":{"customer":{"crn":"200000000A"}}}`, "reference: a\n---\nreference: b\n", "[1,2", "&a [*a]", "a: &a [x]\nb: *a\n", "\xef\xbb\xbf{}", "- x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		list, err := Read(strings.NewReader(text))
		if err != nil && len(list) > 0 {
			t.Errorf("%q gives %d submissions and %v", text, len(list), err)
		}
	})
}
