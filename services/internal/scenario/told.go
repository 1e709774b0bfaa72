package scenario

import (
	"context"
	"errors"
	"fmt"

	"github.com/noticehub/noticehub/pkg/calendar"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// Told is a notification of changed circumstances an authority must get.
type Told struct {
	Authority Authority
	// Day of the change.
	Day calendar.Date
	// Note says what changed.
	Note string
}

// changeOfCircumstances is the information type of its line.
const changeOfCircumstances = "CHANGE_OF_CIRCUMSTANCES"

// telling: the change before the step is told to the authority of the scene's
// first notice.
func (s Step) telling(what string) Step {
	return s.affects(func(sc *Scene, l *Lodging) {
		sc.Told = append(sc.Told, Told{sc.Notices[0].Authority, l.Day, "Changed circumstances: " + what})
	})
}

// toldLine is what of a notification's line is compared.
type toldLine struct{ crn, note, date string }

// told are the notifications an authority must get, and whose they are.
func (p *player) told(authority, region string) (map[toldLine]*Scene, error) {
	lines := map[toldLine]*Scene{}
	for _, s := range p.world.Scenes {
		for _, t := range s.Told {
			if t.Authority.ID != authority {
				continue
			}
			date, err := p.days.NextBusinessDay(region, t.Day)
			if err != nil {
				return nil, err
			}
			lines[toldLine{s.Person.GetCrn(), t.Note, date.String()}] = s
		}
	}
	return lines, nil
}

// compareTold takes a notification's line out of those expected; called under p.mu.
func (p *player) compareTold(authority, date string, got reportLine, expected map[toldLine]*Scene) {
	p.result.Compared["notifications of changed circumstances"]++
	line := toldLine{got.CRN, got.Note, date}
	if expected[line] == nil || got.Outcome != "" {
		p.result.differ(nil, authority+" "+got.Reference, "notification", "none, or no second one", got.String()+" "+got.Note+" in the report of "+date)
	}
	delete(expected, line)
}

// notified waits until the notifications of a day wait for their report, or as
// long as any more come; what stays away is missed in the report.
func (p *player) notified(ctx context.Context, day calendar.Date) error {
	return each(ctx, AuthorityIDs(), func(ctx context.Context, authority string) error {
		want := 0
		for _, s := range p.world.Scenes {
			for _, t := range s.Told {
				if t.Authority.ID == authority && t.Day == day {
					want++
				}
			}
		}
		if want == 0 {
			return nil
		}
		date, err := p.days.NextBusinessDay(authorities[authority].Region, day)
		if err != nil {
			return err
		}
		err = until(ctx, fmt.Sprintf("%d notifications of %s wait for the report of %s", want, authority, date), func() (int, error) {
			n, err := p.waiting(ctx, p.reports[authority], date)
			return max(0, want-n), err
		})
		if errors.Is(err, errInVain) {
			return nil
		}
		return err
	})
}

// waiting counts the notifications that wait for the report of a date.
func (p *player) waiting(ctx context.Context, client advicev1.ReportServiceClient, date calendar.Date) (n int, err error) {
	request := &advicev1.ListAdviceOutcomesRequest{ReportDate: date.String(), PageSize: 1000}
	for {
		page, err := client.ListAdviceOutcomes(ctx, request)
		if err != nil {
			return 0, err
		}
		for _, o := range page.GetOutcomes() {
			if o.GetInformationType() == eventv1.InformationType_INFORMATION_TYPE_CHANGE_OF_CIRCUMSTANCES {
				n++
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return n, nil
		}
	}
}
