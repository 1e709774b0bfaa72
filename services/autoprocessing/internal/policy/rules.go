package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"

	"github.com/noticehub/noticehub/proto/term"
)

// rule is a rule of the policy, compiled.
type rule struct {
	id     string
	holds  cel.Program
	known  cel.Program // nil when every fact is always known
	reason term.Reason
	text   template
	saw    template
	// record is true when the rule sees facts of the customer's record.
	record bool
}

// use is a rule at its place in an information type.
type use struct {
	*rule
	reason    term.Reason // 0 when silent
	needs     []int       // places before this one
	criterion bool
}

// ending is an outcome and the condition for it; nil holds always.
type ending struct {
	outcome term.Outcome
	when    cel.Program
}

// ruleSet decides one information type.
type ruleSet struct {
	uses            []use
	endings         []ending
	officer         []term.Outcome
	whileRestricted []term.Outcome
	also            map[term.Reason][]term.Outcome
	restrictedReads term.Reason
}

// machineOutcomes are what automatic processing may decide at all. A machine
// never refuses: no policy can make it.
var machineOutcomes = map[term.InformationType][]term.Outcome{
	term.FindMutualClient:        {term.Matched},
	term.DisclosureOfInformation: {term.Eligible},
	term.NoticeToCommence:        {term.Commenced, term.Extended},
	term.NoticeToRevoke:          {term.Revoked},
	term.VoluntaryReferral:       nil,
}

// officerOutcomes are what officers may record, by rules.md 2.1 to 2.6. Returned
// and withdrawn are actions of their own.
var officerOutcomes = map[term.InformationType][]term.Outcome{
	term.FindMutualClient:        {term.Matched, term.NotMatched, term.NotDisclosed},
	term.DisclosureOfInformation: {term.Eligible, term.NotEligible, term.NotDisclosed},
	term.NoticeToCommence:        {term.Commenced, term.Extended, term.NotAccepted},
	term.NoticeToRevoke:          {term.Revoked, term.NotAccepted},
	term.VoluntaryReferral:       {term.ReferralNoted},
}

func (p *Policy) takeRules(d *document) error {
	env, err := p.environment()
	if err != nil {
		return refusal(p.file, "lists", "%s", oneLine(err.Error()))
	}
	rules := make(map[string]*rule, len(d.Rules))
	for i, row := range d.Rules {
		where := "rule " + row.ID
		if row.ID == "" {
			return refusal(p.file, fmt.Sprintf("rule number %d", i+1), "id is missing")
		}
		if _, twice := rules[row.ID]; twice {
			return refusal(p.file, where, "the id is used twice")
		}
		if rules[row.ID], err = p.rule(env, row, where); err != nil {
			return err
		}
	}
	used := make(map[string]bool)
	p.types = make(map[term.InformationType]*ruleSet)
	for name, row := range d.Types {
		t, err := term.ParseInformationType(name)
		if _, decidable := machineOutcomes[t]; err != nil || !decidable {
			return refusal(p.file, "information type "+name, "it is not one that is decided")
		}
		if p.types[t], err = p.ruleSet(env, t, row, rules, used); err != nil {
			return err
		}
	}
	for t := range machineOutcomes {
		if p.types[t] == nil {
			return refusal(p.file, "information types", "%s is missing", t)
		}
	}
	for id := range rules {
		if !used[id] {
			return refusal(p.file, "rule "+id, "no information type uses it")
		}
	}
	return nil
}

func (p *Policy) rule(env *cel.Env, row ruleRow, where string) (*rule, error) {
	r := &rule{id: row.ID}
	var err error
	if r.reason, err = term.ParseReason(row.Reason); row.Reason == "" {
		return nil, refusal(p.file, where, "reason is missing")
	} else if err != nil {
		return nil, refusal(p.file, where, "%s", err)
	}
	if strings.TrimSpace(row.Text) == "" {
		return nil, refusal(p.file, where, "text is missing")
	}
	if r.holds, r.record, err = p.compile(env, row.Holds, where+", holds"); err != nil {
		return nil, err
	}
	if row.Known != "" {
		var record bool
		if r.known, record, err = p.compile(env, row.Known, where+", known"); err != nil {
			return nil, err
		}
		r.record = r.record || record
	}
	if r.text, err = p.template(row.Text, where+", text"); err != nil {
		return nil, err
	}
	r.saw, err = p.template(row.Saw, where+", saw")
	return r, err
}

