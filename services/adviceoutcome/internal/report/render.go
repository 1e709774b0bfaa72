package report

import (
	"crypto/sha256"
	"fmt"
	"hash"
	"strconv"

	"github.com/noticehub/noticehub/pkg/csvtext"
)

// ChunkSize is the size of the pieces a form is cut into, in bytes; only the
// last piece is shorter. Every piece fits the transport's message limit.
const ChunkSize = 256 << 10

// Columns of the CSV form, in order. The JSON form's lines have the same names
// as keys, in the same order.
const Columns = "submission_id,reference,information_type,crn,outcome,lodged_at,decided_at,start_date,end_date,decided_by,note"

// Chunk is the next piece of a form; Number counts 0, 1, 2, … within the form.
type Chunk struct {
	Form   Form
	Number int32
	// Content may be reused after the chunk was emitted.
	Content []byte
}

// Renderer turns lines into both forms in one pass, with two buffers of memory.
//
// CSV is a header row and one row per line (RFC 4180: CRLF, quotes where
// needed; UTF-8 without byte order mark), nothing else, so that a spreadsheet
// opens it and runs nothing in it (csvtext); JSON holds texts unchanged. JSON is one object: what the report is, the lines, and last the
// counts, so that a report cut short is seen to be. Both hold times in UTC and
// are functions of the head, the chain and the lines alone.
type Renderer struct {
	head      Head
	chain     Chain
	emit      func(Chunk) error
	csv, json stream
	lines     int64
	ownLines  int64
	scratch   []byte
}

// NewRenderer begins a report; emit takes the chunks of both forms as they fill.
func NewRenderer(h Head, c Chain, emit func(Chunk) error) (*Renderer, error) {
	if h.Layout != Layout {
		return nil, fmt.Errorf("report %s of %s has layout %d, which this program cannot render", h.Date, h.AuthorityID, h.Layout)
	}
	r := &Renderer{head: h, chain: c, emit: emit, csv: newStream(CSV), json: newStream(JSON)}
	r.csv.buffer = append(r.csv.buffer, Columns+"\r\n"...)
	r.json.buffer = r.appendHead(r.json.buffer)
	return r, nil
}

func (r *Renderer) appendHead(b []byte) []byte {
	h := r.head
	b = append(b, `{"layout":`...)
	b = strconv.AppendInt(b, int64(h.Layout), 10)
	b = append(b, `,"report_id":"`...)
	b = appendID(b, h.ReportID)
	b = append(b, `","authority_id":`...)
	b = appendString(b, []byte(h.AuthorityID))
	b = append(b, `,"sequence":`...)
	b = strconv.AppendInt(b, h.Sequence, 10)
	b = append(b, `,"report_date":"`...)
	b = appendDate(b, &h.Date)
	b = append(b, `","covers_from":"`...)
	b = appendDate(b, &h.CoversFrom)
	b = append(b, `","covers_to":"`...)
	b = appendDate(b, &h.CoversTo)
	b = append(b, `","closed_at":"`...)
	b = appendTime(b, h.ClosedAt)
	b = append(b, `","previous_digest":"`...)
	b = appendHex(b, r.chain.PreviousDigest)
	return append(b, `","lines":[`...)
}

