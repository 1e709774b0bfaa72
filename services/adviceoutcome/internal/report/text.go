package report

import (
	"time"
	"unicode/utf8"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
)

const hexDigits = "0123456789abcdef"

// jsonPlain marks the bytes that stand for themselves in a JSON string.
var jsonPlain = func() (t [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return t
}()

// appendString appends a JSON string. Bytes that are no UTF-8 become U+FFFD, as
// in encoding/json; the line separators that JavaScript does not allow in
// strings are escaped.
func appendString(b, s []byte) []byte {
	b = append(b, '"')
	plain := 0 // where the part not yet copied begins
	for i := 0; i < len(s); {
		c := s[i]
		if jsonPlain[c] {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			r, size = utf8.DecodeRune(s[i:])
			if (r != utf8.RuneError || size > 1) && r != '\u2028' && r != '\u2029' {
				i += size
				continue
			}
			b = append(b, s[plain:i]...)
			if size == 1 {
				b = append(b, `\ufffd`...)
			} else {
				b = append(b, `\u202`...)
				b = append(b, hexDigits[r&0xf])
			}
		} else {
			b = append(b, s[plain:i]...)
			switch c {
			case '"', '\\':
				b = append(b, '\\', c)
			case '\n':
				b = append(b, `\n`...)
			case '\r':
				b = append(b, `\r`...)
			case '\t':
				b = append(b, `\t`...)
			default:
				b = append(b, `\u00`...)
				b = append(b, hexDigits[c>>4], hexDigits[c&0xf])
			}
		}
		i += size
		plain = i
	}
	b = append(b, s[plain:]...)
	return append(b, '"')
}

func appendHex(b, s []byte) []byte {
	for _, c := range s {
		b = append(b, hexDigits[c>>4], hexDigits[c&0xf])
	}
	return b
}

func appendID(b []byte, id clock.ID) []byte {
	b = appendHex(b, id[0:4])
	b = append(b, '-')
	b = appendHex(b, id[4:6])
	b = append(b, '-')
	b = appendHex(b, id[6:8])
	b = append(b, '-')
	b = appendHex(b, id[8:10])
	b = append(b, '-')
	return appendHex(b, id[10:])
}

// appendTime appends the time in UTC to the millisecond, RFC 3339, always 24
// characters. UTC, because a zone's rules may be published anew and the bytes
// must stay what they were.
func appendTime(b []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	milli := t.Nanosecond() / 1_000_000
	b = appendDigits(b, year, 4)
	b = append(b, '-')
	b = appendDigits(b, int(month), 2)
	b = append(b, '-')
	b = appendDigits(b, day, 2)
	b = append(b, 'T')
	b = appendDigits(b, hour, 2)
	b = append(b, ':')
	b = appendDigits(b, minute, 2)
	b = append(b, ':')
	b = appendDigits(b, second, 2)
	b = append(b, '.')
	b = appendDigits(b, milli, 3)
	return append(b, 'Z')
}

func appendDigits(b []byte, n, width int) []byte {
	for divisor := pow10[width-1]; divisor > 0; divisor /= 10 {
		b = append(b, byte('0'+n/divisor%10))
	}
	return b
}

var pow10 = [...]int{1, 10, 100, 1000}

// appendDate appends yyyy-mm-dd, or nothing for nil.
func appendDate(b []byte, d *calendar.Date) []byte {
	if d == nil {
		return b
	}
	return append(b, d.String()...)
}
