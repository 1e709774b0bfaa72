package catalogue

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/noticehub/noticehub/proto/term"
)

//go:embed catalogue.yaml
var embedded []byte

// document is the catalogue file as written. Unknown keys are refused.
type document struct {
	Zone     string           `yaml:"zone"`
	Limits   map[string]int64 `yaml:"limits"`
	Unclosed string           `yaml:"when_nothing_closes_it"`
	Words    map[string]any   `yaml:"words"` // anchors for texts that stand more than once
	Items    []row            `yaml:"items"`
}

type row struct {
	Code         string   `yaml:"code"`
	Aliases      []string `yaml:"aliases"`
	Title        string   `yaml:"title"`
	Group        string   `yaml:"group"`
	ActionedBy   string   `yaml:"actioned_by"`
	Measures     []string `yaml:"measures"`
	MeasureOf    string   `yaml:"measure_of"`
	EndedWeeks   string   `yaml:"ended_weeks"`
	WhenDeceased bool     `yaml:"when_deceased"`
	RaisedWhen   string   `yaml:"raised_when"`
	Action       string   `yaml:"action"`
	On           []string `yaml:"on"`
	Raise        string   `yaml:"raise"`
	Becomes      string   `yaml:"becomes"`
	Cause        string   `yaml:"cause"`
	Occasions    string   `yaml:"occasions"`
	RepeatsWeeks string   `yaml:"repeats_weeks"`
	Revocation   string   `yaml:"revocation"`
	NoticeEnding string   `yaml:"notice_ending"`
	Closes       *closing `yaml:"closes"`
	WorkflowOnly bool     `yaml:"workflow_only"`
	Component    string   `yaml:"component"`
	Effect       string   `yaml:"effect"`
}

type closing struct {
	On      []string `yaml:"on"`
	When    string   `yaml:"when"`
	Because string   `yaml:"because"`
}

// parts are the parts of a customer's record triggers may depend on, by the
// names of the registry's fields; measureParts tell which measure is in force.
var (
	measureParts = []string{"register_measure", "other_measure"}
	parts        = append([]string{
		"addresses", "payments", "nominee", "nominee_deceased", "nominee_for", "partner_crn", "children", "date_of_death",
		"rent_type", "payday_code", "carer_allowance", "partner_carer_allowance", "imprisonment", "penalties",
		"measure_history", "account", "expenses", "card", "exemptions", "service_offers",
		"unrestricted_cash_payment_eligible", "last_child_bereavement", "left_declared_area_on",
	}, measureParts...)
	effects = []string{"", "HOLDS_CARD_ALLOCATIONS"}
)

// refusal is the one sentence a catalogue is refused with.
func refusal(where, format string, a ...any) error {
	if where != "" {
		where = ", " + where
	}
	return fmt.Errorf("work item catalogue%s: %s", where, fmt.Sprintf(format, a...))
}

// Load returns the embedded catalogue.
func Load() (*Catalogue, error) { return Parse(embedded) }

// Parse reads, checks and compiles a catalogue. An error names code and problem
// in one sentence.
func Parse(file []byte) (*Catalogue, error) {
	var d document
	dec := yaml.NewDecoder(bytes.NewReader(file))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return nil, refusal(codeNear(file, err), "%s", oneLine(err.Error()))
	}
	c := &Catalogue{limits: d.Limits, byCode: map[string]*Entry{}, raising: map[string][]int{}, closing: map[string][]int{}, ending: -1}
	var err error
	if c.zone, err = time.LoadLocation(d.Zone); err != nil || d.Zone == "" {
		return nil, refusal("", "zone %q is not a known time zone", d.Zone)
	}
	if strings.TrimSpace(d.Unclosed) == "" {
		return nil, refusal("", "when_nothing_closes_it is missing")
	}
	for _, name := range c.LimitNames() {
		if d.Limits[name] <= 0 {
			return nil, refusal("limit "+name, "it is %d but must be above 0", d.Limits[name])
		}
	}
	l, err := newLanguage(d.Limits, c.zone)
	if err != nil {
		return nil, refusal("limits", "%s", oneLine(err.Error()))
	}
	for i, r := range d.Items {
		if r.Code == "" {
			return nil, refusal(fmt.Sprintf("item number %d", i+1), "code is missing")
		}
		e, err := l.entry(&d, r)
		if err != nil {
			return nil, err
		}
		for _, name := range append([]string{e.Code}, e.Aliases...) {
			if _, twice := c.byCode[name]; twice {
				return nil, refusal(r.Code, "%s is used twice", name)
			}
			c.byCode[name] = e
		}
		c.entries = append(c.entries, e)
	}
	slices.SortFunc(c.entries, func(a, b *Entry) int { return strings.Compare(a.Code, b.Code) })
	return c, c.index()
}

