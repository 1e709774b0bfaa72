package csvtext

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"
)

func FuzzAppendCell(f *testing.F) {
	for _, s := range []string{"", "plain", "a,b", "\"", "=1", "+1", "-1", "@a", "\t1", "\r1", "\n=", "line\nbreak", "'=1"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, s []byte) {
		row := append(AppendCell([]byte("first,"), s), ",last\r\n"...)
		if other := AppendRow(nil, "first", string(s), "last"); !bytes.Equal(row, other) {
			t.Fatalf("bytes are written as %q, the same text as %q", row, other)
		}
		cells, err := csv.NewReader(bytes.NewReader(row)).Read()
		if err != nil || len(cells) != 3 || cells[2] != "last" {
			t.Fatalf("%q reads as %q, %v", row, cells, err)
		}
		want := strings.ReplaceAll(string(s), "\r\n", "\n") // what the reader makes of line ends
		if len(s) > 0 && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
			want = strings.ReplaceAll("'"+string(s), "\r\n", "\n")
		}
		if cells[1] != want {
			t.Errorf("%q reads as %q, want %q", s, cells[1], want)
		}
	})
}

func TestAppendRow(t *testing.T) {
	t.Parallel()
	row := AppendRow(nil, "a", "", "=1+1", "say \"x\"")
	if got, want := string(row), "a,,'=1+1,\"say \"\"x\"\"\"\r\n"; got != want {
		t.Errorf("row %q, want %q", got, want)
	}
	if cells, err := csv.NewReader(bytes.NewReader(row)).Read(); err != nil || !slices.Equal(cells, []string{"a", "", "'=1+1", "say \"x\""}) {
		t.Errorf("reads as %q, %v", cells, err)
	}
}
