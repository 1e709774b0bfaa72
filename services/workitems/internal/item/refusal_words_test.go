package item

import (
	"errors"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
)

func TestTheSameWordsAgainAndAgain(t *testing.T) {
	t.Parallel()
	note := "Called, rent lowered."
	before := []string{"called rent lowered", "something else", "CALLED: rent lowered"}
	if err := OwnNote(note, before); err != nil {
		t.Errorf("the third completion with a note: %v", err)
	}
	var f *fault.Error
	if err := OwnNote(note, append(before, "called - rent - lowered")); !errors.As(err, &f) || f.Meta["rule"] != "BOILERPLATE" || f.Fields[0].Path != "note" {
		t.Errorf("the fourth completion with a note: %v", err)
	}
	reasons := []string{"bob is on leave", "Bob is on leave.", "bob is on leave", "BOB is on leave"}
	if err := OwnReason("bob is on leave", reasons); err != nil {
		t.Errorf("the fifth item with a reason: %v", err)
	}
	if err := OwnReason("bob is on leave", append(reasons, "bob is on leave")); !errors.As(err, &f) || f.Reason != "REASON_PER_ITEM" || f.Kind != fault.Precondition {
		t.Errorf("the sixth item with a reason: %v", err)
	}
}
