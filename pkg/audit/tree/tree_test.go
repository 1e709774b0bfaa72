package tree

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// memory keeps leaves and nodes.
type memory map[int][]tlog.Hash

func (m memory) Nodes(_ context.Context, step int, first, count int64) ([]tlog.Hash, error) {
	if first+count > int64(len(m[step])) {
		return nil, errors.New("missing")
	}
	return append([]tlog.Hash(nil), m[step][first:first+count]...), nil
}

// The tree is that of package tlog, at every size and from every restart.
func TestFrontierIsTheTreeOfTlog(t *testing.T) {
	t.Parallel()
	var f Frontier
	m := memory{}
	var stored []tlog.Hash
	theirs := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	})
	const size = 1<<16 + 300
	for n := range int64(size) {
		leaf := tlog.RecordHash([]byte(fmt.Sprint(n)))
		hashes, err := tlog.StoredHashesForRecordHash(n, leaf, theirs)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		m[0] = append(m[0], leaf)
		for _, node := range f.Add(leaf, nil) {
			if int64(len(m[node.Step])) != node.Position {
				t.Fatalf("node %d of step %d comes out of turn", node.Position, node.Step)
			}
			m[node.Step] = append(m[node.Step], node.Hash)
		}
		if n > 600 && n < size-3 {
			continue
		}
		want, err := tlog.TreeHash(n+1, theirs)
		if err != nil || f.Root() != want {
			t.Fatalf("size %d: %v", n+1, err)
		}
		again, err := Restore(t.Context(), m, n+1)
		if err != nil || again.Root() != want || again.Size() != n+1 {
			t.Fatalf("restored at %d: %v", n+1, err)
		}
	}
	reader := Reader(t.Context(), m)
	for n := int64(0); n < size; n += 997 {
		proof, err := tlog.ProveRecord(size, n, reader)
		if err != nil || tlog.CheckRecord(proof, size, f.Root(), n, m[0][n]) != nil {
			t.Fatal(n, err)
		}
		consistency, err := tlog.ProveTree(size, n+1, reader)
		older, _ := Restore(t.Context(), m, n+1)
		if err != nil || tlog.CheckTree(consistency, size, f.Root(), n+1, older.Root()) != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := NewFrontier(3, f.Peaks()[:1]); err == nil {
		t.Error("3 leaves have two peaks")
	}
}

func TestLeafIsHeaderAndEntry(t *testing.T) {
	t.Parallel()
	h := Header{ID: [16]byte{1, 2}, At: time.Date(2026, 11, 23, 1, 2, 3, 4000, time.UTC), Service: "intake", Actor: "authority:frc", Method: "a.B/C", Session: "s\"", Trace: "t"}
	want := `{"record":"01020000-0000-0000-0000-000000000000","at":"2026-11-23T01:02:03.000004Z","service":"intake","actor":"authority:frc","method":"a.B/C","session":"s\"","trace":"t"}`
	if got := string(h.Append(nil)); got != want {
		t.Errorf("%s", got)
	}
	var l Leaves
	l.BeginRecord(h)
	for _, entry := range []string{"{}", "", "longer than before"} {
		hash := tlog.RecordHash([]byte(want + "\n" + entry))
		if l.Hash([]byte(entry)) != hash || LeafHash([]byte(want), []byte(entry)) != hash {
			t.Error(entry)
		}
	}
	if RecordID([]byte(want)) != "01020000-0000-0000-0000-000000000000" || RecordID([]byte("{}")) != "" {
		t.Error("the record's id is not found")
	}
}

func TestCheckpointsHaveOneForm(t *testing.T) {
	t.Parallel()
	key, err := NewKey()
	if err != nil {
		t.Fatal(err)
	}
	v, err := key.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{Size: 12, Root: tlog.RecordHash([]byte("x")), At: time.Now().UTC().Truncate(time.Microsecond), Previous: 3}
	signed, err := c.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := OpenCheckpoint(signed, v); err != nil || got != c {
		t.Fatal(got, err)
	}
	for i := range len(signed) {
		for bit := range 8 {
			altered := []byte(signed)
			altered[i] ^= 1 << bit
			if _, err := OpenCheckpoint(string(altered), v); err == nil {
				t.Errorf("bit %d of byte %d may change", bit, i)
			}
		}
	}
	for _, text := range []string{"", signed + "\n", signed + signed, strings.TrimSuffix(signed, "\n")} {
		if _, err := OpenCheckpoint(text, v); err == nil {
			t.Errorf("%q passes", text)
		}
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	key, err := NewKey()
	if err != nil {
		f.Fatal(err)
	}
	v, err := key.Verifier()
	if err != nil {
		f.Fatal(err)
	}
	signed, _ := Checkpoint{Size: 12, At: time.Now()}.Sign(key)
	f.Add(signed)
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := OpenCheckpoint(text, v); err == nil && text != signed {
			t.Errorf("%q is taken for %+v", text, c)
		}
	})
}

func TestKeyIsMadeOnceAndKeptClose(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "log.key")
	if _, err := OpenKey(path, false); err == nil {
		t.Fatal("a missing key is made unasked")
	}
	keys := make([]*Key, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = OpenKey(path, true); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, k := range keys {
		if k == nil || k.Public != keys[0].Public {
			t.Fatal("several keys were made")
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o400 {
		t.Error(info.Mode(), err)
	}
	if err := os.Chmod(path, 0o440); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(path, true); err == nil {
		t.Error("a key that others can read is used")
	}
	if _, err := ParseKey("PRIVATE+KEY+x+y+z"); err == nil || strings.Contains(err.Error(), "+z") {
		t.Error(err)
	}
}
