package policy

import (
	"slices"
	"strings"

	"github.com/noticehub/noticehub/proto/term"
)

// Revocation says what a notice to revoke does to a notice in force.
type Revocation uint8

// The ways (rules.md 2.5).
const (
	// ByOfficer: only an officer may revoke it.
	ByOfficer Revocation = iota + 1
	// ByShortening: it ends RevocationDays after lodgement, if it has more days left.
	ByShortening
	// AtOnce: it is revoked now.
	AtOnce
)

var revocations = map[string]Revocation{"OFFICER": ByOfficer, "SHORTEN": ByShortening, "NOW": AtOnce}

// String is the term used in policy files.
func (r Revocation) String() string {
	switch r {
	case ByOfficer:
		return "OFFICER"
	case ByShortening:
		return "SHORTEN"
	case AtOnce:
		return "NOW"
	}
	return ""
}

// place is a community the policy names.
type place struct {
	code  string
	state term.Jurisdiction
}

func (p *Policy) takeLimits(d *document) error {
	l := d.Limits
	for _, x := range []struct {
		name     string
		v, least int
		most     int
	}{
		{"continuation_days", l.ContinuationDays, 0, 366},
		{"start_ahead_days", l.StartAheadDays, 0, 366},
		{"revocation_days", l.RevocationDays, 0, 366},
		{"retry_attempts", l.RetryAttempts, 1, 100},
		{"report_close_hour", l.ReportCloseHour, 0, 23},
		{"officer_start_ahead_days", l.OfficerStartAheadDays, l.StartAheadDays, 3660},
	} {
		if x.v < x.least || x.v > x.most {
			return refusal(p.file, "limits", "%s is %d but must be %d to %d", x.name, x.v, x.least, x.most)
		}
	}
	return nil
}

func (p *Policy) takeLists(d *document) error {
	p.lists = make(map[string]map[string]struct{}, len(d.Lists))
	for name, codes := range d.Lists {
		set := make(map[string]struct{}, len(codes))
		for _, c := range codes {
			if c == "" {
				return refusal(p.file, "list "+name, "an entry is empty")
			}
			if _, twice := set[c]; twice {
				return refusal(p.file, "list "+name, "%s is listed twice", c)
			}
			set[c] = struct{}{}
		}
		p.lists[name] = set
	}
	for _, name := range []string{"category_a_payments", "excluded_nominees"} {
		if p.lists[name] == nil {
			return refusal(p.file, "lists", "%s is missing", name)
		}
	}
	return nil
}

func (p *Policy) takeCommunities(d *document) error {
	p.places = make(map[string]place)
	for _, c := range d.Communities {
		where := "community " + c.Code
		state, err := term.ParseJurisdiction(c.State)
		if err != nil || c.Code == "" || len(c.Names) == 0 {
			return refusal(p.file, where, "code, names and a known state are needed")
		}
		for _, n := range c.Names {
			key := letters(n)
			if old, ok := p.places[key]; ok && old.code != c.Code {
				return refusal(p.file, where, "name %q is that of %s too", n, old.code)
			}
			p.places[key] = place{code: c.Code, state: state}
		}
	}
	return nil
}

func (p *Policy) takeMeasures(d *document) error {
	p.functions = make(map[term.BusinessFunction]term.Measure)
	p.measures = make(map[term.Measure]Measure)
	p.ranks = make(map[string]int)
	for _, row := range d.Measures {
		where := "measure " + row.Measure
		m, err := term.ParseMeasure(row.Measure)
		if err != nil {
			return refusal(p.file, where, "%s", err)
		}
		if _, twice := p.ranks[row.Measure]; twice {
			return refusal(p.file, where, "it stands twice")
		}
		if row.Rank < 1 {
			return refusal(p.file, where, "rank is missing")
		}
		p.ranks[row.Measure] = row.Rank
		if row.Function == "" {
			continue
		}
		f, err := term.ParseBusinessFunction(row.Function)
		if err != nil {
			return refusal(p.file, where, "%s", err)
		}
		if other, twice := p.functions[f]; twice {
			return refusal(p.file, where, "business function %s belongs to %s already", row.Function, other)
		}
		p.functions[f] = m
		if p.measures[m], err = p.measure(m, row, where); err != nil {
			return err
		}
	}
	for m := term.CYeIM; m <= term.VeIM; m++ {
		if _, ok := p.ranks[m.String()]; !ok {
			return refusal(p.file, "measures", "%s has no rank", m)
		}
	}
	for f := term.CapeYork; f <= term.SupportingPeopleAtRisk; f++ {
		if _, ok := p.functions[f]; !ok {
			return refusal(p.file, "measures", "business function %s has no measure", f)
		}
	}
	return nil
}

