package document

import (
	"strings"
	"testing"

	"github.com/noticehub/noticehub/proto/term"
)

func TestWanted(t *testing.T) {
	t.Parallel()
	register := map[term.Outcome]bool{term.Commenced: true, term.Extended: true, term.Revoked: true}
	for o := term.Matched; o <= term.OutcomeWithdrawn; o++ {
		if !Wanted(o, true) {
			t.Errorf("%v by an officer places no document", o)
		}
		if Wanted(o, false) != register[o] {
			t.Errorf("automatic %v: %v", o, Wanted(o, false))
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	o := Outcome{
		Type: term.NoticeToCommence, Outcome: term.Commenced, ByOfficer: true, Authority: "frc",
		Start: "2026-12-01", End: "2027-11-30", Policy: "2026-07",
		Reasons: []term.Reason{term.MeasureTransferReview, 0}, Note: "Accepted after review.",
	}
	if got := o.Title(); got != "Notice to commence: commenced" {
		t.Errorf("title %q", got)
	}
	want := strings.Join([]string{
		"Outcome: commenced", "Authority: frc", "Period: 2026-12-01 to 2027-11-30", "Decided: by an officer",
		"Reasons it needed an officer: measure transfer review", "Policy: 2026-07", "Note for the authority: Accepted after review.",
	}, "\n")
	if got := o.Text(); got != want {
		t.Errorf("text\n%s\nwant\n%s", got, want)
	}
	o.Erase = true
	if strings.Contains(o.Text(), "review.") {
		t.Error("the note stays although the text must be erased")
	}
	o.Erase, o.ByOfficer = false, false
	if strings.Contains(o.Text(), "review.") {
		t.Error("an automatic outcome carries a note")
	}
	if got := (Outcome{}).Title(); !strings.HasPrefix(got, "Submission") {
		t.Errorf("title of an unknown type %q", got)
	}
}
