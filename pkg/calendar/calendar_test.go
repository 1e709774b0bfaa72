package calendar_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"pgregory.net/rapid"
)

var regions = []string{"ACT", "NSW", "NT", "QLD", "SA", "TAS", "VIC", "WA"}

func load(t testing.TB) *calendar.Calendar {
	t.Helper()
	c, err := calendar.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func date(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestLoad(t *testing.T) {
	t.Parallel()
	c := load(t)
	if got := strings.Join(c.Regions(), " "); got != strings.Join(regions, " ") {
		t.Errorf("regions %s", got)
	}
	for _, region := range regions {
		if err := c.Require(region, 2026, 2027); err != nil {
			t.Error(err)
		}
		if asOf, err := c.AsOf(region); err != nil || asOf.Year() < 2026 {
			t.Errorf("%s is as of %v: %v", region, asOf, err)
		}
	}
}

func TestNextBusinessDay(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, x := range []struct{ region, after, want, why string }{
		{"QLD", "2026-11-20", "2026-11-23", "weekend"},
		{"QLD", "2026-12-24", "2026-12-29", "Boxing Day is a Saturday"},
		{"QLD", "2026-12-23", "2026-12-24", "Christmas Eve is a part day"},
		{"NT", "2026-12-30", "2026-12-31", "New Year's Eve is a part day"},
		{"SA", "2026-12-31", "2027-01-04", "New Year is a Friday"},
		{"TAS", "2026-12-24", "2026-12-29", "substitute for Boxing Day"},
		{"NSW", "2027-12-24", "2027-12-29", "two additional days"},
		{"TAS", "2027-12-24", "2027-12-29", "two additional days"},
		{"NSW", "2026-04-24", "2026-04-28", "additional Anzac Day"},
		{"ACT", "2026-04-24", "2026-04-28", "additional Anzac Day"},
		{"WA", "2026-04-24", "2026-04-28", "additional Anzac Day"},
		{"QLD", "2026-04-24", "2026-04-27", "none for a Saturday"},
		{"SA", "2026-04-24", "2026-04-27", "none for a Saturday"},
		{"VIC", "2026-04-24", "2026-04-27", "none for a Saturday"},
		{"NT", "2027-04-23", "2027-04-27", "Monday for a Sunday"},
		{"QLD", "2027-04-23", "2027-04-27", "Monday for a Sunday"},
		{"SA", "2027-04-23", "2027-04-26", "no longer since the Act of 2023"},
		{"TAS", "2027-04-23", "2027-04-26", "never"},
		{"VIC", "2026-04-02", "2026-04-07", "Easter"},
		{"WA", "2027-03-25", "2027-03-30", "Easter"},
		{"TAS", "2026-04-02", "2026-04-07", "Easter Tuesday is restricted"},
		{"VIC", "2026-11-02", "2026-11-04", "Melbourne Cup"},
		{"VIC", "2026-09-24", "2026-09-28", "AFL Grand Final"},
		{"ACT", "2026-05-29", "2026-06-02", "Reconciliation Day"},
		{"ACT", "2027-03-05", "2027-03-09", "Canberra Day"},
		{"NT", "2026-07-31", "2026-08-04", "Picnic Day"},
		{"NSW", "2026-07-31", "2026-08-03", "the bank holiday is for banks"},
		{"QLD", "2026-08-11", "2026-08-12", "the Royal Queensland Show is Brisbane's"},
		{"WA", "2026-05-29", "2026-06-02", "Western Australia Day"},
		{"WA", "2027-09-24", "2027-09-28", "King's Birthday"},
		{"QLD", "2026-10-02", "2026-10-06", "King's Birthday"},
		{"SA", "2027-03-05", "2027-03-09", "Adelaide Cup"},
	} {
		if got, err := c.NextBusinessDay(x.region, date(t, x.after)); err != nil || got != date(t, x.want) {
			t.Errorf("%s after %s (%s): %v, %v; want %s", x.region, x.after, x.why, got, err, x.want)
		}
	}
}

func TestMissingYearIsNamed(t *testing.T) {
	t.Parallel()
	c := load(t)
	for _, region := range regions {
		_, err := c.NextBusinessDay(region, date(t, "2027-12-31"))
		if !fault.Is(err, fault.Precondition) || !strings.Contains(err.Error(), "2028") {
			t.Errorf("%s: %v", region, err)
		}
	}
	if _, err := c.AddBusinessDays("QLD", date(t, "2026-01-02"), -1); err == nil || !strings.Contains(err.Error(), "Queensland for 2025") {
		t.Errorf("year before: %v", err)
	}
	if _, err := c.IsBusinessDay("QLD", date(t, "2028-01-01")); !fault.Is(err, fault.Precondition) {
		t.Errorf("a weekend in a missing year: %v", err)
	}
	if err := c.Require("NT", 2026, 2028, 2029); err == nil || !strings.Contains(err.Error(), "2028, 2029") || strings.Contains(err.Error(), "2026,") {
		t.Errorf("Require: %v", err)
	}
	for _, region := range []string{"", "qld", "XX"} {
		if _, err := c.IsBusinessDay(region, date(t, "2026-01-01")); !fault.Is(err, fault.Invalid) {
			t.Errorf("region %q: %v", region, err)
		}
	}
}

func TestBusinessDayProperties(t *testing.T) {
	t.Parallel()
	c := load(t)
	first, last := int32(date(t, "2026-01-31")), int32(date(t, "2027-11-30"))
	rapid.Check(t, func(rt *rapid.T) {
		region := rapid.SampledFrom(regions).Draw(rt, "region")
		d := calendar.Date(rapid.Int32Range(first, last).Draw(rt, "date"))
		business := func(d calendar.Date) bool {
			is, err := c.IsBusinessDay(region, d)
			if err != nil {
				rt.Fatal(err)
			}
			return is
		}
		next, err := c.NextBusinessDay(region, d)
		if err != nil || next <= d || !business(next) {
			rt.Fatalf("after %v comes %v: %v", d, next, err)
		}
		// Easter and Christmas are the longest breaks: four or five days.
		if next > d.Add(5) || next.Weekday() == time.Saturday || next.Weekday() == time.Sunday {
			rt.Fatalf("after %v comes %v", d, next)
		}
		for between := d + 1; between < next; between++ {
			if business(between) {
				rt.Fatalf("after %v comes %v, not %v", d, between, next)
			}
		}
		n := rapid.IntRange(-15, 15).Draw(rt, "n")
		there, err := c.AddBusinessDays(region, d, n)
		if err != nil {
			rt.Fatal(err)
		}
		if n == 0 && there != d || n > 0 && there <= d || n < 0 && there >= d {
			rt.Fatalf("%v + %d = %v", d, n, there)
		}
		if n != 0 && !business(there) {
			rt.Fatalf("%v + %d = %v is no business day", d, n, there)
		}
		if business(d) {
			if back, err := c.AddBusinessDays(region, there, -n); err != nil || back != d {
				rt.Fatalf("%v + %d = %v, and back %v: %v", d, n, there, back, err)
			}
		}
	})
}

func TestLoadFSReportsAllMistakes(t *testing.T) {
	t.Parallel()
	good := "region: XX\nname: Land\nas_of: 2026-01-01\nyears:\n  2026:\n    - {date: 2026-01-01, name: New Year, source: Act}\n"
	if _, err := calendar.LoadFS(fstest.MapFS{"xx.yaml": {Data: []byte(good)}}); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct{ text, want string }{
		"unknown key":     {good + "colour: red\n", "colour"},
		"unknown key in":  {strings.Replace(good, "source:", "sauce:", 1), "sauce"},
		"duplicate":       {good + "    - {date: 2026-01-01, name: Again, source: Act}\n", `twice, as "New Year" and "Again"`},
		"duplicate year":  {good + "  2026:\n    - {date: 2026-01-02, name: Again, source: Act}\n", "already defined"},
		"wrong year":      {good + "    - {date: 2027-01-02, name: Later, source: Act}\n", "2027-01-02 does not lie in 2026"},
		"missing year":    {good + "  2028:\n    - {date: 2028-01-01, name: New Year, source: Act}\n", "2027 is missing between 2026 and 2028"},
		"empty year":      {good + "  2027: []\n", "years.2027 has no holidays"},
		"impossible date": {strings.Replace(good, "2026-01-01, n", "2026-02-30, n", 1), "2026-02-30"},
		"no date":         {good + "    - {name: X, source: Act}\n", "has no date"},
		"no name":         {good + "    - {date: 2026-05-01, source: Act}\n", "has no name"},
		"no source":       {good + "    - {date: 2026-05-01, name: X}\n", "has no source"},
		"part day":        {good + "    - {date: 2026-05-01, name: X, source: Act, part_day_from: \"7pm\"}\n", "part_day_from"},
		"region":          {strings.Replace(good, "XX", "YY", 1), "named after"},
		"no region name":  {strings.Replace(good, "name: Land\n", "", 1), "name is missing"},
		"no as_of":        {strings.Replace(good, "as_of: 2026-01-01\n", "", 1), "as_of is missing"},
		"no years":        {"region: XX\nname: Land\nas_of: 2026-01-01\n", "years are missing"},
		"two documents":   {good + "---\n" + good, "more than one document"},
		"not YAML":        {"\t{", "yaml"},
		"empty":           {"", "EOF"},
	} {
		_, err := calendar.LoadFS(fstest.MapFS{"xx.yaml": {Data: []byte(x.text)}})
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), x.want) || !strings.Contains(err.Error(), "xx.yaml") {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
	if _, err := calendar.LoadFS(fstest.MapFS{}); !fault.Is(err, fault.Invalid) {
		t.Errorf("no files: %v", err)
	}
	_, err := calendar.LoadFS(fstest.MapFS{"a.yaml": {Data: []byte("region: B")}, "c.yaml": {Data: []byte("region: D")}})
	if err == nil || !strings.Contains(err.Error(), "a.yaml") || !strings.Contains(err.Error(), "c.yaml") {
		t.Errorf("mistakes in two files: %v", err)
	}
}
