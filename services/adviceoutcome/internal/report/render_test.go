package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

var update = flag.Bool("update", false, "write the golden files anew")

func head(lines int64) Head {
	previous := calendar.DateOf(2026, 11, 20)
	return Head{
		ReportID: IDOf("frc", calendar.DateOf(2026, 11, 23)), AuthorityID: "frc", Sequence: 7,
		Date: calendar.DateOf(2026, 11, 23), Previous: &previous,
		CoversFrom: calendar.DateOf(2026, 11, 20), CoversTo: calendar.DateOf(2026, 11, 22),
		Layout: Layout, ClosedAt: time.Date(2026, 11, 22, 13, 0, 4, 567_891_000, time.UTC),
		Counts: Counts{Lodged: 40 + lines, Unprocessed: 3, UnprocessedOwn: 2},
	}
}

func link() Chain {
	sum := sha256.Sum256([]byte("the report before"))
	return Chain{PreviousDigest: sum[:], ReportedOwn: 30}
}

// nasty are lines with everything that has to be escaped somewhere.
func nasty() []Line {
	date := func(y, m, d int) *calendar.Date { v := calendar.DateOf(y, time.Month(m), d); return &v }
	at := time.Date(2026, 11, 20, 3, 4, 5, 678_901_000, time.UTC)
	id := func(n byte) clock.ID { return clock.ID{0: 1, 6: 0x70, 8: 0x80, 15: n} }
	return []Line{
		{id(1), []byte("A-1"), term.NoticeToCommence, []byte("301000001A"), term.Commenced, at, at.Add(time.Second), date(2026, 12, 1), date(2027, 5, 31), false, nil},
		{id(2), []byte("A,2"), term.FindMutualClient, nil, term.NotMatched, at, at.Add(time.Hour), nil, nil, true, []byte("No client \"of that name\",\nplease check")},
		{id(3), []byte("=HYPERLINK(\"http://x\")"), term.NoticeToRevoke, []byte("+1"), term.Revoked, at, at, nil, date(2024, 2, 29), true, []byte("-2+3|cmd")},
		{id(4), []byte("~DOI:A-1"), term.DisclosureOfInformation, []byte("301000001A"), term.Eligible, at, at, nil, nil, false, []byte("\t@SUM(A1)")},
		{id(5), []byte("@r"), term.VoluntaryReferral, []byte("301000002B"), term.ReferralNoted, at, at, nil, nil, true, []byte("Zoë – 日本 😀 \\ \u2028 \x01 </script>")},
	}
}

// changes are an outcome with notifications around it.
func changes() []Line {
	change := func(n byte, kinds ...Circumstance) Line {
		at := time.Date(2026, 11, 20, 3, 4, 5, 678_901_000, time.UTC)
		id := clock.ID{0: 1, 6: 0x80, 8: 0x80, 15: n}
		note, _ := ChangeNote(kinds)
		return Line{id, []byte(ChangeReference(id)), term.ChangeOfCircumstances, []byte("301000001A"), 0, at, at, nil, nil, false, []byte(note)}
	}
	return []Line{change(1, Address), nasty()[0], change(2, Children, Address, Partner)}
}

