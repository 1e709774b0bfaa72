package audit

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func fullEntry() Entry {
	return Entry{
		Action: "submission.decided", Object: "submission/0192f3a4-1111-7222-8333-444455556666", Result: Done, Version: 3,
		Digest: []byte(strings.Repeat("d", 32)), Detail: map[string]string{"status": "PROCESSED", "outcome": "ACTIVATED", "policy": "2026-1"},
	}
}

func sameAsJSON(t *testing.T, e Entry) {
	t.Helper()
	want, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	got := appendEntry(nil, &e)
	if string(got) != string(want) {
		t.Fatalf("wrote %s\nwant  %s", got, want)
	}
	if strings.ContainsAny(string(got), "\n\r") {
		t.Fatalf("more than a line: %q", got)
	}
	var back, asJSON Entry
	if err := json.Unmarshal(got, &back); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &asJSON); err != nil || !reflect.DeepEqual(back, asJSON) {
		t.Fatalf("read %+v, want %+v", back, asJSON)
	}
}

func TestEntriesAreWrittenAsJSON(t *testing.T) {
	t.Parallel()
	var all strings.Builder
	for r := range rune(0x3000) {
		all.WriteRune(r)
	}
	sameAsJSON(t, Entry{})
	sameAsJSON(t, fullEntry())
	sameAsJSON(t, Entry{Action: all.String(), Object: "\xff\xfe", Reason: "\U0001F600", Actor: "a\x00b", Version: -1, Digest: []byte{0}, Detail: map[string]string{"": "x", "b": "\xed\xa0\x80", "a": "<&>"}})
	many := map[string]string{}
	for _, c := range "qwertyuiopasdfghjkl" {
		many[string(c)] = string(c)
	}
	sameAsJSON(t, Entry{Detail: many})
}

func FuzzAppendEntry(f *testing.F) {
	f.Add("a", "b", "c", "d", int64(1), []byte{1}, "k", "v")
	f.Fuzz(func(t *testing.T, action, object, reason, actor string, version int64, digest []byte, name, value string) {
		sameAsJSON(t, Entry{Action: action, Object: object, Result: Refused, Reason: reason, Actor: actor, Version: version, Digest: digest, Detail: map[string]string{name: value, value: name}})
	})
}

// The byte loop is the expression it replaced.
func FuzzIsObject(f *testing.F) {
	form := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9~][A-Za-z0-9_.:~-]*)*$`)
	for _, s := range []string{"", "a", "a/b", "a//b", "/a", "a/", "a/~b", "~a/b", "a:b", "a/b:c", "a b", "a/b\n", "report/frc/2026-11-23", "customer/c-ab", "a~/b", "a/-b", "-a", "é"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := isObject(s); got != (form.MatchString(s) && !strings.HasSuffix(s, "\n")) {
			t.Errorf("isObject(%q) = %v", s, got)
		}
	})
}

func BenchmarkEntry(b *testing.B) {
	e := fullEntry()
	var line []byte
	b.ReportAllocs()
	for b.Loop() {
		if e.validate() != nil {
			b.Fatal()
		}
		line = appendEntry(line[:0], &e)
	}
}

func BenchmarkEntryByReflection(b *testing.B) {
	e := fullEntry()
	b.ReportAllocs()
	for b.Loop() {
		_, _ = json.Marshal(e)
	}
}

func BenchmarkCustomer(b *testing.B) {
	w, err := NewWriter("x", make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		_ = w.Customer("123456789A")
	}
}
