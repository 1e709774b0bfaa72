package clock_test

import (
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/clock"
)

// FuzzParseID: an id that is read is the text again.
func FuzzParseID(f *testing.F) {
	f.Add("")
	f.Add("0199aaaa-0000-7000-8000-00000000dead")
	f.Add("0199AAAA-0000-7000-8000-00000000DEAD")
	f.Add("{199aaaa-0000-7000-8000-00000000dea}")
	f.Fuzz(func(t *testing.T, text string) {
		if id, err := clock.ParseID(text); err == nil && id.String() != strings.ToLower(text) {
			t.Errorf("%q reads as %s", text, id)
		}
	})
}
