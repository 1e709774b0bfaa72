package lodging

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
)

var today = calendar.DateOf(2026, 11, 23)

func commence(months, percent int) Draft {
	return Draft{
		Type: term.NoticeToCommence, Path: "submission.notice_to_commence", CRN: "123456789A",
		BirthPath: "submission.notice_to_commence.customer.date_of_birth", DateOfBirth: "1990-02-28",
		StartDate: "2026-12-01", DurationMonths: months, Percent: percent,
	}
}

func policy(t *testing.T) *Policy {
	t.Helper()
	p, err := LoadPolicy()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestDurationsAndPercents holds the policy to rules.md section 1, every month
// and every percentage.
func TestDurationsAndPercents(t *testing.T) {
	t.Parallel()
	p := policy(t)
	percents := map[term.BusinessFunction]string{
		term.CapeYork: " 60 75 90 ", term.ChildProtection: " 0 70 ", term.SupportingPeopleAtRisk: " 0 70 ",
	}
	months := map[term.BusinessFunction]string{
		term.CapeYork: " 3 4 5 6 7 8 9 10 11 12 ", term.ChildProtection: " 3 6 9 12 ", term.SupportingPeopleAtRisk: " 3 6 9 12 24 ",
	}
	has := func(list string, n int) bool { return strings.Contains(list, " "+strconv.Itoa(n)+" ") }
	for function := range months {
		for m := -1; m <= 25; m++ {
			for percent := -1; percent <= 101; percent++ {
				err := p.Check(commence(m, percent), function, today)
				if good := has(months[function], m) && has(percents[function], percent); good != (err == nil) {
					t.Fatalf("%s, %d months, %d percent: %v", function, m, percent, err)
				}
			}
		}
	}
}

func TestRefusalsNameTheField(t *testing.T) {
	t.Parallel()
	p := policy(t)
	birth := "submission.notice_to_commence.customer.date_of_birth"
	for name, c := range map[string]struct {
		change   func(*Draft)
		function term.BusinessFunction
		want     []string
	}{
		"good":                 {func(*Draft) {}, term.ChildProtection, nil},
		"born today":           {func(d *Draft) { d.DateOfBirth = "2026-11-23" }, term.ChildProtection, nil},
		"born tomorrow":        {func(d *Draft) { d.DateOfBirth = "2026-11-24" }, term.ChildProtection, []string{birth}},
		"oldest":               {func(d *Draft) { d.DateOfBirth = "1890-01-01" }, term.ChildProtection, nil},
		"too old":              {func(d *Draft) { d.DateOfBirth = "1889-12-31" }, term.ChildProtection, []string{birth}},
		"29 February":          {func(d *Draft) { d.DateOfBirth = "2023-02-29" }, term.ChildProtection, []string{birth}},
		"month 13":             {func(d *Draft) { d.DateOfBirth = "1990-13-01" }, term.ChildProtection, []string{birth}},
		"30 February start":    {func(d *Draft) { d.StartDate = "2027-02-30" }, term.ChildProtection, []string{"submission.notice_to_commence.start_date"}},
		"start in the past":    {func(d *Draft) { d.StartDate = "2020-01-01" }, term.ChildProtection, nil},
		"duration":             {func(d *Draft) { d.DurationMonths = 5 }, term.ChildProtection, []string{"submission.notice_to_commence.duration_months"}},
		"percent not for this": {func(d *Draft) { d.Percent = 60 }, term.SupportingPeopleAtRisk, []string{"submission.notice_to_commence.quarantined_percent"}},
		"percent missing":      {func(d *Draft) { d.Percent = 0 }, term.CapeYork, []string{"submission.notice_to_commence.quarantined_percent"}},
		"everything": {func(d *Draft) {
			*d = Draft{Type: d.Type, Path: d.Path, BirthPath: d.BirthPath, DateOfBirth: "x", StartDate: "y", DurationMonths: 99, Percent: 1}
		}, term.CapeYork, []string{birth, "submission.notice_to_commence.start_date", "submission.notice_to_commence.duration_months", "submission.notice_to_commence.quarantined_percent"}},
		"voluntary from Cape York":        {func(d *Draft) { d.Type, d.Path = term.VoluntaryReferral, "submission.voluntary_referral" }, term.CapeYork, []string{"submission.voluntary_referral"}},
		"voluntary from child protection": {func(d *Draft) { d.Type, d.Path = term.VoluntaryReferral, "submission.voluntary_referral" }, term.ChildProtection, nil},
		"revocation has no duration":      {func(d *Draft) { d.Type, d.DurationMonths = term.NoticeToRevoke, 0 }, term.CapeYork, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			draft := commence(6, 70)
			if c.function == term.CapeYork {
				draft.Percent = 75
			}
			c.change(&draft)
			err := p.Check(draft, c.function, today)
			var f *fault.Error
			if errors.As(err, &f); (f == nil) != (len(c.want) == 0) {
				t.Fatalf("%v, want %v", err, c.want)
			}
			if f == nil {
				return
			}
			var got []string
			for _, field := range f.Fields {
				got = append(got, field.Path)
			}
			if f.Kind != fault.Invalid || strings.Join(got, " ") != strings.Join(c.want, " ") {
				t.Errorf("%v %v, want %v", f.Kind, got, c.want)
			}
			if strings.Contains(f.Error(), draft.DateOfBirth) && draft.DateOfBirth != "x" {
				t.Errorf("the message repeats personal data: %v", f)
			}
		})
	}
}

func TestAuthorities(t *testing.T) {
	t.Parallel()
	if err := (Authority{ID: "frc", Enabled: true}).MayLodge(); err != nil {
		t.Error(err)
	}
	if err := (Authority{ID: "frc"}).MayLodge(); !fault.Is(err, fault.Denied) {
		t.Errorf("disabled: %v", err)
	}
}

func TestPolicyIsChecked(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string][2]string{
		"unknown key":       {"version:", "edition:"},
		"unknown function":  {"CAPE_YORK:", "CAPE_FEAR:"},
		"unknown measure":   {"measure: CYEIM", "measure: XYZ"},
		"duration of 25":    {"[3, 6, 9, 12, 24]", "[3, 25]"},
		"no duration":       {"[3, 6, 9, 12, 24]", "[]"},
		"percent of 0":      {"[60, 75, 90]", "[0]"},
		"missing switch":    {"    voluntary_referral: false\n", ""},
		"wrong type":        {"voluntary_referral: false", "voluntary_referral: perhaps"},
		"missing version":   {`version: "2023-09-04"`, `version: ""`},
		"no YAML":           {"version", "\t version"},
		"a list of letters": {"[3, 6, 9, 12]", "[a]"},
	} {
		text := strings.Replace(string(embedded), edit[0], edit[1], 1)
		if text == string(embedded) {
			t.Fatalf("%s changes nothing", name)
		}
		if _, err := ParsePolicy([]byte(text)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
