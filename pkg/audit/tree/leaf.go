package tree

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/internal/jsontext"
)

// Header is what the leaves of a record have in common.
type Header struct {
	// ID of the record.
	ID [16]byte
	// At is the database's time of the transaction, to the microsecond.
	At                                     time.Time
	Service, Actor, Method, Session, Trace string
}

// timeLayout of headers and checkpoints, in UTC.
const timeLayout = "2006-01-02T15:04:05.000000Z"

const recordPrefix = `{"record":"`

// Append appends the header line, without the newline.
func (h Header) Append(b []byte) []byte {
	b = append(b, recordPrefix...)
	b = appendID(b, h.ID)
	b = append(b, `","at":"`...)
	b = h.At.UTC().AppendFormat(b, timeLayout)
	b = append(b, `","service":`...)
	b = jsontext.Append(b, h.Service)
	b = append(b, `,"actor":`...)
	b = jsontext.Append(b, h.Actor)
	b = append(b, `,"method":`...)
	b = jsontext.Append(b, h.Method)
	b = append(b, `,"session":`...)
	b = jsontext.Append(b, h.Session)
	b = append(b, `,"trace":`...)
	b = jsontext.Append(b, h.Trace)
	return append(b, '}')
}

func appendID(b []byte, id [16]byte) []byte {
	b = hex.AppendEncode(b, id[:4])
	for _, part := range [][]byte{id[4:6], id[6:8], id[8:10], id[10:]} {
		b = hex.AppendEncode(append(b, '-'), part)
	}
	return b
}

// RecordID is the id of the record a header line names, or "".
func RecordID(header []byte) string {
	rest, ok := bytes.CutPrefix(header, []byte(recordPrefix))
	if !ok || len(rest) < 36 {
		return ""
	}
	return string(rest[:36])
}

// Leaves makes the leaf hashes of one record after the other; the zero value is
// ready. It is for one goroutine.
type Leaves struct {
	buffer []byte
	prefix int
}

// Begin sets the header line of the leaves that follow.
func (l *Leaves) Begin(header []byte) {
	l.buffer = append(append(append(l.buffer[:0], leafPrefix), header...), '\n')
	l.prefix = len(l.buffer)
}

// BeginRecord is Begin with the header's line.
func (l *Leaves) BeginRecord(h Header) {
	l.buffer = append(h.Append(append(l.buffer[:0], leafPrefix)), '\n')
	l.prefix = len(l.buffer)
}

// Hash is the hash of the leaf with an entry line.
func (l *Leaves) Hash(entry []byte) tlog.Hash {
	l.buffer = append(l.buffer[:l.prefix], entry...)
	return sha256.Sum256(l.buffer)
}

// leafPrefix tells leaves from nodes, see RFC 6962.
const leafPrefix = 0

// LeafHash is the hash of one leaf: the header line, a newline, the entry line.
func LeafHash(header, entry []byte) tlog.Hash {
	var l Leaves
	l.Begin(header)
	return l.Hash(entry)
}
