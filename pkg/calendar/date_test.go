package calendar_test

import (
	"encoding/json"
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"pgregory.net/rapid"
)

// anyDate draws from years 1 to 9999, often near the hub's time.
func anyDate() *rapid.Generator[calendar.Date] {
	first, last := calendar.DateOf(1, 1, 1), calendar.DateOf(9999, 12, 31)
	near := rapid.Int32Range(int32(calendar.DateOf(2020, 1, 1)), int32(calendar.DateOf(2035, 1, 1)))
	return rapid.Map(rapid.OneOf(near, rapid.Int32Range(int32(first), int32(last))), func(n int32) calendar.Date { return calendar.Date(n) })
}

func TestParseDate(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]calendar.Date{
		"1970-01-01": 0, "1969-12-31": -1, "2026-11-22": 20779, "2028-02-29": 21243, "0001-01-01": -719162,
	} {
		if got, err := calendar.ParseDate(s); err != nil || got != want {
			t.Errorf("ParseDate(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for _, s := range []string{
		"", "2026-02-30", "2027-02-29", "2026-13-01", "2026-00-10", "2026-1-1", "26-01-01", "2026-01-01 ", " 2026-01-01",
		"2026/01/01", "22-11-2026", "2026-11-22T00:00:00Z", "0000-01-01", "-001-01-01", "+2026-01-01", "２０２６-01-01", "2026-11-2\x00",
	} {
		if got, err := calendar.ParseDate(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("ParseDate(%q) = %v, %v; want Invalid", s, got, err)
		}
	}
}

func TestDateAgreesWithTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := anyDate().Draw(t, "date")
		n := rapid.IntRange(-1000, 1000).Draw(t, "days")
		at := d.Time()
		y, m, day := at.Date()
		if d.Year() != y || d.Month() != m || d.Day() != day || d.Weekday() != at.Weekday() {
			t.Fatalf("%v: %d %v %d %v", d, d.Year(), d.Month(), d.Day(), d.Weekday())
		}
		if calendar.DateOf(y, m, day) != d || calendar.FromTime(at, time.UTC) != d {
			t.Fatalf("%v does not come back", d)
		}
		if got := d.Add(n).Time(); !got.Equal(at.AddDate(0, 0, n)) || d.Add(n).Add(-n) != d {
			t.Fatalf("%v + %d = %v", d, n, got)
		}
	})
}

func TestDateTextRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, e := anyDate().Draw(t, "date"), anyDate().Draw(t, "other")
		if got, err := calendar.ParseDate(d.String()); err != nil || got != d {
			t.Fatalf("%v came back as %v, %v", d, got, err)
		}
		if (d < e) != (d.String() < e.String()) {
			t.Fatalf("order of %v and %v", d, e)
		}
		type message struct {
			Day   calendar.Date           `json:"day"`
			Until *calendar.Date          `json:"until"`
			Count map[calendar.Date]int32 `json:"count"`
		}
		text, err := json.Marshal(message{Day: d, Count: map[calendar.Date]int32{e: 1}})
		if err != nil || string(text) != `{"day":"`+d.String()+`","until":null,"count":{"`+e.String()+`":1}}` {
			t.Fatalf("JSON %s: %v", text, err)
		}
		var back message
		if err := json.Unmarshal(text, &back); err != nil || back.Day != d || back.Until != nil || back.Count[e] != 1 {
			t.Fatalf("JSON came back as %+v: %v", back, err)
		}
	})
	var d calendar.Date
	if err := json.Unmarshal([]byte(`"2026-02-30"`), &d); err == nil {
		t.Errorf("30 February was read as %v", d)
	}
	if text, err := calendar.DateOf(10000, 1, 1).MarshalText(); err == nil {
		t.Errorf("year 10000 was written as %s", text)
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("2026-11-22")
	f.Add("2026-02-30")
	f.Fuzz(func(t *testing.T, s string) {
		if d, err := calendar.ParseDate(s); err == nil && d.String() != s {
			t.Errorf("%q was read as %v", s, d)
		}
	})
}

func TestStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ zone, date, want string }{
		{"Australia/Sydney", "2026-11-22", "2026-11-21T13:00:00Z"},
		{"Australia/Brisbane", "2026-11-22", "2026-11-21T14:00:00Z"},
		{"Australia/Sydney", "2026-10-04", "2026-10-03T14:00:00Z"}, // clocks go forward at 2 am
		{"Australia/Sydney", "2027-04-04", "2027-04-03T13:00:00Z"}, // and back at 3 am
		{"Australia/Lord_Howe", "2027-04-04", "2027-04-03T13:00:00Z"},
		{"America/Havana", "2026-03-08", "2026-03-08T05:00:00Z"},    // no midnight: the day starts at 1 am
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},    // two midnights: the first
		{"America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00:00Z"}, // 11 pm to midnight comes twice
		{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z"}, // no midnight
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		d, err := calendar.ParseDate(c.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := d.Start(zone).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s starts in %s at %s, want %s", c.date, c.zone, got, c.want)
		}
	}
}

func TestStartIsFirstInstant(t *testing.T) {
	t.Parallel()
	var zones []*time.Location
	for _, name := range []string{
		"Australia/Sydney", "Australia/Melbourne", "Australia/Brisbane", "Australia/Adelaide", "Australia/Darwin", "Australia/Perth",
		"Australia/Hobart", "Australia/Lord_Howe", "Australia/Eucla", "America/Havana", "America/Sao_Paulo", "Africa/Cairo", "Asia/Beirut", "UTC",
	} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	first, last := int32(calendar.DateOf(1975, 1, 1)), int32(calendar.DateOf(2040, 1, 1))
	rapid.Check(t, func(t *rapid.T) {
		d := calendar.Date(rapid.Int32Range(first, last).Draw(t, "date"))
		zone := rapid.SampledFrom(zones).Draw(t, "zone")
		start := d.Start(zone)
		if calendar.FromTime(start, zone) != d || calendar.FromTime(start.Add(-time.Nanosecond), zone) >= d {
			t.Fatalf("%v in %v starts at %v", d, zone, start)
		}
		if next := d.Add(1).Start(zone); calendar.FromTime(next.Add(-time.Nanosecond), zone) > d {
			t.Fatalf("%v in %v lasts from %v to %v", d, zone, start, next)
		}
	})
}
