package archive

import (
	"bytes"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/audit/tree"
)

func small(t testing.TB) (data []byte, key string) {
	t.Helper()
	k, err := tree.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var f tree.Frontier
	var file bytes.Buffer
	w, err := NewWriter(&file, k.Public, &f)
	if err != nil {
		t.Fatal(err)
	}
	header, entry := []byte(`{"record":"00000000-0000-0000-0000-000000000000"}`), []byte(`{"action":"a","result":"done"}`)
	leaf := tree.LeafHash(header, entry)
	f.Add(leaf, nil)
	signed, err := tree.Checkpoint{Size: 1, Root: f.Root(), At: time.Unix(1, 0)}.Sign(k)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Entry(leaf, header, entry); err != nil {
		t.Fatal(err)
	}
	if err := w.Checkpoint(signed); err != nil {
		t.Fatal(err)
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), k.Public
}

// No file but the one that was written passes.
func FuzzVerify(f *testing.F) {
	data, key := small(f)
	f.Add(data)
	f.Add(bytes.ReplaceAll(data, []byte{'\n'}, []byte("\r\n")))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := Verify(bytes.NewReader(text), Options{Key: key})
		empty := bytes.HasSuffix(text, []byte("\n{\"end\":0}\n")) && bytes.Count(text, []byte{'\n'}) == 2
		if err == nil && !bytes.Equal(text, data) && !empty {
			t.Errorf("passes: %q", text)
		}
	})
}

func FuzzParseLine(f *testing.F) {
	data, _ := small(f)
	for _, line := range bytes.SplitAfter(data, []byte{'\n'}) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		l, err := ParseLine(line)
		if err != nil {
			return
		}
		again := appendCheckpoint(nil, l.Checkpoint)
		if l.Position >= 0 {
			again = appendEntry(nil, l.Position, l.Hash, l.Header, l.Entry)
		}
		if l.Position < -1 || !bytes.Equal(again, line) {
			t.Errorf("%q is not what was read: %+v", line, l)
		}
	})
}

func FuzzReadProof(f *testing.F) {
	f.Add([]byte(`{"log":"noticehub-audit","position":0,"header":"","entry":"","hashes":[],"checkpoint":""}`))
	f.Fuzz(func(_ *testing.T, text []byte) { _, _ = ReadProof(bytes.NewReader(text)) })
}
