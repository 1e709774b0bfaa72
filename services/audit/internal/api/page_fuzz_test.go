package api

import "testing"

// FuzzPosition: a token that is read is the one that is written of its position.
func FuzzPosition(f *testing.F) {
	const mine = list(7)
	f.Add("")
	f.Add(mine.token(5))
	f.Add(mine.token(-5))
	f.Add(list(8).token(5))
	f.Fuzz(func(t *testing.T, token string) {
		position, err := mine.position(token)
		if err == nil && (position <= 0 || mine.token(position) != token) {
			t.Errorf("%q reads as %d", token, position)
		}
	})
}