func renderAll(t *testing.T, h Head, c Chain, lines []Line) (csvForm, jsonForm []byte, seal Seal) {
	t.Helper()
	forms := map[Form]*bytes.Buffer{CSV: {}, JSON: {}}
	next := map[Form]int32{}
	r, err := NewRenderer(h, c, func(c Chunk) error {
		if c.Number != next[c.Form] || len(c.Content) > ChunkSize || len(c.Content) == 0 {
			t.Errorf("%s chunk %d has %d bytes, expected number %d", c.Form, c.Number, len(c.Content), next[c.Form])
		}
		next[c.Form]++
		forms[c.Form].Write(c.Content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range lines {
		if err := r.Line(&lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	if seal, err = r.Finish(); err != nil {
		t.Fatal(err)
	}
	return forms[CSV].Bytes(), forms[JSON].Bytes(), seal
}

func TestGoldenForms(t *testing.T) {
	t.Parallel()
	first := head(0)
	first.Sequence, first.Previous, first.Counts = 1, nil, Counts{}
	for _, c := range []struct {
		name  string
		head  Head
		chain Chain
		lines []Line
	}{
		{"lines", head(5), link(), nasty()},
		{"nil", first, Chain{}, nil},
		{"changes", head(1), link(), changes()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			csvForm, jsonForm, seal := renderAll(t, c.head, c.chain, c.lines)
			golden(t, c.name+".csv", csvForm)
			golden(t, c.name+".json", jsonForm)
			for _, f := range []struct {
				content []byte
				digest  Digest
			}{{csvForm, seal.CSV}, {jsonForm, seal.JSON}} {
				if sum := sha256.Sum256(f.content); !bytes.Equal(sum[:], f.digest.Sum) || f.digest.Size != int64(len(f.content)) {
					t.Error("the digest is not that of the bytes")
				}
			}
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs from the golden file:\n%s", name, got)
	}
}

func TestFormsHoldTheSameLines(t *testing.T) {
	t.Parallel()
	csvForm, jsonForm, seal := renderAll(t, head(5), link(), nasty())
	rows, err := csv.NewReader(bytes.NewReader(csvForm)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var object struct {
		Lines  []map[string]string
		Counts map[string]int64
	}
	if err := json.Unmarshal(jsonForm, &object); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 6 || len(object.Lines) != 5 || strings.Join(rows[0], ",") != Columns {
		t.Fatalf("%d rows, %d lines, header %v", len(rows), len(object.Lines), rows[0])
	}
	for i, line := range object.Lines {
		for column, name := range rows[0] {
			cell := rows[i+1][column]
			text := strings.ReplaceAll(line[name], "\r\n", "\n")
			if cell != text && cell != "'"+text {
				t.Errorf("line %d, %s: %q in CSV, %q in JSON", i, name, cell, text)
			}
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("line %d, %s: a spreadsheet would run %q", i, name, cell)
			}
		}
	}
	// 45 lodged, 30 reported before and 4 now that the authority lodged itself, 2 unprocessed of its own.
	want := Seal{Lines: 5, OwnLines: 4, Pending: 9}
	if seal.Lines != want.Lines || seal.OwnLines != want.OwnLines || seal.Pending != want.Pending {
		t.Errorf("seal %+v", seal)
	}
	if object.Counts["lines"] != 5 || object.Counts["pending"] != 9 || object.Counts["unprocessed"] != 3 {
		t.Errorf("counts %v", object.Counts)
	}
}

func TestPendingIsNeverNegative(t *testing.T) {
	t.Parallel()
	h := head(0)
	h.Counts.Lodged = 0
	if _, _, seal := renderAll(t, h, link(), nasty()); seal.Pending != 0 {
		t.Errorf("pending %d", seal.Pending)
	}
}

func TestManyChunks(t *testing.T) {
	t.Parallel()
	var lines []Line
	for range 2000 {
		lines = append(lines, nasty()...)
	}
	lines[17].Note = bytes.Repeat([]byte("long, "), ChunkSize/2) // larger than three chunks
	csvForm, jsonForm, seal := renderAll(t, head(0), link(), lines)
	if len(csvForm) < 3*ChunkSize || seal.Lines != int64(len(lines)) {
		t.Fatalf("%d bytes, %d lines", len(csvForm), seal.Lines)
	}
	if rows, err := csv.NewReader(bytes.NewReader(csvForm)).ReadAll(); err != nil || len(rows) != len(lines)+1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if !json.Valid(jsonForm) {
		t.Error("the JSON form is no JSON")
	}
}

func TestUnknownLayoutIsRefused(t *testing.T) {
	t.Parallel()
	h := head(0)
	h.Layout = Layout + 1
	if _, err := NewRenderer(h, Chain{}, nil); err == nil {
		t.Error("a report of a later layout was rendered")
	}
}