// compile checks and plans one expression and reports whether it sees the record.
func (p *Policy) compile(env *cel.Env, source, where string) (cel.Program, bool, error) {
	if strings.TrimSpace(source) == "" {
		return nil, false, refusal(p.file, where, "the expression is missing")
	}
	ast, issues := env.Compile(source)
	if issues.Err() != nil {
		return nil, false, refusal(p.file, where, "%s", complaint(source, issues.Errors()[0]))
	}
	if ast.OutputType() != cel.BoolType {
		return nil, false, refusal(p.file, where, "the expression gives %s, not yes or no", ast.OutputType())
	}
	record := false
	for _, r := range ast.NativeRep().ReferenceMap() {
		if i, ok := factIndex[r.Name]; ok && factFields[i].record {
			record = true
		}
	}
	program, err := env.Program(ast, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, false, refusal(p.file, where, "%s", oneLine(err.Error()))
	}
	return program, record, nil
}

// complaint says what is wrong with an expression; a name that is not known is
// shown in full, where CEL shows its first part only.
func complaint(source string, e *cel.Error) string {
	column := e.Location.Column()
	if strings.HasPrefix(e.Message, "undeclared reference") && e.Location.Line() == 1 && column < len(source) {
		if name := regexp.MustCompile(`^[A-Za-z_][\w.]*`).FindString(source[column:]); name != "" {
			return fmt.Sprintf("%q is not known (column %d)", name, column+1)
		}
	}
	return fmt.Sprintf("%s (column %d)", oneLine(e.Message), column+1)
}

func (p *Policy) ruleSet(env *cel.Env, t term.InformationType, row typeRow, rules map[string]*rule, used map[string]bool) (*ruleSet, error) {
	where := "information type " + t.String()
	s := &ruleSet{also: make(map[term.Reason][]term.Outcome)}
	places := make(map[string]int)
	for _, u := range row.Rules {
		r, ok := rules[u.Rule]
		if !ok {
			return nil, refusal(p.file, where, "there is no rule %q", u.Rule)
		}
		if _, twice := places[u.Rule]; twice {
			return nil, refusal(p.file, where, "rule %s stands twice", u.Rule)
		}
		entry := use{rule: r, reason: r.reason, criterion: u.Criterion}
		if u.Reason != "" {
			reason, err := term.ParseReason(u.Reason)
			if err != nil {
				return nil, refusal(p.file, where+", rule "+u.Rule, "%s", err)
			}
			entry.reason = reason
		}
		if u.Silent {
			entry.reason = 0
		}
		for _, n := range u.Needs {
			at, ok := places[n]
			if !ok {
				return nil, refusal(p.file, where+", rule "+u.Rule, "it needs %q, which does not stand before it", n)
			}
			entry.needs = append(entry.needs, at)
		}
		places[u.Rule] = len(s.uses)
		used[u.Rule] = true
		s.uses = append(s.uses, entry)
	}
	if len(s.uses) == 0 {
		return nil, refusal(p.file, where, "it has no rules")
	}
	var err error
	if s.endings, err = p.endings(env, t, row.Outcomes, where); err != nil {
		return nil, err
	}
	return s, p.takeOfficer(s, t, row, where)
}

func (p *Policy) endings(env *cel.Env, t term.InformationType, rows []outcomeRow, where string) ([]ending, error) {
	var endings []ending
	for i, row := range rows {
		o, err := term.ParseOutcome(row.Outcome)
		if err != nil {
			return nil, refusal(p.file, where+", outcomes", "%s", err)
		}
		if !slices.Contains(machineOutcomes[t], o) {
			return nil, refusal(p.file, where+", outcomes", "automatic processing may not decide %s", o)
		}
		e := ending{outcome: o}
		last := i == len(rows)-1
		if last != (row.When == "") {
			return nil, refusal(p.file, where+", outcomes", "the last outcome, and only it, stands without a condition")
		}
		if !last {
			if e.when, _, err = p.compile(env, row.When, where+", outcome "+row.Outcome); err != nil {
				return nil, err
			}
		}
		endings = append(endings, e)
	}
	if len(endings) == 0 && len(machineOutcomes[t]) > 0 {
		return nil, refusal(p.file, where, "it has no outcome")
	}
	return endings, nil
}
