package pagetoken_test

import (
	"testing"

	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

// FuzzOpen: a token that opens is the one form that Seal gives of its place, for
// that owner and no other.
func FuzzOpen(f *testing.F) {
	mine, err := pagetoken.New(make([]byte, 32), "submissions")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("frc", "")
	f.Add("frc", mine.Seal("frc", []byte("place")))
	f.Add("frc", mine.Seal("qld-cp", []byte("place")))
	f.Add("frc\nx", mine.Seal("frc", nil))
	f.Fuzz(func(t *testing.T, owner, token string) {
		place, ok := mine.Open(owner, token)
		if !ok {
			return
		}
		if mine.Seal(owner, place) != token {
			t.Errorf("%q opens for %q and is not its seal", token, owner)
		}
		if _, ok := mine.Open(owner+"x", token); ok {
			t.Errorf("%q opens for two", token)
		}
	})
}
