package pagetoken_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

func tokens(t *testing.T, secret byte, purpose string) *pagetoken.Tokens {
	t.Helper()
	made, err := pagetoken.New(bytes.Repeat([]byte{secret}, 32), purpose)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestTokens(t *testing.T) {
	t.Parallel()
	list := tokens(t, 1, "list")
	place := []byte("0123456789abcdef0123456789ab")
	token := list.Seal("frc", place)
	if again := list.Seal("frc", place); again != token {
		t.Error("one place has two tokens")
	}
	if got, ok := list.Open("frc", token); !ok || !bytes.Equal(got, place) {
		t.Errorf("%q, %v", got, ok)
	}
	if raw, _ := base64.RawURLEncoding.DecodeString(token); bytes.Contains(raw, place[:8]) {
		t.Error("the token shows the place")
	}
	if next := list.Seal("frc", []byte("0123456789abcdef0123456789ac")); next[:20] == token[:20] {
		t.Error("two places have tokens alike")
	}
	for what, by := range map[string]*pagetoken.Tokens{"another secret": tokens(t, 2, "list"), "another purpose": tokens(t, 1, "watch")} {
		if _, ok := by.Open("frc", token); ok {
			t.Errorf("%s opens it", what)
		}
	}
	for _, other := range []string{"", "qld-cp", "frc\n", "fr"} {
		if _, ok := list.Open(other, token); ok {
			t.Errorf("%q opens it", other)
		}
	}
	if _, ok := list.Open("frc", list.Seal("frc", nil)); !ok {
		t.Error("an empty place does not come back")
	}
}

// TestAlteredTokens changes every bit and length of a token.
func TestAlteredTokens(t *testing.T) {
	t.Parallel()
	list := tokens(t, 1, "list")
	token := list.Seal("frc", []byte("place"))
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(raw) * 8 {
		altered := bytes.Clone(raw)
		altered[bit/8] ^= 1 << (bit % 8)
		if _, ok := list.Open("frc", base64.RawURLEncoding.EncodeToString(altered)); ok {
			t.Errorf("bit %d can be changed", bit)
		}
	}
	for n := range len(token) {
		if _, ok := list.Open("frc", token[:n]); ok {
			t.Errorf("the first %d characters are enough", n)
		}
	}
	for _, text := range []string{token + "A", token + "=", "\n" + token, strings.Repeat("A", 10_000), "\x00", "é", token + "\n"} {
		if _, ok := list.Open("frc", text); ok {
			t.Errorf("%.20q is accepted", text)
		}
	}
	if _, err := pagetoken.New(nil, "list"); err == nil {
		t.Error("no secret is needed")
	}
}
