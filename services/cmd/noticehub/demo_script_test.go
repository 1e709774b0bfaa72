package main

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/noticehub/noticehub/pkg/calendar"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// A mistake in the script shall not show after half a minute of the demo only.
func TestDemoScriptIsWellFormed(t *testing.T) {
	t.Parallel()
	text, err := readScript()
	if err != nil {
		t.Fatal(err)
	}
	day, err := calendar.ParseDate("2027-03-01")
	if err != nil {
		t.Fatal(err)
	}
	p := &play{story: &story{people: map[string]*registryv1.Customer{}, first: day}, script: text, today: day.Add(46)}
	for name := range text.People {
		p.people[name] = &registryv1.Customer{Crn: "200000001B"}
	}
	for name, r := range text.People {
		record, err := p.asContract(r.Record)
		if err == nil {
			err = protojson.Unmarshal(record, &registryv1.Customer{})
		}
		if err != nil && r.Record != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	codes := map[string]bool{}
	for _, d := range text.Days {
		for _, s := range d.Steps {
			if _, known := text.People[s.Person]; !known && s.Provider == nil {
				t.Errorf("%s, %s: there is no %q", d.Title, s.Tell, s.Person)
			}
			if len(s.Changes) > 0 {
				if _, err := p.changesOf(&s); err != nil {
					t.Errorf("%s, %s: %v", d.Title, s.Tell, err)
				}
			}
			for _, a := range s.Raises {
				codes[a.Code] = true
			}
		}
	}
	if len(codes) != 44 {
		t.Errorf("%d codes arise, not 44", len(codes))
	}
}

func TestDaysOfTheScript(t *testing.T) {
	t.Parallel()
	first, err := calendar.ParseDate("2027-11-22")
	if err != nil {
		t.Fatal(err)
	}
	p := &play{story: &story{people: map[string]*registryv1.Customer{"tenant": {Crn: "200000020V"}}, first: first}, today: first.Add(99)}
	for token, want := range map[string]string{
		"<start>": "2027-11-22", "<start+46>": "2028-01-07", "<today>": "2028-02-29", "<today-1 10:05Z>": "2028-02-28T10:05:00Z",
		"<today -5y>": "2023-03-01", "<today+14 -5y>": "2023-03-14", "<crn:tenant>": "200000020V", "due <today+1>.": "due 2028-03-01.", "<else>": "<else>",
	} {
		if got := p.written(token); got != want {
			t.Errorf("%s is %s, not %s", token, got, want)
		}
	}
	if got := p.written(strings.Repeat("<today>", 2)); got != "2028-02-292028-02-29" {
		t.Error(got)
	}
}
