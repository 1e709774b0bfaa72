package api

import (
	"testing"
	"time"
)

// FuzzPosition: a token that is read says of which list it is and where it goes on.
func FuzzPosition(f *testing.F) {
	const mine = list(7)
	f.Add("")
	f.Add(mine.token(time.UnixMicro(1_700_000_000_000_000), [16]byte{1}))
	f.Add(list(8).token(time.UnixMicro(1), [16]byte{}))
	f.Add("__________________________________")
	f.Fuzz(func(t *testing.T, token string) {
		p, err := mine.position(token)
		if err != nil || token == "" {
			return
		}
		again, err := mine.position(mine.token(p.At, p.ID))
		if err != nil || !again.At.Equal(p.At) || again.ID != p.ID {
			t.Errorf("%q reads as %v, then as %v, %v", token, p, again, err)
		}
	})
}
