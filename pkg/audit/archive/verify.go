package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/tree"
)

// Options of a verification.
type Options struct {
	// Key is the log's public key. Empty, the one in the file is used: the file is
	// then whole, but anybody may have made it.
	Key string
	// Kept are signed checkpoints from elsewhere, older or newer exports: the
	// archive must be a continuation of them and reach them.
	Kept []string
	// Each, if set, sees every entry, before it is known to be right.
	Each func(Line) error
}

// Report says what was verified.
type Report struct {
	// Key that the signatures hold for.
	Key string
	// From and To are the first position and the one after the last.
	From, To int64
	// Last is the newest checkpoint, which vouches for all entries.
	Last tree.Checkpoint
	// Signed is Last as it was signed.
	Signed string
	// Checkpoints that were checked.
	Checkpoints int64

	peaks []tlog.Hash // of the tree before From
}

// ErrFile says that a file is no archive or cannot be checked with that key.
var ErrFile = errors.New("this is not an export of the audit log")

// Verify goes through an archive. A *tree.Fault names the first entry that is
// altered, missing or moved; other errors are about the file as a whole.
func Verify(r io.Reader, o Options) (Report, error) {
	in := &input{in: bufio.NewReaderSize(r, 1<<20)}
	first, err := in.line()
	if err != nil {
		return Report{}, err
	}
	v, err := begin(first, o)
	if err != nil {
		return Report{}, err
	}
	for {
		line, err := in.line()
		if errors.Is(err, errCut) {
			err = v.earlier(v.fault(v.checker.Size(), "", "the export is cut off here"))
		}
		if err != nil {
			return v.report, err
		}
		if bytes.HasPrefix(line, []byte(endName)) {
			return v.report, v.end(line, in)
		}
		if err := v.next(line, in); err != nil {
			// What differs further up is the first fault.
			return v.report, v.earlier(err)
		}
	}
}

var errCut = fmt.Errorf("%w: it is cut off", ErrFile)

type verification struct {
	checker *tree.Checker
	kept    []tree.Checkpoint
	each    func(Line) error
	report  Report
	any     bool
	done    []tree.Node
}

func begin(line []byte, o Options) (*verification, error) {
	var s start
	if json.Unmarshal(line, &s) != nil || s.Log != tree.Name || s.Version != version {
		return nil, fmt.Errorf("%w: its first line does not say so", ErrFile)
	}
	if again, err := s.line(); err != nil || !bytes.Equal(again, line) {
		return nil, fmt.Errorf("%w: its first line is altered", ErrFile)
	}
	if o.Key != "" && o.Key != s.Key {
		return nil, fmt.Errorf("%w of that log: it names another key, %s", ErrFile, s.Key)
	}
	verifier, err := note.NewVerifier(s.Key)
	if err != nil {
		return nil, fmt.Errorf("%w: its key is altered", ErrFile)
	}
	from, err := tree.NewFrontier(s.From, s.Peaks)
	if err != nil {
		return nil, fmt.Errorf("%w: its first line is altered", ErrFile)
	}
	v := &verification{checker: tree.NewChecker(from, verifier), each: o.Each, report: Report{Key: s.Key, From: s.From, To: s.From, peaks: s.Peaks}}
	for _, text := range o.Kept {
		c, err := tree.OpenCheckpoint(text, verifier)
		if err != nil {
			return nil, fmt.Errorf("the checkpoint that was kept: %w", err)
		}
		if c.Size < s.From {
			return nil, fmt.Errorf("the checkpoint that was kept is of %d entries; this export begins after them, at %d", c.Size, s.From)
		}
		v.kept = append(v.kept, c)
	}
	return v, v.anchors()
}

