package policy

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed versions/*.yaml
var embedded embed.FS

// document is a policy file as written. Unknown keys are refused.
type document struct {
	Version           string              `yaml:"version"`
	Effective         string              `yaml:"effective"`
	Zone              string              `yaml:"zone"`
	Limits            Limits              `yaml:"limits"`
	AcceptFormerNames bool                `yaml:"accept_former_names"`
	Measures          []measureRow        `yaml:"measures"`
	Communities       []communityRow      `yaml:"communities"`
	Lists             map[string][]string `yaml:"lists"`
	Rules             []ruleRow           `yaml:"rules"`
	Types             map[string]typeRow  `yaml:"information_types"`
	Reasons           map[string]Words    `yaml:"reasons"`
	ReferralPhrases   []phraseGroup       `yaml:"referral_phrases"`
}

type measureRow struct {
	Measure           string   `yaml:"measure"`
	Rank              int      `yaml:"rank"`
	Function          string   `yaml:"function"`
	Label             string   `yaml:"label"`
	ReferenceMark     string   `yaml:"reference_mark"`
	VoluntaryReferral bool     `yaml:"voluntary_referral"`
	Months            []int    `yaml:"months"`
	Percent           []int    `yaml:"percent"`
	States            []string `yaml:"states"`
	Communities       []string `yaml:"communities"`
	ActiveRevocation  string   `yaml:"active_revocation"`
}

type communityRow struct {
	Code  string   `yaml:"code"`
	State string   `yaml:"state"`
	Names []string `yaml:"names"`
}

type ruleRow struct {
	ID     string `yaml:"id"`
	Holds  string `yaml:"holds"`
	Known  string `yaml:"known"`
	Reason string `yaml:"reason"`
	Text   string `yaml:"text"`
	Saw    string `yaml:"saw"`
}

type typeRow struct {
	Rules             []useRow            `yaml:"rules"`
	Outcomes          []outcomeRow        `yaml:"outcomes"`
	Officer           []string            `yaml:"officer"`
	WhileRestricted   []string            `yaml:"while_restricted"`
	Also              map[string][]string `yaml:"also"`
	RestrictedReadsAs string              `yaml:"restricted_reads_as"`
}

type useRow struct {
	Rule      string   `yaml:"rule"`
	Needs     []string `yaml:"needs"`
	Reason    string   `yaml:"reason"`
	Silent    bool     `yaml:"silent"`
	Criterion bool     `yaml:"criterion"`
}

type outcomeRow struct {
	Outcome string `yaml:"outcome"`
	When    string `yaml:"when"`
}

type phraseGroup struct {
	About   string   `yaml:"about"`
	Phrases []string `yaml:"phrases"`
}

// refusal is the one sentence a policy is refused with.
func refusal(file, where, format string, a ...any) error {
	if where != "" {
		where = ", " + where
	}
	return fmt.Errorf("policy file %s%s: %s", file, where, fmt.Sprintf(format, a...))
}

// Load returns the embedded policies. An error names file, rule and problem.
func Load() (*Set, error) {
	sub, err := fs.Sub(embedded, "versions")
	if err != nil {
		return nil, err
	}
	return LoadFS(sub)
}

// LoadFS returns the policies of the *.yaml files at the root of a file system.
// Two files may share neither version nor effective date, and all must name the
// same zone: stored dates are dates of one zone.
func LoadFS(files fs.FS) (*Set, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no policy file (*.yaml) found")
	}
	s := &Set{}
	for _, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("policy file %s cannot be read: %w", name, err)
		}
		p, err := parse(path.Base(name), text)
		if err != nil {
			return nil, err
		}
		s.policies = append(s.policies, p)
	}
	slices.SortFunc(s.policies, func(a, b *Policy) int { return int(a.Effective) - int(b.Effective) })
	for i, p := range s.policies {
		for _, q := range s.policies[:i] {
			switch {
			case p.Version == q.Version:
				return nil, refusal(p.file, "", "version %q is that of %s too", p.Version, q.file)
			case p.Effective == q.Effective:
				return nil, refusal(p.file, "", "effective date %s is that of %s too", p.Effective, q.file)
			case p.Zone != q.Zone:
				return nil, refusal(p.file, "", "zone %s differs from %s of %s", p.Zone, q.Zone, q.file)
			}
		}
	}
	return s, nil
}

// parse reads, checks and compiles one file.
func parse(file string, text []byte) (*Policy, error) {
	var d document
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&d); err != nil {
		return nil, refusal(file, "", "%s", oneLine(err.Error()))
	}
	p := &Policy{file: file, Version: d.Version, Zone: d.Zone, Limits: d.Limits, formerName: d.AcceptFormerNames}
	if p.Version == "" {
		return nil, refusal(file, "", "version is missing")
	}
	if err := p.Effective.UnmarshalText([]byte(d.Effective)); err != nil {
		return nil, refusal(file, "", "effective date %q is not a date (yyyy-mm-dd)", d.Effective)
	}
	if _, err := time.LoadLocation(d.Zone); err != nil || d.Zone == "" {
		return nil, refusal(file, "", "zone %q is not a known time zone", d.Zone)
	}
	for _, step := range []func(*document) error{p.takeLimits, p.takeLists, p.takeCommunities, p.takeMeasures, p.takeReasons, p.takePhrases, p.takeRules} {
		if err := step(&d); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// oneLine makes a library's message fit into one sentence.
func oneLine(s string) string {
	return string(bytes.Join(bytes.Fields([]byte(s)), []byte(" ")))
}
