package register

import (
	"slices"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
)

// AsAt returns the notices as they were at the end of a day, by start date:
// those recorded later are left out, a revocation or cut that came later is
// undone, and the state is what the dates say. Times are turned into days in
// the zone.
func AsAt(notices []Notice, day calendar.Date, zone *time.Location) []Notice {
	var out []Notice
	for _, n := range notices {
		if calendar.FromTime(n.RecordedAt, zone) > day {
			continue
		}
		if n.Cut != nil && calendar.FromTime(n.Cut.At, zone) > day {
			n.End, n.Cut = n.Cut.From, nil
		}
		if n.RevokedAt != nil && calendar.FromTime(*n.RevokedAt, zone) > day {
			n.RevokedAt = nil
		}
		switch {
		case n.RevokedAt != nil:
			n.State = term.NoticeRevoked
		case day > n.End:
			n.State = term.NoticeEnded
		case day >= n.Start:
			n.State = term.NoticeActive
		default:
			n.State = term.NoticeInactive
		}
		out = append(out, n)
	}
	ByStart(out)
	return out
}

// ByStart sorts notices by start date, then by when they were recorded.
func ByStart(notices []Notice) {
	slices.SortStableFunc(notices, func(a, b Notice) int {
		if a.Start != b.Start {
			return int(a.Start) - int(b.Start)
		}
		return a.RecordedAt.Compare(b.RecordedAt)
	})
}
