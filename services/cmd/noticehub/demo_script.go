package main

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/noticehub/noticehub/pkg/calendar"
)

// circumstances is what happens in the second half of the story, and what must
// come of it.
//
//go:embed demo_circumstances.yaml
var circumstances []byte

// script is the second half of the story; the file explains its words.
type script struct {
	Officers map[string][]string `yaml:"officers"`
	People   map[string]role     `yaml:"people"`
	Days     []scriptDay         `yaml:"days"`
}

// role is who plays a customer.
type role struct {
	Number   int            `yaml:"number"`
	Locality string         `yaml:"locality"`
	State    string         `yaml:"state"`
	Record   map[string]any `yaml:"record"`
	// AsInStory leaves the record as the first half left it.
	AsInStory bool `yaml:"as_in_story"`
}

// scriptDay is a scene; with neither Start nor BeforeEnd on the day of the one before.
type scriptDay struct {
	Title     string `yaml:"title"`
	Start     int    `yaml:"start"`
	BeforeEnd *struct {
		Reference string `yaml:"reference"`
		Days      int    `yaml:"days"`
	} `yaml:"before_end"`
	Steps []scriptStep `yaml:"steps"`
}

type scriptStep struct {
	Tell   string `yaml:"tell"`
	Person string `yaml:"person"`

	Lodge    *lodged        `yaml:"lodge"`
	Outcome  string         `yaml:"outcome"`
	Record   *recorded      `yaml:"record"`
	Feed     string         `yaml:"feed"`
	Twice    bool           `yaml:"twice"`
	Officer  string         `yaml:"officer"`
	Changes  []any          `yaml:"changes"`
	Provider map[string]any `yaml:"provider"`
	Complete *completed     `yaml:"complete"`

	Refused  string    `yaml:"refused"`
	Raises   []arising `yaml:"raises"`
	Closes   []string  `yaml:"closes"`
	Notifies *told     `yaml:"notifies"`
}

type lodged struct {
	By        string `yaml:"by"`
	Reference string `yaml:"reference"`
	Commence  *struct {
		Months  int32 `yaml:"months"`
		Percent int32 `yaml:"percent"`
		InDays  int   `yaml:"in_days"`
	} `yaml:"commence"`
	Revoke bool `yaml:"revoke"`
}

type recorded struct {
	Outcome   string `yaml:"outcome"`
	Note      string `yaml:"note"`
	StartDate string `yaml:"start_date"`
}

type completed struct {
	Code      string `yaml:"code"`
	By        string `yaml:"by"`
	Component string `yaml:"component"`
	Note      string `yaml:"note"`
}

// arising is a work item that must arise.
type arising struct {
	Code    string `yaml:"code"`
	Title   string `yaml:"title"`
	Because string `yaml:"because"`
	// By is "event", "date" or empty for either.
	By string `yaml:"by"`
	// Maybe: whether it arises depends on how fast the clock is moved on.
	Maybe bool `yaml:"maybe"`
}

type told struct {
	Authority string `yaml:"authority"`
	Note      string `yaml:"note"`
}

func readScript() (*script, error) {
	s := &script{}
	decoder := yaml.NewDecoder(bytes.NewReader(circumstances))
	decoder.KnownFields(true)
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("demo_circumstances.yaml: %w", err)
	}
	return s, nil
}

var (
	dayToken = regexp.MustCompile(`<(start|today)([+-]\d+)?(?: -(\d+)y)?(?: (\d\d:\d\d)Z)?>`)
	crnToken = regexp.MustCompile(`<crn:([a-zA-Z]+)>`)
)

// written fills in days and CRNs.
func (p *play) written(text string) string {
	text = dayToken.ReplaceAllStringFunc(text, func(token string) string {
		part := dayToken.FindStringSubmatch(token)
		day := p.today
		if part[1] == "start" {
			day = p.first
		}
		by, _ := strconv.Atoi(part[2]) // only digits, or nothing for 0
		years, _ := strconv.Atoi(part[3])
		day = calendar.FromTime(day.Add(by).Time().AddDate(-years, 0, 0), p.first.Time().Location())
		if part[4] != "" {
			return day.String() + "T" + part[4] + ":00Z"
		}
		return day.String()
	})
	return crnToken.ReplaceAllStringFunc(text, func(token string) string {
		return p.people[strings.TrimSuffix(strings.TrimPrefix(token, "<crn:"), ">")].GetCrn()
	})
}

// asContract is a part of the script in the contract's JSON form.
func (p *play) asContract(part any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false) // the tokens are in angle brackets
	if err := encoder.Encode(part); err != nil {
		return nil, err
	}
	return []byte(p.written(text.String())), nil
}
