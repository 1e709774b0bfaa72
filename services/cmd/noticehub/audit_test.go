package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/tree"
)

// exported is a log of 20 entries in a file, with the checkpoint of the first 10
// in another and the key in a third.
func exported(t *testing.T) (export, checkpoint, key string) {
	t.Helper()
	signer, err := tree.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	var f tree.Frontier
	var file bytes.Buffer
	w, err := archive.NewWriter(&file, signer.Public, &f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	export, checkpoint, key = filepath.Join(dir, "log"), filepath.Join(dir, "checkpoint"), filepath.Join(dir, "key")
	for i := range 20 {
		header := tree.Header{ID: [16]byte{byte(i)}, At: time.Unix(int64(i), 0), Service: "intake", Actor: "officer:olive"}.Append(nil)
		entry := []byte(`{"action":"thing.made","result":"done"}`)
		leaf := tree.LeafHash(header, entry)
		f.Add(leaf, nil)
		if err := w.Entry(leaf, header, entry); err != nil {
			t.Fatal(err)
		}
		if i != 9 && i != 19 {
			continue
		}
		signed, err := tree.Checkpoint{Size: f.Size(), Root: f.Root(), At: time.Unix(int64(i), 0), Previous: f.Size() - 10}.Sign(signer)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Checkpoint(signed); err != nil {
			t.Fatal(err)
		}
		if i == 9 {
			place(t, checkpoint, signed)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	place(t, export, file.String())
	place(t, key, signer.Public+"\n")
	return export, checkpoint, key
}

func place(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// auditRun runs an audit command of the program.
func auditRun(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	var p program
	parser, err := kong.New(&p)
	if err != nil {
		t.Fatal(err)
	}
	command, err := parser.Parse(append([]string{"audit"}, arguments...))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	ctx := t.Context()
	command.BindTo(ctx, (*context.Context)(nil))
	command.BindTo(&out, (*io.Writer)(nil))
	err = command.Run()
	return out.String(), err
}

func TestAuditFilesAreVerifiedOffline(t *testing.T) {
	t.Parallel()
	export, checkpoint, key := exported(t)
	out, err := auditRun(t, "verify", export, "--log-key", "@"+key, "--checkpoint", checkpoint)
	if err != nil || !strings.Contains(out, "20 entries, 0 to 19, verified by 2 checkpoints") {
		t.Fatal(out, err)
	}
	if out, err := auditRun(t, "verify", export); err != nil || !strings.Contains(out, "the key in the file itself") {
		t.Error(out, err)
	}
	proof := filepath.Join(t.TempDir(), "proof")
	if _, err := auditRun(t, "prove", "7", "--export", export, "--log-key", "@"+key, "--checkpoint", checkpoint, "-o", proof); err != nil {
		t.Fatal(err)
	}
	out, err = auditRun(t, "verify", proof, "--proof", "--log-key", "@"+key)
	if err != nil || !strings.Contains(out, "entry 7 of 20 is proved") || !strings.Contains(out, "continues") {
		t.Error(out, err)
	}
	data, err := os.ReadFile(export)
	if err != nil {
		t.Fatal(err)
	}
	altered := filepath.Join(t.TempDir(), "altered")
	place(t, altered, strings.Replace(string(data), `"record":"0d`, `"record":"0c`, 1))
	if _, err := auditRun(t, "verify", altered, "--log-key", "@"+key); err == nil || !strings.Contains(err.Error(), "entry 13 (record 0c000000-0000-0000-0000-000000000000)") {
		t.Error(err)
	}
	if _, err := auditRun(t, "prove", "7", "--export", altered, "--log-key", "@"+key); err == nil {
		t.Error("an altered log proves an entry")
	}
	_, _, other := exported(t)
	if _, err := auditRun(t, "verify", export, "--log-key", "@"+other); err == nil {
		t.Error("another key passes")
	}
}
