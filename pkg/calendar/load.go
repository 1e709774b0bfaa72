package calendar

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"go.yaml.in/yaml/v3"
)

//go:embed data/*.yaml
var data embed.FS

// table is one file.
type table struct {
	Region string            `yaml:"region"`
	Name   string            `yaml:"name"`
	AsOf   *Date             `yaml:"as_of"`
	Years  map[int][]holiday `yaml:"years"`
}

type holiday struct {
	Date        *Date  `yaml:"date"`
	Name        string `yaml:"name"`
	PartDayFrom string `yaml:"part_day_from"`
	Source      string `yaml:"source"`
}

// Load returns the calendar of the tables that are part of the program.
func Load() (*Calendar, error) {
	files, err := fs.Sub(data, "data")
	if err != nil {
		return nil, fault.New(fault.Internal, "CALENDAR_INVALID", "the built-in calendar cannot be read").Wrap(err)
	}
	return LoadFS(files)
}

// LoadFS reads the *.yaml tables in the root of files, each named after its
// region ("qld.yaml"). All mistakes of all files are reported together (Invalid,
// one field each): unknown keys, a region that is not the file's, years left out
// between others, dates outside their year or given twice, entries without date,
// name or source.
func LoadFS(files fs.FS) (*Calendar, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil || len(names) == 0 {
		return nil, fault.New(fault.Invalid, "CALENDAR_INVALID", "there are no calendar tables (*.yaml)").Wrap(err)
	}
	c := &Calendar{regions: make(map[string]*region)}
	var wrong mistakes
	for _, name := range names {
		wrong.file = name
		text, err := fs.ReadFile(files, name)
		if err != nil {
			wrong.add("", "cannot be read: %v", err)
			continue
		}
		t, err := parse(text)
		if err != nil {
			wrong.add("", "%v", err)
			continue
		}
		c.regions[t.Region] = t.check(name, &wrong)
	}
	if len(wrong.fields) > 0 {
		return nil, wrong.err()
	}
	return c, nil
}

func parse(text []byte) (table, error) {
	var t table
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&t); err != nil {
		return t, err
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return t, errors.New("holds more than one document")
	}
	return t, nil
}

// check turns a table into a region, noting its mistakes.
func (t table) check(file string, wrong *mistakes) *region {
	r := &region{name: t.Name, years: make(map[int][]Holiday), off: make(map[Date]bool)}
	if want := strings.ToUpper(strings.TrimSuffix(path.Base(file), ".yaml")); t.Region != want {
		wrong.add("region", "is %q, but the file is named after %q", t.Region, want)
	}
	if t.Name == "" {
		wrong.add("name", "is missing")
	}
	if t.AsOf == nil {
		wrong.add("as_of", "is missing: the day on which the table was right")
	} else {
		r.asOf = *t.AsOf
	}
	if len(t.Years) == 0 {
		wrong.add("years", "are missing")
	}
	var last int
	for i, year := range sorted(t.Years) {
		if i > 0 && year != last+1 {
			wrong.add("years", "year %d is missing between %d and %d", last+1, last, year)
		}
		last = year
		if len(t.Years[year]) == 0 {
			wrong.add(fmt.Sprintf("years.%d", year), "has no holidays")
		}
		r.years[year] = checkYear(year, t.Years[year], wrong)
		for _, h := range r.years[year] {
			if h.PartDayFrom == "" {
				r.off[h.Date] = true
			}
		}
	}
	return r
}

func checkYear(year int, entries []holiday, wrong *mistakes) []Holiday {
	all := make([]Holiday, 0, len(entries))
	seen := make(map[Date]string)
	for i, e := range entries {
		at := fmt.Sprintf("years.%d[%d]", year, i)
		if e.Date == nil {
			wrong.add(at, "has no date")
			continue
		}
		at = fmt.Sprintf("%s %s", at, *e.Date)
		if e.Date.Year() != year {
			wrong.add(at, "does not lie in %d", year)
		}
		if other, twice := seen[*e.Date]; twice {
			wrong.add(at, "is there twice, as %q and %q", other, e.Name)
		}
		seen[*e.Date] = e.Name
		if e.Name == "" {
			wrong.add(at, "has no name")
		}
		if e.Source == "" {
			wrong.add(at, "has no source")
		}
		if e.PartDayFrom != "" {
			if _, err := time.Parse("15:04", e.PartDayFrom); err != nil || len(e.PartDayFrom) != len("15:04") {
				wrong.add(at, "part_day_from is %q, not a time such as 18:00", e.PartDayFrom)
			}
		}
		all = append(all, Holiday{Date: *e.Date, Name: e.Name, PartDayFrom: e.PartDayFrom, Source: e.Source})
	}
	slices.SortFunc(all, func(a, b Holiday) int { return int(a.Date - b.Date) })
	return all
}

func sorted(years map[int][]holiday) []int {
	all := make([]int, 0, len(years))
	for year := range years {
		all = append(all, year)
	}
	slices.Sort(all)
	return all
}

// mistakes gathers what is wrong, so that one attempt shows all of it.
type mistakes struct {
	file   string
	fields []fault.Field
}

func (m *mistakes) add(at, format string, a ...any) {
	where := m.file
	if at != "" {
		where += ": " + at
	}
	m.fields = append(m.fields, fault.Field{Path: where, Description: fmt.Sprintf(format, a...)})
}

func (m *mistakes) err() error {
	all := make([]string, 0, len(m.fields))
	for _, f := range m.fields {
		all = append(all, f.Path+" "+f.Description)
	}
	e := fault.New(fault.Invalid, "CALENDAR_INVALID", "the calendar has mistakes: %s", strings.Join(all, "; "))
	e.Fields = m.fields
	return e
}
