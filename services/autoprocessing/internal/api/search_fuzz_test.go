package api

import (
	"testing"

	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// FuzzPosition: a token that is read goes on where it says, in its own
// order. (A forged time leads to an empty page: case 31 of the attack list.)
func FuzzPosition(f *testing.F) {
	f.Add("", true)
	f.Add(tokenOf(&store.Submission{}, false), false)
	f.Add(tokenOf(&store.Submission{}, true), false)
	f.Add("AP_________________________________", false)
	f.Fuzz(func(t *testing.T, token string, newest bool) {
		p, err := positionOf(token, newest)
		if err != nil || token == "" {
			return
		}
		again, err := positionOf(tokenOf(&store.Submission{ID: p.ID, LodgedAt: p.LodgedAt}, newest), newest)
		if err != nil || !again.LodgedAt.Equal(p.LodgedAt) || again.ID != p.ID {
			t.Errorf("%q reads as %v, then as %v, %v", token, p, again, err)
		}
	})
}