// index finds the entries of each trigger and checks that every limit is used.
func (c *Catalogue) index() error {
	used := map[string]bool{}
	for i, e := range c.entries {
		for _, n := range e.Limits {
			used[n] = true
		}
		t := &e.trigger
		for _, p := range t.on {
			c.raising[p] = append(c.raising[p], i)
		}
		for _, p := range t.closesOn {
			c.closing[p] = append(c.closing[p], i)
		}
		if t.occasions.program != nil {
			c.dated = append(c.dated, i)
		}
		if t.revocation.program != nil {
			c.revoked = append(c.revoked, i)
		}
		if t.noticeEnding != "" {
			if c.ending >= 0 {
				return refusal(e.Code, "%s is raised by a notice that ends already", c.entries[c.ending].Code)
			}
			c.ending = i
		}
	}
	if c.ending < 0 {
		return refusal("", "no item is raised by a notice that ends (notice_ending)")
	}
	for _, n := range c.LimitNames() {
		if !used[n] {
			return refusal("limit "+n, "no item uses it")
		}
	}
	return nil
}

// words checks what people read and who may act.
func (r *row) words() (*Entry, error) {
	e := &Entry{
		Code: r.Code, Aliases: r.Aliases, Title: r.Title, ActionRequired: oneLine(r.Action), RaisedWhen: oneLine(r.RaisedWhen),
		WorkflowOnly: r.WorkflowOnly, Component: r.Component, Effect: r.Effect,
	}
	for _, x := range []struct{ key, value string }{{"title", r.Title}, {"action", r.Action}, {"raised_when", r.RaisedWhen}} {
		if strings.TrimSpace(x.value) == "" {
			return nil, refusal(r.Code, "%s is missing", x.key)
		}
	}
	e.Group = Group(slices.Index(groups, r.Group) + 1)
	if e.Group == 0 {
		return nil, refusal(r.Code, "group %q is none of %s", r.Group, strings.Join(groups, ", "))
	}
	e.ActionedBy = ActionedBy(slices.Index(actors, r.ActionedBy) + 1)
	if e.ActionedBy == 0 {
		return nil, refusal(r.Code, "actioned_by %q is none of %s", r.ActionedBy, strings.Join(actors, ", "))
	}
	if !slices.Contains(effects, r.Effect) {
		return nil, refusal(r.Code, "effect %q is not known", r.Effect)
	}
	return e, r.measures(e)
}

// measures reads under which measures the item is raised: [ANY], [REGARDLESS] or names.
func (r *row) measures(e *Entry) error {
	if len(r.Measures) == 0 {
		return refusal(r.Code, "measures are missing (names, ANY or REGARDLESS)")
	}
	switch {
	case slices.Equal(r.Measures, []string{"ANY"}):
		for m := term.CYeIM; m <= term.VeIM; m++ {
			e.trigger.measures |= 1 << m
		}
	case slices.Equal(r.Measures, []string{"REGARDLESS"}):
	default:
		for _, name := range r.Measures {
			m, err := term.ParseMeasure(name)
			if err != nil {
				return refusal(r.Code, "%s", err)
			}
			if e.trigger.measures&(1<<m) != 0 {
				return refusal(r.Code, "measure %s stands twice", name)
			}
			e.trigger.measures |= 1 << m
			e.Measures = append(e.Measures, m)
		}
	}
	e.trigger.measureOf = slices.Index(measuresOf, r.MeasureOf)
	if e.trigger.measureOf < 0 {
		return refusal(r.Code, "measure_of %q is none of after, before, ended", r.MeasureOf)
	}
	if (e.trigger.measureOf == ofEnded) != (r.EndedWeeks != "") {
		return refusal(r.Code, "ended_weeks belongs to measure_of ended, and only to it")
	}
	return nil
}

// codeNear finds the code of the item a message of the YAML reader is about, by
// the line it names.
func codeNear(file []byte, err error) string {
	var line int
	_, after, ok := strings.Cut(err.Error(), "line ")
	if !ok {
		return ""
	}
	if _, scan := fmt.Sscanf(after, "%d", &line); scan != nil {
		return ""
	}
	lines := strings.Split(string(file), "\n")
	for i := min(line, len(lines)) - 1; i >= 0; i-- {
		if _, code, ok := strings.Cut(lines[i], "- code:"); ok {
			return strings.TrimSpace(code)
		}
	}
	return ""
}

// oneLine makes a text fit into one sentence.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
