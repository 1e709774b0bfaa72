package ownwords

import (
	"errors"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/fault"
)

// ruleOf is the rule a text was refused by; "" when it was taken.
func ruleOf(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != "note" {
		t.Fatalf("refused with %v, want an invalid note", err)
	}
	if rule := f.Meta["rule"]; rule != "" {
		return rule
	}
	return "OTHER"
}

func TestWhatANoteMustSay(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         "BLANK",
		" \t\n ":                   "BLANK",
		"rang her":                 "TOO_SHORT",
		"  rang her   ":            "TOO_SHORT",
		"rent to 90":               "",
		"done":                     "TOO_SHORT",
		"n/a":                      "TOO_SHORT",
		"No action.":               "BOILERPLATE", // exactly 10 characters
		"NO  ACTION   required!!":  "BOILERPLATE",
		"No further action needed": "BOILERPLATE",
		"n/a n/a n/a n/a":          "BOILERPLATE",
		"Not applicable.":          "BOILERPLATE",
		"work item completed":      "BOILERPLATE",
		"Item reviewed, no further action required": "BOILERPLATE",
		"done done done":                              "BOILERPLATE",
		"Completed as per above":                      "BOILERPLATE",
		"checked and cleared":                         "BOILERPLATE",
		"..........":                                  "BOILERPLATE",
		"xxxxxxxxxxxxxxx":                             "BOILERPLATE",
		"ababababababab":                              "BOILERPLATE",
		"call customer call customer":                 "BOILERPLATE",
		"asdf asdf asdf":                              "BOILERPLATE",
		"Customer rang; rent expense lowered to $250": "",
		"No action: the customer moved on 3 March and the landlord agreed": "",
		"家賃の支払いを変更しました":                                                    "",
		"customer's address confirmed by phone":                            "",
		"address confirmed\x00 by phone":                                   "OTHER",
		"line one about rent\nline two":                                    "",
	} {
		got, err := Say("note", text)
		if rule := ruleOf(t, err); rule != want {
			t.Errorf("%q: %q, want %q (%v)", text, rule, want, err)
		}
		if err == nil && got != strings.TrimSpace(text) {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestNormalisedTextsAreComparedByTheirWords(t *testing.T) {
	t.Parallel()
	for _, same := range []string{"called the Customer, rent lowered", "  Called the customer - rent   lowered. ", "CALLED THE CUSTOMER\nRENT LOWERED!"} {
		if got := Normalised(same); got != "called the customer rent lowered" {
			t.Errorf("%q became %q", same, got)
		}
	}
	if Normalised("rent is 250") == Normalised("rent is 300") {
		t.Error("figures are told apart no more")
	}
}
