package api

import (
	"testing"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// FuzzTokens: a token that is read is the one that is written of what it says, for
// its authority alone, and never one of the other list's.
func FuzzTokens(f *testing.F) {
	made, err := newTokens(make([]byte, 32))
	if err != nil {
		f.Fatal(err)
	}
	id := clock.DerivedID(clock.ID{}, "x")
	f.Add("frc", "")
	f.Add("frc", made.page("frc", id))
	f.Add("qld-cp", made.page("frc", id))
	f.Add("frc", made.resume("frc", store.Position{Tx: 7, SubmissionID: id, Version: 2}))
	f.Fuzz(func(t *testing.T, authority, token string) {
		page, pageErr := made.parsePage(authority, token)
		place, placeErr := made.parseResume(authority, token)
		if token != "" && pageErr == nil && (made.page(authority, page) != token || placeErr == nil) {
			t.Errorf("%q of %s reads as page %s", token, authority, page)
		}
		if placeErr == nil && made.resume(authority, place) != token {
			t.Errorf("%q of %s reads as place %+v", token, authority, place)
		}
	})
}
