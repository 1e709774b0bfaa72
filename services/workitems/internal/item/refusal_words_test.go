package item

import (
	"errors"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
)

// ruleOf is the rule a text was refused by; "" when it was taken.
func ruleOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != "note" {
		t.Fatalf("refused with %v, want an invalid note", err)
	}
	if rule := f.Meta["rule"]; rule != "" {
		return rule
	}
	return "OTHER"
}

func TestTheSameWordsAgainAndAgain(t *testing.T) {
	t.Parallel()
	note := "Called, rent lowered."
	before := []string{"called rent lowered", "something else", "CALLED: rent lowered"}
	if err := OwnNote(note, before); err != nil {
		t.Errorf("the third completion with a note: %v", err)
	}
	if err := OwnNote(note, append(before, "called - rent - lowered")); ruleOf(t, err) != "BOILERPLATE" {
		t.Errorf("the fourth completion with a note: %v", err)
	}
	reasons := []string{"bob is on leave", "Bob is on leave.", "bob is on leave", "BOB is on leave"}
	if err := OwnReason("bob is on leave", reasons); err != nil {
		t.Errorf("the fifth item with a reason: %v", err)
	}
	var f *fault.Error
	if err := OwnReason("bob is on leave", append(reasons, "bob is on leave")); !errors.As(err, &f) || f.Reason != "REASON_PER_ITEM" || f.Kind != fault.Precondition {
		t.Errorf("the sixth item with a reason: %v", err)
	}
}
