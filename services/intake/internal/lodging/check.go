package lodging

import (
	"fmt"
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
)

// Draft is what the rules look at in a submission.
type Draft struct {
	// Type says what it is.
	Type term.InformationType
	// Path leads to its content, such as "submission.notice_to_commence".
	Path string
	// CRN it names; empty when none.
	CRN string
	// BirthPath leads to the date of birth.
	BirthPath string
	// DateOfBirth as lodged, yyyy-mm-dd.
	DateOfBirth string
	// StartDate as lodged; notices to commence only.
	StartDate string
	// DurationMonths as lodged; notices to commence only.
	DurationMonths int
	// Percent is the share to be quarantined; notices to commence only.
	Percent int
}

// oldestBirth is the earliest date of birth taken: nobody older is alive, so an
// earlier one is a mistake in typing.
var oldestBirth = calendar.DateOf(1890, 1, 1)

// Check reports every field of the draft that the authority's function does not
// allow on the given local date, as one Invalid fault, or nil.
func (p *Policy) Check(d Draft, function term.BusinessFunction, today calendar.Date) error {
	var wrong mistakes
	wrong.birth(d, today)
	terms, ok := p.terms[function]
	if !ok {
		return fault.New(fault.Internal, "FUNCTION_UNKNOWN", "the policy has no terms for this authority's function")
	}
	switch d.Type {
	case term.NoticeToCommence:
		wrong.commence(d, terms)
	case term.VoluntaryReferral:
		if !terms.voluntary {
			wrong.add(d.Path, "an authority of function %s may not refer voluntarily", function)
		}
	}
	return wrong.fault()
}

type mistakes struct{ found *fault.Error }

func (m *mistakes) add(path, format string, a ...any) {
	if m.found == nil {
		m.found = fault.InvalidField(path, format, a...)
		return
	}
	_ = m.found.WithField(path, fmt.Sprintf(format, a...))
}

func (m *mistakes) fault() error {
	if m.found == nil {
		return nil
	}
	return m.found
}

func (m *mistakes) birth(d Draft, today calendar.Date) {
	born, err := calendar.ParseDate(d.DateOfBirth)
	switch {
	case err != nil:
		m.add(d.BirthPath, "is not a date of the calendar; write yyyy-mm-dd")
	case born > today:
		m.add(d.BirthPath, "is in the future")
	case born < oldestBirth:
		m.add(d.BirthPath, "is before %s", oldestBirth)
	}
}

// commence checks a notice to commence. A start date in the past or far ahead is
// not refused here: it is decided as START_DATE_INVALID.
func (m *mistakes) commence(d Draft, t terms) {
	if _, err := calendar.ParseDate(d.StartDate); err != nil {
		m.add(d.Path+".start_date", "is not a date of the calendar; write yyyy-mm-dd")
	}
	if !slices.Contains(t.durations, d.DurationMonths) {
		m.add(d.Path+".duration_months", "must be one of %s months for %s", list(t.durations), t.measure)
	}
	switch {
	case d.Percent == 0 && t.mustName:
		m.add(d.Path+".quarantined_percent", "must be named for %s: one of %s", t.measure, list(t.percents))
	case d.Percent != 0 && !slices.Contains(t.percents, d.Percent):
		m.add(d.Path+".quarantined_percent", "must be one of %s for %s", list(t.percents), t.measure)
	}
}

func list(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
}