func (v *verification) next(text []byte, in *input) error {
	at := v.checker.Size()
	l, err := ParseLine(text)
	switch {
	case err != nil:
		return v.fault(at, recordIn(text), fmt.Sprintf("the export is altered here (line %d)", in.number))
	case l.Position < 0:
		if !v.any {
			return v.fault(at, "", "here stands a checkpoint: the entry is missing")
		}
		return v.checkpoint(l.Checkpoint)
	case l.Position != at:
		return v.moved(at, l, in)
	}
	v.any = true
	if v.each != nil {
		if err := v.each(l); err != nil {
			return err
		}
	}
	v.done = v.checker.Add(tree.LeafHash(l.Header, l.Entry), l.Hash, tree.RecordID(l.Header), v.done[:0])
	v.report.To = at + 1
	return v.anchors()
}

func (v *verification) checkpoint(signed string) error {
	c, err := v.checker.Checkpoint(signed)
	if err != nil {
		return err
	}
	v.report.Last, v.report.Signed = c, signed
	v.report.Checkpoints++
	return nil
}

func (v *verification) anchors() error {
	for _, k := range v.kept {
		if err := v.checker.Anchor(k); err != nil {
			return err
		}
	}
	return nil
}

// moved tells an entry that is missing from one that stands elsewhere.
func (v *verification) moved(at int64, l Line, in *input) error {
	what := fmt.Sprintf("it is missing: entry %d stands in its place", l.Position)
	wanted := []byte(positionName + strconv.FormatInt(at, 10) + hashName)
	for {
		line, err := in.line()
		if err != nil {
			break
		}
		if bytes.HasPrefix(line, wanted) {
			return v.fault(at, recordIn(line), fmt.Sprintf("it is moved to line %d: entry %d stands in its place", in.number, l.Position))
		}
	}
	if l.Position < at {
		what = fmt.Sprintf("entry %d stands in its place, once more", l.Position)
	}
	return v.fault(at, "", what)
}

func (v *verification) end(line []byte, in *input) error {
	at := v.checker.Size()
	switch {
	case !bytes.Equal(line, appendEnd(nil, at)):
		return v.earlier(v.fault(at, "", fmt.Sprintf("the export ends after %d entries, its last line says %.40s", at, bytes.TrimSpace(line))))
	case v.checker.Differs():
		return v.checker.End()
	case v.checker.Trusted() != at:
		return v.fault(v.checker.Trusted(), "", "no checkpoint vouches for the entries from here on: the last one is missing")
	}
	for _, k := range v.kept {
		if k.Size > at {
			return v.fault(at, "", fmt.Sprintf("the end is missing: the checkpoint that was kept is of %d entries", k.Size))
		}
	}
	if _, err := in.in.Peek(1); err == nil {
		return v.fault(at, "", "there is something after the end of the export")
	}
	return nil
}

func (v *verification) fault(position int64, record, what string) error {
	return &tree.Fault{Position: position, Record: record, What: what}
}

func (v *verification) earlier(err error) error {
	if v.checker.Differs() {
		return v.checker.End()
	}
	return err
}

// recordIn is the id of the record a damaged line seems to be of.
func recordIn(line []byte) string {
	if i := bytes.Index(line, []byte(`{"record":"`)); i >= 0 {
		return tree.RecordID(line[i:])
	}
	return ""
}

// maxLine bounds a line: a record, its header and what is around them.
const maxLine = 32 << 20

type input struct {
	in     *bufio.Reader
	number int
	long   []byte
}

// line is the next one with its newline, valid until the one after it is read.
func (i *input) line() ([]byte, error) {
	i.number++
	i.long = i.long[:0]
	for {
		part, err := i.in.ReadSlice('\n')
		switch {
		case err == nil && len(i.long) == 0:
			return part, nil
		case err == nil:
			return append(i.long, part...), nil
		case errors.Is(err, bufio.ErrBufferFull) && len(i.long) < maxLine:
			i.long = append(i.long, part...)
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%w in line %d", errCut, i.number)
		default:
			return nil, fmt.Errorf("line %d: %w", i.number, err)
		}
	}
}
