package policy

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
)

// template is a text with {fact} marks: literal, fact, literal, fact, …
type template struct {
	literals []string
	facts    []int
}

// template reads a text; limits are put in at once, facts when it is rendered.
func (p *Policy) template(text, where string) (template, error) {
	var t template
	limits := p.limits()
	literal := ""
	for {
		before, rest, found := strings.Cut(text, "{")
		literal += before
		if !found {
			break
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return t, refusal(p.file, where, "a { is not closed")
		}
		text = after
		if v, ok := limits[name]; ok {
			literal += strconv.Itoa(v)
			continue
		}
		i, ok := factIndex[name]
		if !ok {
			return t, refusal(p.file, where, "there is no fact %q", name)
		}
		t.literals, t.facts, literal = append(t.literals, literal), append(t.facts, i), ""
	}
	t.literals = append(t.literals, literal)
	return t, nil
}

func (t template) render(f *Facts) string {
	var b strings.Builder
	for i, literal := range t.literals {
		b.WriteString(literal)
		if i < len(t.facts) {
			b.WriteString(words(f, t.facts[i]))
		}
	}
	return b.String()
}

// words says a fact in words.
func words(f *Facts, fact int) string {
	at := factFields[fact]
	v := reflect.ValueOf(f).Elem().Field(at.group).Field(at.field)
	switch at.kind {
	case reflect.Bool:
		if v.Bool() {
			return "yes"
		}
		return "no"
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.String:
		if v.Len() == 0 {
			return "none"
		}
		return v.String()
	default:
		if v.Len() == 0 {
			return "none"
		}
		return strings.Join(v.Interface().([]string), ", ")
	}
}

// Render turns stored facts and verdicts into the words of the trace, a line a
// rule in policy order. Guarded hides what rules saw of the record or the register,
// and what they said of it, from viewers who may not know. Verdicts that do not fit
// the policy's rules give a fault of kind Internal.
func (p *Policy) Render(t term.InformationType, f *Facts, v Verdicts, guarded bool) ([]Line, error) {
	set := p.types[t]
	if set == nil || len(set.uses) != len(v) {
		return nil, fault.New(fault.Internal, "TRACE_MISFIT", "the trace does not fit policy %s for %s", p.Version, t)
	}
	lines := make([]Line, len(set.uses))
	for i, u := range set.uses {
		line := Line{Rule: u.id, Verdict: Verdict(v[i]), Reason: u.reason, Criterion: u.criterion, Text: u.text.render(f)}
		switch {
		case guarded && u.record: // first: why it was not evaluated may tell of the record too
			line.Verdict, line.Reason = NotEvaluated, 0
			line.Text += " Shown only once access to the record is lifted."
		case line.Verdict == NotEvaluated:
			line.Text += " Not evaluated" + p.because(set, u, v) + "."
		case len(u.saw.facts) > 0:
			line.Text += " Seen: " + u.saw.render(f) + "."
		}
		if line.Verdict == Unknown {
			line.Text += " A fact is not known."
		}
		lines[i] = line
	}
	return lines, nil
}

// because names the rule that kept another from being evaluated.
func (p *Policy) because(set *ruleSet, u use, v Verdicts) string {
	for _, n := range u.needs {
		if Verdict(v[n]) != Passed {
			return ", because " + set.uses[n].id + " did not pass"
		}
	}
	return ""
}

// Criteria lists the eligibility criteria among the rules with their verdicts,
// without words; nil when the verdicts do not fit.
func (p *Policy) Criteria(t term.InformationType, v Verdicts) []Line {
	set := p.types[t]
	if set == nil || len(set.uses) != len(v) {
		return nil
	}
	var lines []Line
	for i, u := range set.uses {
		if u.criterion {
			lines = append(lines, Line{Rule: u.id, Verdict: Verdict(v[i]), Reason: u.reason, Criterion: true})
		}
	}
	return lines
}