// Line adds the next line.
func (r *Renderer) Line(l *Line) error {
	// The parts both forms share are written once: id, types and times.
	s := appendID(r.scratch[:0], l.SubmissionID)
	const idEnd = 36
	s = appendTime(s, l.LodgedAt)
	s = appendTime(s, l.DecidedAt)
	const lodgedEnd, decidedEnd = idEnd + 24, idEnd + 48
	s = appendDate(s, l.StartDate)
	startEnd := len(s)
	s = appendDate(s, l.EndDate)
	r.scratch = s
	id, lodged, decided := s[:idEnd], s[idEnd:lodgedEnd], s[lodgedEnd:decidedEnd]
	start, end := s[decidedEnd:startEnd], s[startEnd:]
	decidedBy := "AUTOMATIC"
	if l.ByOfficer {
		decidedBy = "OFFICER"
	}

	c := r.csv.buffer
	c = append(c, id...)
	c = append(c, ',')
	c = csvtext.AppendCell(c, l.Reference)
	c = append(c, ',')
	c = append(c, l.InformationType.String()...)
	c = append(c, ',')
	c = csvtext.AppendCell(c, l.CRN)
	c = append(c, ',')
	c = append(c, l.Outcome.String()...)
	c = append(c, ',')
	c = append(c, lodged...)
	c = append(c, ',')
	c = append(c, decided...)
	c = append(c, ',')
	c = append(c, start...)
	c = append(c, ',')
	c = append(c, end...)
	c = append(c, ',')
	c = append(c, decidedBy...)
	c = append(c, ',')
	c = csvtext.AppendCell(c, l.Note)
	c = append(c, '\r', '\n')
	r.csv.buffer = c

	j := r.json.buffer
	if r.lines > 0 {
		j = append(j, ',')
	}
	j = append(j, "\n{\"submission_id\":\""...)
	j = append(j, id...)
	j = append(j, `","reference":`...)
	j = appendString(j, l.Reference)
	j = append(j, `,"information_type":"`...)
	j = append(j, l.InformationType.String()...)
	j = append(j, `","crn":`...)
	j = appendString(j, l.CRN)
	j = append(j, `,"outcome":"`...)
	j = append(j, l.Outcome.String()...)
	j = append(j, `","lodged_at":"`...)
	j = append(j, lodged...)
	j = append(j, `","decided_at":"`...)
	j = append(j, decided...)
	j = append(j, `","start_date":"`...)
	j = append(j, start...)
	j = append(j, `","end_date":"`...)
	j = append(j, end...)
	j = append(j, `","decided_by":"`...)
	j = append(j, decidedBy...)
	j = append(j, `","note":`...)
	j = appendString(j, l.Note)
	j = append(j, '}')
	r.json.buffer = j

	r.lines++
	if !HubCreated(l.Reference) {
		r.ownLines++
	}
	return r.flush(false)
}

// Finish ends both forms and returns what is to be signed: everything of the
// seal but signature, key and time.
func (r *Renderer) Finish() (Seal, error) {
	seal := Seal{Lines: r.lines, OwnLines: r.ownLines, PreviousDigest: r.chain.PreviousDigest}
	// What the hub created is decided or left to an officer as it is created: it
	// counts as lodged and as reported or unprocessed, never as pending.
	seal.Pending = max(0, r.head.Counts.Lodged-r.chain.ReportedOwn-r.ownLines-r.head.Counts.UnprocessedOwn)
	j := r.json.buffer
	if r.lines > 0 {
		j = append(j, '\n')
	}
	j = append(j, `],"counts":{"lines":`...)
	j = strconv.AppendInt(j, seal.Lines, 10)
	j = append(j, `,"pending":`...)
	j = strconv.AppendInt(j, seal.Pending, 10)
	j = append(j, `,"unprocessed":`...)
	j = strconv.AppendInt(j, r.head.Counts.Unprocessed, 10)
	j = append(j, "}}\n"...)
	r.json.buffer = j
	if err := r.flush(true); err != nil {
		return Seal{}, err
	}
	seal.CSV, seal.JSON = r.csv.digest(), r.json.digest()
	return seal, nil
}

func (r *Renderer) flush(all bool) error {
	if err := r.csv.flush(all, r.emit); err != nil {
		return err
	}
	return r.json.flush(all, r.emit)
}

// stream is one form on its way out.
type stream struct {
	form   Form
	number int32
	buffer []byte
	hash   hash.Hash
	size   int64
}

func newStream(f Form) stream {
	return stream{form: f, buffer: make([]byte, 0, ChunkSize+ChunkSize/4), hash: sha256.New()}
}

// flush emits every full chunk, and with all the rest too.
func (s *stream) flush(all bool, emit func(Chunk) error) error {
	rest := s.buffer
	for len(rest) >= ChunkSize || all && len(rest) > 0 {
		content := rest[:min(len(rest), ChunkSize)]
		rest = rest[len(content):]
		s.hash.Write(content)
		s.size += int64(len(content))
		if err := emit(Chunk{Form: s.form, Number: s.number, Content: content}); err != nil {
			return err
		}
		s.number++
	}
	if len(rest) != len(s.buffer) {
		s.buffer = s.buffer[:copy(s.buffer, rest)]
	}
	return nil
}

func (s *stream) digest() Digest { return Digest{Sum: s.hash.Sum(nil), Size: s.size} }
