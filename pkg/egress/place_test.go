package egress_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/egress"
)

func TestMailboxes(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"reports@agency.example":               "reports@agency.example",
		"first.last+tag@Agency.Example":        "first.last+tag@agency.example",
		"a@b.example":                          "a@b.example",
		"":                                     "",
		"Reports <reports@agency.example>":     "",
		"a@agency.example, b@agency.example":   "",
		"a@agency.example\r\nBcc: b@x.example": "",
		"a@agency.example\nb":                  "",
		"a%b@agency.example":                   "",
		"a!b@agency.example":                   "",
		`"a b"@agency.example`:                 "",
		"a@[127.0.0.1]":                        "",
		"a@127.0.0.1":                          "",
		"a@localhost":                          "",
		"a@mail.internal":                      "",
		"a@b@agency.example":                   "",
		"-oQ/tmp@agency.example":               "",
		"|sh@agency.example":                   "",
		"ä@agency.example":                     "",
		"@agency.example":                      "",
		"a@":                                   "",
		strings.Repeat("a", 65) + "@agency.example": "",
	} {
		got, err := egress.Mailbox(address)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", address, got, err)
		}
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.MkdirAll(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "x"), filepath.Join(dir, "file")); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", ".hidden", "a/.git/config", "a\x00b", "a\nb", `a\b`, "a b", "-rf", "~/x", "$HOME", "a;b", "COM1:", strings.Repeat("x", 600),
	} {
		if f, err := egress.Create(dir, bad); err == nil {
			_ = f.Close()
			t.Errorf("%q was made", bad)
		}
	}
	for _, name := range []string{"link/x", "file"} {
		if f, err := egress.Create(dir, name); err == nil {
			_ = f.Close()
			t.Errorf("%q was made through a link", name)
		}
	}
	f, err := egress.Create(dir, "frc/2026-11-23.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := egress.Create(dir, "frc/2026-11-23.json"); err == nil {
		t.Error("a file was written over")
	}
	if left, err := os.ReadDir(outside); err != nil || len(left) != 0 {
		t.Errorf("outside: %v, %v", left, err)
	}
}

// FuzzFile: a name that is taken stays below the folder.
func FuzzFile(f *testing.F) {
	for _, s := range []string{"a/b.json", "../x", "a/..", "/x", "a\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if egress.File(name) == nil && !filepath.IsLocal(name) {
			t.Errorf("%q was taken", name)
		}
	})
}

// FuzzMailbox: an address that is taken is one line with one @ and nothing a
// header could be made of.
func FuzzMailbox(f *testing.F) {
	for _, s := range []string{"a@b.example", "a@b.example\nBcc: c@d.example", "A <a@b.example>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		got, err := egress.Mailbox(address)
		if err == nil && (strings.Count(got, "@") != 1 || strings.ContainsAny(got, "\r\n ,;<>\"") || !strings.EqualFold(got, address)) {
			t.Errorf("%q became %q", address, got)
		}
	})
}
