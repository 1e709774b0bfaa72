package lodging

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"

	"go.yaml.in/yaml/v3"

	"github.com/noticehub/noticehub/proto/term"
)

//go:embed policy.yaml
var embedded []byte

// Policy is one version of what each business function may ask for.
type Policy struct {
	version string
	terms   map[term.BusinessFunction]terms
}

type terms struct {
	measure   term.Measure
	durations []int // months
	percents  []int
	mustName  bool // the percentage must be named
	voluntary bool
}

// Version names the policy, for logs.
func (p *Policy) Version() string { return p.version }

type policyFile struct {
	Version   string                  `yaml:"version"`
	Functions map[string]functionFile `yaml:"functions"`
}

type functionFile struct {
	Measure   string `yaml:"measure"`
	Durations []int  `yaml:"durations_months"`
	Percents  []int  `yaml:"quarantined_percent"`
	MustName  *bool  `yaml:"percent_must_be_named"`
	Voluntary *bool  `yaml:"voluntary_referral"`
}

// LoadPolicy reads the policy the program was built with.
func LoadPolicy() (*Policy, error) { return ParsePolicy(embedded) }

// ParsePolicy reads a policy and refuses one that is incomplete, has unknown
// keys or allows what the contract cannot carry; every mistake is reported.
func ParsePolicy(data []byte) (*Policy, error) {
	var file policyFile
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		return nil, fmt.Errorf("lodging policy: %w", err)
	}
	p := &Policy{version: file.Version, terms: make(map[term.BusinessFunction]terms)}
	var problems []error
	if file.Version == "" {
		problems = append(problems, errors.New("lodging policy: version is missing"))
	}
	for name, f := range file.Functions {
		function, err := term.ParseBusinessFunction(name)
		if err != nil {
			problems = append(problems, fmt.Errorf("lodging policy: %w", err))
			continue
		}
		t, err := f.terms()
		if err != nil {
			problems = append(problems, fmt.Errorf("lodging policy, %s: %w", name, err))
		}
		p.terms[function] = t
	}
	for _, f := range []term.BusinessFunction{term.CapeYork, term.ChildProtection, term.SupportingPeopleAtRisk} {
		if _, ok := p.terms[f]; !ok {
			problems = append(problems, fmt.Errorf("lodging policy: function %s is missing", f))
		}
	}
	return p, errors.Join(problems...)
}

func (f functionFile) terms() (terms, error) {
	var problems []error
	measure, err := term.ParseMeasure(f.Measure)
	if err != nil {
		problems = append(problems, err)
	}
	if err := within("durations_months", f.Durations, 1, 24); err != nil {
		problems = append(problems, err)
	}
	if err := within("quarantined_percent", f.Percents, 1, 100); err != nil {
		problems = append(problems, err)
	}
	if f.MustName == nil || f.Voluntary == nil {
		problems = append(problems, errors.New("percent_must_be_named and voluntary_referral must be given"))
		return terms{}, errors.Join(problems...)
	}
	return terms{measure, f.Durations, f.Percents, *f.MustName, *f.Voluntary}, errors.Join(problems...)
}

// within checks a list against the range the contract's field rules allow.
func within(key string, numbers []int, low, high int) error {
	if len(numbers) == 0 {
		return fmt.Errorf("%s is empty", key)
	}
	for _, n := range numbers {
		if n < low || n > high {
			return fmt.Errorf("%s: %d is not between %d and %d", key, n, low, high)
		}
	}
	return nil
}
