// Package jsontext writes strings the way encoding/json does, byte for byte, but
// without reflection: what is hashed and signed must have one form only.
package jsontext

import (
	"strings"
	"unicode/utf8"
)

// ordinary says which bytes stand for themselves within a JSON string; as
// encoding/json does, characters that HTML minds are escaped too.
var ordinary = func() (t [256]bool) {
	for c := byte(' '); c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != '<' && c != '>' && c != '&'
	}
	return t
}()

// Append appends s as a JSON string, quotes included.
func Append(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		if !ordinary[s[i]] {
			return append(escaped(append(b, s[:i]...), s[i:]), '"')
		}
	}
	return append(append(b, s...), '"')
}

const hexDigits = "0123456789abcdef"

func escaped(b []byte, s string) []byte {
	for len(s) > 0 {
		c := s[0]
		if c < utf8.RuneSelf {
			switch {
			case ordinary[c]:
				b = append(b, c)
			case c == '"' || c == '\\':
				b = append(b, '\\', c)
			case strings.IndexByte("\b\f\n\r\t", c) >= 0:
				b = append(b, '\\', "btn_fr"[c-'\b'])
			default:
				b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			}
			s = s[1:]
			continue
		}
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(b, `\ufffd`...)
		case r == '\u2028' || r == '\u2029':
			b = append(b, `\u202`...)
			b = append(b, hexDigits[r&15])
		default:
			b = append(b, s[:size]...)
		}
		s = s[size:]
	}
	return b
}
