package wake

import (
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
)

func TestBellsRingForWhatTheyHangFor(t *testing.T) {
	t.Parallel()
	var board Board
	mine, other := clock.NewID(time.Now()), clock.NewID(time.Now())
	bells := map[string]*Bell{
		"authority": board.ForAuthority("frc"), "submission": board.ForSubmission(mine),
		"same submission": board.ForSubmission(mine),
	}
	strangers := []*Bell{board.ForAuthority("qld-cp"), board.ForSubmission(other)}
	gone := board.ForSubmission(mine)
	gone.Release()
	for range 3 { // rings that nobody heard yet are one
		board.Ring([]Changed{{Submission: mine, Authority: "frc"}})
	}
	for name, b := range bells {
		select {
		case <-b.C():
		default:
			t.Errorf("%s did not ring", name)
		}
		b.Release()
		b.Release()
	}
	for _, b := range append(strangers, gone) {
		select {
		case <-b.C():
			t.Error("a bell rang for somebody else's change")
		default:
		}
		b.Release()
	}
	if len(board.authorities) != 0 || len(board.submissions) != 0 {
		t.Errorf("left on the board: %v, %v", board.authorities, board.submissions)
	}
	board.Ring([]Changed{{Submission: mine}})
}
