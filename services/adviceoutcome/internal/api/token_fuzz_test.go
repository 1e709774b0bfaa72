package api

import (
	"testing"

	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

// FuzzTokens: what opens was sealed for whoever asks, and has its parts.
func FuzzTokens(f *testing.F) {
	tokens, err := pagetoken.New(make([]byte, 32), "outcomes")
	if err != nil {
		f.Fatal(err)
	}
	mine := scope{actor: "authority:frc"}
	f.Add("")
	f.Add(token(tokens, mine, "2026-11-23", "1", "x"))
	f.Add(token(tokens, scope{actor: "authority:qld-cp"}, "2026-11-23", "1", "x"))
	s := &Server{outcomes: tokens}
	f.Fuzz(func(t *testing.T, text string) {
		part, ok, err := readToken(tokens, mine, text, 3)
		if ok && (err != nil || len(part) != 3 || token(tokens, mine, part...) != text) {
			t.Errorf("%q reads as %q, %v", text, part, err)
		}
		if p, err := s.position(mine, text); err == nil && (p == nil) != (text == "") {
			t.Errorf("%q is at %v", text, p)
		}
	})
}