// measure is the row of a measure authorities refer to.
func (p *Policy) measure(m term.Measure, row measureRow, where string) (Measure, error) {
	out := Measure{
		Measure: m, Rank: row.Rank, Label: row.Label, ReferenceMark: row.ReferenceMark, MayReferVoluntarily: row.VoluntaryReferral,
		months: slices.Sorted(slices.Values(row.Months)), percents: slices.Sorted(slices.Values(row.Percent)),
		states: make(map[string]struct{}), places: make(map[string]struct{}),
	}
	if row.Label == "" || !strings.HasPrefix(row.ReferenceMark, "~") {
		return out, refusal(p.file, where, `label and a reference_mark that begins with "~" are needed`)
	}
	if len(out.months) == 0 || out.months[0] < 1 || out.months[len(out.months)-1] > 24 {
		return out, refusal(p.file, where, "months must be 1 to 24, at least one")
	}
	if len(out.percents) == 0 || out.percents[0] < 1 || out.percents[len(out.percents)-1] > 100 {
		return out, refusal(p.file, where, "percent must be 1 to 100, at least one")
	}
	if out.Revocation = revocations[row.ActiveRevocation]; out.Revocation == 0 {
		return out, refusal(p.file, where, "active_revocation %q is none of OFFICER, SHORTEN, NOW", row.ActiveRevocation)
	}
	for _, s := range row.States {
		if _, err := term.ParseJurisdiction(s); err != nil {
			return out, refusal(p.file, where, "%s", err)
		}
		out.states[s] = struct{}{}
	}
	for _, c := range row.Communities {
		known := false
		for _, pl := range p.places {
			known = known || pl.code == c
		}
		if !known {
			return out, refusal(p.file, where, "%q is not a community of this policy", c)
		}
		out.places[c] = struct{}{}
	}
	if len(out.states)+len(out.places) == 0 {
		return out, refusal(p.file, where, "it has no area")
	}
	return out, nil
}

func (p *Policy) takeReasons(d *document) error {
	p.reasons = make(map[term.Reason]Words, len(d.Reasons))
	for name, w := range d.Reasons {
		r, err := term.ParseReason(name)
		if err != nil {
			return refusal(p.file, "reasons", "%s", err)
		}
		if w.Description == "" || w.NextStep == "" {
			return refusal(p.file, "reason "+name, "description and next_step are needed")
		}
		p.reasons[r] = w
	}
	for r := term.NoMatch; r <= term.TechnicalFailure; r++ {
		if _, ok := p.reasons[r]; !ok {
			return refusal(p.file, "reasons", "%s has no words", r)
		}
	}
	return nil
}

// inArea reports whether a home lies in the area of a measure, by the names facts use.
func (p *Policy) inArea(measure, state, community string) bool {
	m, err := term.ParseMeasure(measure)
	if err != nil {
		return false
	}
	row, ok := p.measures[m]
	if !ok {
		return false
	}
	if _, ok = row.states[state]; ok {
		return true
	}
	_, ok = row.places[community]
	return ok
}

// Community returns the policy's code of the community a locality is, such as
// "HOPE_VALE" for "Hope Vale" or "HOPEVALE"; empty when the policy names no such
// place in that state. An unset state matches by name alone.
func (p *Policy) Community(locality string, state term.Jurisdiction) string {
	if locality == "" {
		return ""
	}
	pl, ok := p.places[letters(locality)]
	if !ok || (state != 0 && state != pl.state) {
		return ""
	}
	return pl.code
}

// activeRevocation is Measure.Revocation by the names facts use.
func (p *Policy) activeRevocation(measure string) string {
	m, err := term.ParseMeasure(measure)
	if err != nil {
		return ""
	}
	return p.measures[m].Revocation.String()
}
