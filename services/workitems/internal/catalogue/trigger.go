package catalogue

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
)

// Which measure a trigger looks at: the one in force after the change, the one
// before it, or the one after it and, when none is, the one that ended last.
const (
	ofAfter = iota
	ofBefore
	ofEnded
)

var measuresOf = []string{"", "before", "ended"}

// trigger is when an item is raised and closed, compiled.
type trigger struct {
	measures     uint16 // bit of each measure; 0 is regardless
	measureOf    int
	endedDays    int64 // with ofEnded: so many days after income management ended
	whenDeceased bool

	on      []string
	raise   answer // over before, after, changed, today: yes or causes
	becomes answer // over c, today: raised when it holds after and did not before
	cause   string // of a plain yes

	occasions    answer // over c
	repeatDays   int64
	revocation   answer // over the revocation
	noticeEnding string // name of the limit

	closesOn []string
	closes   answer // over before, after, changed, today: yes (every cause) or the causes
}

// answer is a compiled expression; listed when it gives a list, not yes or no.
type answer struct {
	program cel.Program
	listed  bool
}

// entry checks one row and compiles its expressions.
func (l *language) entry(d *document, r row) (*Entry, error) {
	e, err := r.words()
	if err != nil {
		return nil, err
	}
	t := &e.trigger
	t.whenDeceased, t.on, t.cause, t.noticeEnding = r.WhenDeceased, r.On, r.Cause, r.NoticeEnding
	for _, x := range []struct {
		key, source string
		env         *cel.Env
		into        *answer
		list        *cel.Type
		yes         bool
	}{
		{"raise", r.Raise, l.event, &t.raise, causes, true},
		{"becomes", r.Becomes, l.state, &t.becomes, nil, true},
		{"occasions", r.Occasions, l.date, &t.occasions, occasions, false},
		{"revocation", r.Revocation, l.revocation, &t.revocation, nil, true},
	} {
		if x.source == "" {
			continue
		}
		if *x.into, err = compile(x.env, x.source, r.Code+", "+x.key, x.list, x.yes); err != nil {
			return nil, err
		}
	}
	if err := r.complete(t); err != nil {
		return nil, err
	}
	e.CauseGone = oneLine(d.Unclosed)
	if k := r.Closes; k != nil {
		if e.CauseGone = oneLine(k.Because); e.CauseGone == "" {
			return nil, refusal(r.Code+", closes", "because is missing")
		}
		if err := known(r.Code+", closes", k.On); err != nil {
			return nil, err
		}
		t.closesOn = k.On
		if t.closes, err = compile(l.event, k.When, r.Code+", closes", strings_, true); err != nil {
			return nil, err
		}
	}
	return e, r.numbers(d, e)
}

// complete checks that the parts of a trigger fit together.
func (r *row) complete(t *trigger) error {
	byEvent := r.Raise != "" || r.Becomes != ""
	switch {
	case !byEvent && r.Occasions == "" && r.Revocation == "" && r.NoticeEnding == "":
		return refusal(r.Code, "nothing raises it (raise, becomes, occasions, revocation or notice_ending)")
	case r.Raise != "" && r.Becomes != "":
		return refusal(r.Code, "raise and becomes exclude each other")
	case byEvent != (len(r.On) > 0):
		return refusal(r.Code, "on belongs to raise or becomes, and neither goes without it")
	case (byEvent && !t.raise.listed) != (r.Cause != ""):
		return refusal(r.Code, "cause names the one cause of a yes or no, and is left out where the expression lists causes")
	case r.RepeatsWeeks != "" && r.Occasions == "":
		return refusal(r.Code, "repeats_weeks needs occasions")
	}
	if byEvent {
		if err := known(r.Code, r.On); err != nil {
			return err
		}
	}
	if r.Becomes == "" {
		return nil
	}
	// What becomes true may do so by each fact it looks at, and by the measure
	// that makes it count: leaving one out would lose items.
	needs := []string{}
	for _, m := range stateFact.FindAllStringSubmatch(r.Becomes, -1) {
		needs = append(needs, partsOf(m[1])...)
	}
	if t.measures != 0 {
		needs = append(needs, measureParts...)
	}
	for _, p := range needs {
		if !slices.Contains(r.On, p) {
			return refusal(r.Code, "becomes looks at %s, which is missing in on", p)
		}
	}
	return nil
}

var (
	stateFact = regexp.MustCompile(`\bc\.([a-z_]+)`)
	limitName = regexp.MustCompile(`\blimit\.([a-z0-9_]+)`)
)

// partsOf are the parts of the record behind a fact or function of a customer.
func partsOf(fact string) []string {
	switch fact {
	case "measure":
		return measureParts
	case "peak_allocation":
		return []string{"expenses"}
	case "home_state":
		return []string{"addresses"}
	}
	if slices.Contains(parts, fact) {
		return []string{fact}
	}
	return nil
}

func known(where string, on []string) error {
	for i, p := range on {
		if !slices.Contains(parts, p) {
			return refusal(where, "on names %q, which is not a part of the record", p)
		}
		if slices.Contains(on[:i], p) {
			return refusal(where, "on names %s twice", p)
		}
	}
	if len(on) == 0 {
		return refusal(where, "on is missing")
	}
	return nil
}

// numbers resolves the limits an item uses.
func (r *row) numbers(d *document, e *Entry) error {
	named := map[string]bool{}
	expressions := []string{r.Raise, r.Becomes, r.Occasions, r.Revocation}
	if r.Closes != nil {
		expressions = append(expressions, r.Closes.When)
	}
	for _, m := range limitName.FindAllStringSubmatch(strings.Join(expressions, "\n"), -1) {
		named[m[1]] = true
	}
	for _, x := range []struct {
		key, name string
		into      *int64
		days      int64
	}{
		{"repeats_weeks", r.RepeatsWeeks, &e.trigger.repeatDays, 7},
		{"ended_weeks", r.EndedWeeks, &e.trigger.endedDays, 7},
		{"notice_ending", r.NoticeEnding, new(int64), 1},
	} {
		if x.name == "" {
			continue
		}
		v, ok := d.Limits[x.name]
		if !ok {
			return refusal(r.Code, "%s names %q, which is not a limit", x.key, x.name)
		}
		named[x.name], *x.into = true, v*x.days
	}
	e.RepeatsWeeks = int(e.trigger.repeatDays / 7)
	for name := range named {
		e.Limits = append(e.Limits, name)
	}
	slices.Sort(e.Limits)
	return nil
}

// compile checks and plans one expression: it must give the list asked for, or
// yes or no where that is allowed.
func compile(env *cel.Env, source, where string, list *cel.Type, yes bool) (answer, error) {
	if strings.TrimSpace(source) == "" {
		return answer{}, refusal(where, "the expression is missing")
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		return answer{}, refusal(where, "%s", complaint(issues.Errors()[0]))
	}
	var a answer
	switch out := ast.OutputType(); {
	case yes && out.IsExactType(cel.BoolType):
	case list != nil && out.IsExactType(list):
		a.listed = true
	default:
		wanted := "yes or no"
		if list != nil {
			wanted = list.String()
			if yes {
				wanted += " or yes or no"
			}
		}
		return answer{}, refusal(where, "the expression gives %s, not %s", out, wanted)
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return answer{}, refusal(where, "%s", oneLine(err.Error()))
	}
	a.program = program
	return a, nil
}

// complaint says what is wrong with an expression and where.
func complaint(e *cel.Error) string {
	return fmt.Sprintf("%s (line %d, column %d)", oneLine(e.Message), e.Location.Line(), e.Location.Column()+1)
}
