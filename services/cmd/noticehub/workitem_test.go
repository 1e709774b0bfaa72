package main

import (
	"strings"
	"testing"
	"time"

	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

func TestFlagsOfAWorkItemSearch(t *testing.T) {
	t.Parallel()
	c := &workItemList{
		officer: officer{As: "olive"}, Code: []string{"217Q1"}, Group: "child-protection", Measure: "cpeim", From: "2026-03-02", Zone: "Australia/Sydney", Mine: true, All: true,
	}
	r, err := c.request()
	if err != nil {
		t.Fatal(err)
	}
	if r.GetAssignee() != "olive" || r.GetGroup() != workitemv1.Group_GROUP_CHILD_PROTECTION || r.GetMeasure() != 2 || r.GetState() != workitemv1.State_STATE_ALL ||
		!r.GetRaisedFrom().AsTime().Equal(time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)) || r.GetRaisedBefore() != nil {
		t.Errorf("asked %v", r)
	}
	c = &workItemList{Group: "nonsense", Measure: "unspecified", Before: "2026-02-30", Zone: "Australia/Sydney"}
	_, err = c.request()
	for _, words := range []string{`--group: there is no "nonsense"; one of CARD, GENERIC`, `--measure: there is no "unspecified"; one of CYEIM`, "--before:"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v does not say %s", err, words)
		}
	}
}

func TestAListOfChanges(t *testing.T) {
	t.Parallel()
	changes, err := changesOf([]byte(` [{"rent_type": "PRIVATE_RENT"}, {"unlinkPartner": {}}, {"set_card": {"pin_blocked": true}}]`))
	if err != nil || len(changes) != 3 || changes[0].GetRentType() != "PRIVATE_RENT" || changes[1].GetUnlinkPartner() == nil || !changes[2].GetSetCard().GetPinBlocked() {
		t.Fatalf("%v, %v", changes, err)
	}
	for content, words := range map[string]string{
		"":                              "JSON list",
		`{"rent_type": "X"}`:            "JSON list",
		"[]":                            "no change",
		"[{]":                           "invalid character",
		`[{"rent_type": "A"}, {"x":1}]`: "changes[1]:",
	} {
		if _, err := changesOf([]byte(content)); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%q: %v does not say %q", content, err, words)
		}
	}
}
