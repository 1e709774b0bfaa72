package api

import (
	"encoding/base64"
	"testing"
)

// FuzzListTokens: tokens of versions and of records set aside are read as they are
// written, or refused.
func FuzzListTokens(f *testing.F) {
	f.Add("")
	f.Add(writeVersion(3))
	f.Add(writeVersion(-3))
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 16)))
	f.Fuzz(func(t *testing.T, token string) {
		if v, err := readVersion(token); err == nil && token != "" {
			if again, err := readVersion(writeVersion(v)); v < 1 || err != nil || again != v {
				t.Errorf("%q reads as version %d, then %d, %v", token, v, again, err)
			}
		}
		if id, err := readAsideToken(token); err == nil && token != "" {
			if again, err := readAsideToken(base64.RawURLEncoding.EncodeToString(id[:])); err != nil || again != id {
				t.Errorf("%q reads as %s, then %s, %v", token, id, again, err)
			}
		}
	})
}
