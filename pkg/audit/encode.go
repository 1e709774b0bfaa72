package audit

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/noticehub/noticehub/pkg/audit/internal/jsontext"
)

// appendEntry appends the entry as one line of JSON, without the newline: fields
// in the order of the struct, details by name, the bytes that encoding/json would
// write. It is by hand because every decision of the hub passes here.
func appendEntry(b []byte, e *Entry) []byte {
	b = append(b, `{"action":`...)
	b = jsontext.Append(b, e.Action)
	if e.Object != "" {
		b = append(b, `,"object":`...)
		b = jsontext.Append(b, e.Object)
	}
	b = append(b, `,"result":`...)
	b = jsontext.Append(b, string(e.Result))
	if e.Reason != "" {
		b = append(b, `,"reason":`...)
		b = jsontext.Append(b, e.Reason)
	}
	if e.Actor != "" {
		b = append(b, `,"actor":`...)
		b = jsontext.Append(b, e.Actor)
	}
	if e.Version != 0 {
		b = append(b, `,"version":`...)
		b = strconv.AppendInt(b, e.Version, 10)
	}
	if len(e.Digest) > 0 {
		b = append(b, `,"digest":"`...)
		b = base64.StdEncoding.AppendEncode(b, e.Digest)
		b = append(b, '"')
	}
	if len(e.Detail) > 0 {
		b = appendDetail(append(b, `,"detail":`...), e.Detail)
	}
	return append(b, '}')
}

func appendDetail(b []byte, detail map[string]string) []byte {
	var few [8]string
	names := few[:0]
	for name := range detail {
		names = append(names, name)
	}
	slices.Sort(names)
	separator := byte('{')
	for _, name := range names {
		b = append(b, separator)
		b = jsontext.Append(b, name)
		b = append(b, ':')
		b = jsontext.Append(b, detail[name])
		separator = ','
	}
	return append(b, '}')
}

// maxHeader bounds each text of a record's header, in bytes.
const maxHeader = 300

// plain is s as a text that PostgreSQL takes.
func plain(s string) string {
	if len(s) <= maxHeader && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 {
		return s
	}
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\x00", "\ufffd")
	for len(s) > maxHeader {
		_, last := utf8.DecodeLastRuneInString(s[:maxHeader+1])
		s = s[:maxHeader+1-last]
	}
	return s
}
