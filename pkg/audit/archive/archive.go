// Package archive is the audit log in a file: every entry as it was hashed, the
// signed checkpoints and the key they are checked with, one JSON object a line.
//
//	{"log":"noticehub-audit","version":1,"key":"…","from":0,"peaks":[]}
//	{"position":0,"hash":"…","header":{"record":"…",…},"entry":{"action":"…",…}}
//	{"checkpoint":"noticehub-audit\n1\n…"}
//	{"end":1}
//
// A leaf of the log is the bytes of header, a newline and the bytes of entry. The
// hash beside it is not needed to check the log; it tells which entry is the bad
// one when a checkpoint does not fit. A file that begins later than at 0 names the
// peaks of the tree before it.
//
// Guarantees: Verify needs the file and the key only. It accepts one form of every
// line, so that no bit of a file can change unnoticed. Not guaranteed: that a file
// holds the newest entries; compare it with a checkpoint kept elsewhere.
package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/internal/jsontext"
	"github.com/noticehub/noticehub/pkg/audit/tree"
)

const version = 1

// start is the first line.
type start struct {
	Log     string      `json:"log"`
	Version int         `json:"version"`
	Key     string      `json:"key"`
	From    int64       `json:"from"`
	Peaks   []tlog.Hash `json:"peaks"`
}

func (s start) line() ([]byte, error) {
	if s.Peaks == nil {
		s.Peaks = []tlog.Hash{}
	}
	b, err := json.Marshal(s)
	return append(b, '\n'), err
}

const (
	positionName   = `{"position":`
	hashName       = `,"hash":"`
	headerName     = `","header":`
	entryName      = `,"entry":`
	checkpointName = `{"checkpoint":`
	endName        = `{"end":`
)

// Writer writes an archive.
type Writer struct {
	out  *bufio.Writer
	line []byte
	next int64
}

// NewWriter begins an archive of the entries after those of a frontier. public is
// the key its checkpoints are checked with.
func NewWriter(w io.Writer, public string, from *tree.Frontier) (*Writer, error) {
	first, err := start{Log: tree.Name, Version: version, Key: public, From: from.Size(), Peaks: from.Peaks()}.line()
	if err != nil {
		return nil, err
	}
	a := &Writer{out: bufio.NewWriterSize(w, 64<<10), next: from.Size()}
	_, err = a.out.Write(first)
	return a, err
}

// Entry writes the next entry, by the lines it is hashed with and the hash that
// is stored for it.
func (a *Writer) Entry(stored tlog.Hash, header, entry []byte) error {
	a.line = appendEntry(a.line[:0], a.next, stored, header, entry)
	a.next++
	_, err := a.out.Write(a.line)
	return err
}

func appendEntry(b []byte, position int64, hash tlog.Hash, header, entry []byte) []byte {
	b = strconv.AppendInt(append(b, positionName...), position, 10)
	b = append(append(b, hashName...), hash.String()...)
	b = append(append(b, headerName...), header...)
	b = append(append(b, entryName...), entry...)
	return append(b, '}', '\n')
}

// Checkpoint writes a signed checkpoint, which belongs after the entries it is of.
func (a *Writer) Checkpoint(signed string) error {
	a.line = appendCheckpoint(a.line[:0], signed)
	_, err := a.out.Write(a.line)
	return err
}

func appendCheckpoint(b []byte, signed string) []byte {
	return append(jsontext.Append(append(b, checkpointName...), signed), '}', '\n')
}

// Flush hands over what was written so far.
func (a *Writer) Flush() error { return a.out.Flush() }

// End writes the last line.
func (a *Writer) End() error {
	_, err := a.out.Write(appendEnd(nil, a.next))
	return errors.Join(err, a.out.Flush())
}

func appendEnd(b []byte, size int64) []byte {
	return append(strconv.AppendInt(append(b, endName...), size, 10), '}', '\n')
}

// Line is what a line of an archive says, as far as its form allows; for showing
// entries, not for trusting them.
type Line struct {
	// Position of the entry; -1 when the line is none.
	Position      int64
	Hash          tlog.Hash
	Header, Entry []byte
	// Checkpoint of a checkpoint's line.
	Checkpoint string
}

var errLine = errors.New("the line is not of an archive's form")

// ParseLine reads a line with its newline.
func ParseLine(line []byte) (Line, error) {
	l := Line{Position: -1}
	if bytes.HasPrefix(line, []byte(checkpointName)) {
		var c struct {
			Checkpoint string `json:"checkpoint"`
		}
		if json.Unmarshal(line, &c) != nil || !bytes.Equal(appendCheckpoint(nil, c.Checkpoint), line) {
			return l, errLine
		}
		l.Checkpoint = c.Checkpoint
		return l, nil
	}
	rest, ok := bytes.CutPrefix(line, []byte(positionName))
	number, rest, ok1 := bytes.Cut(rest, []byte(hashName))
	hash, rest, ok2 := bytes.Cut(rest, []byte(headerName))
	// An unescaped quote cannot be within the header's strings.
	header, rest, ok3 := bytes.Cut(rest, []byte("}"+entryName))
	entry, ok4 := bytes.CutSuffix(rest, []byte("}\n"))
	position, err1 := strconv.ParseInt(string(number), 10, 64)
	h, err2 := tlog.ParseHash(string(hash))
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || errors.Join(err1, err2) != nil || position < 0 {
		return l, errLine
	}
	header = header[: len(header)+1 : len(header)+1] // with its brace
	if !bytes.Equal(appendEntry(nil, position, h, header, entry), line) {
		return l, errLine
	}
	return Line{Position: position, Hash: h, Header: header, Entry: entry}, nil
}
