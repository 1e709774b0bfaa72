package lodge

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

func TestReadForms(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"ndjson": `{"reference":"a","disclosure":{"customer":{"crn":"200000001A"}}}
{"reference":"b","voluntaryReferral":{}}
`,
		"yaml documents": "reference: a\ndisclosure: {customer: {crn: 200000001A}}\n---\nreference: b\nvoluntary_referral: {}\n",
		"yaml list":      "- reference: a\n  disclosure: {customer: {crn: 200000001A}}\n- reference: b\n  voluntary_referral: {}\n",
	} {
		got, err := Read(strings.NewReader(text))
		if err != nil || len(got) != 2 || got[0].GetDisclosure().GetCustomer().GetCrn() != "200000001A" || got[1].GetReference() != "b" {
			t.Errorf("%s: read %v, %v", name, got, err)
		}
	}
	for name, c := range map[string]struct{ text, complaint string }{
		"unknown field":   {`{"reference":"a","colour":"red"}`, "submission 1"},
		"no reference":    {"- disclosure: {}\n", "no reference"},
		"twice":           {"- reference: a\n- reference: a\n", "same reference"},
		"empty":           {"", "none"},
		"not yaml at all": {"\tx: [", "yaml"},
	} {
		if _, err := Read(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.complaint) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJournalSurvivesACutLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "journal")
	j, err := OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Record(&intakev1.Receipt{Reference: "a", SubmissionId: "1"}, &intakev1.Receipt{Reference: "b", SubmissionId: "2"}); err != nil {
		t.Fatal(err)
	}
	j.Close()
	appendTo(t, path, `{"reference":"c","subm`)
	j, err = OpenJournal(path)
	if err != nil || j.Len() != 2 {
		t.Fatalf("reopened with %v entries: %v", j, err)
	}
	all := []*intakev1.Submission{{Reference: "a"}, {Reference: "c"}, {Reference: "b"}}
	if missing := j.Missing(all); len(missing) != 1 || missing[0].GetReference() != "c" {
		t.Errorf("missing %v", missing)
	}
	if err := j.Record(&intakev1.Receipt{Reference: "c", SubmissionId: "3"}); err != nil {
		t.Fatal(err)
	}
	j.Close()
	if j, err = OpenJournal(path); err != nil || j.Len() != 3 || j.Entries()["c"].SubmissionID != "3" {
		t.Fatalf("after going on: %v, %v", j, err)
	}
	j.Close()
	appendTo(t, path, "rubbish\n")
	if _, err := OpenJournal(path); err == nil || !strings.Contains(err.Error(), "line 4") {
		t.Errorf("an unreadable journal: %v", err)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}
