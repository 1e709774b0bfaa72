package scenario

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
)

// Mismatch is something that is not as the table says.
type Mismatch struct {
	Scene     *Scene
	Reference string
	// What was compared, such as "decision" or "report line".
	What string
	// Want and Got in words.
	Want, Got string
}

func (m Mismatch) String() string {
	where := "report"
	if m.Scene != nil {
		where = fmt.Sprintf("%s [%s] %s", m.Scene.Case.Name, strings.Join(m.Scene.Case.Rows, "; "), m.Scene.Home.ID)
	}
	return fmt.Sprintf("%s %s, %s: expected %s, got %s", where, m.Reference, m.What, m.Want, m.Got)
}

// Result is what a play found.
type Result struct {
	World *World
	// Accepted and Refused submissions, Created ones by the hub.
	Accepted, Refused, Created int
	// Compared counts comparisons of each kind.
	Compared map[string]int
	// ReportLines are the lines of all reports of all authorities.
	ReportLines int
	Mismatches  []Mismatch
}

func (r *Result) differ(s *Scene, reference, what, want, got string) {
	r.Mismatches = append(r.Mismatches, Mismatch{s, reference, what, want, got})
}

// section is the section of the rules a scene belongs to: the first row's.
func section(s *Scene) string {
	id, _, _ := strings.Cut(s.Case.Rows[0], " ")
	return id
}

// list prints the first mismatch of each case and kind, and how many more there are.
func (r *Result) list(out io.Writer) {
	var order []string
	first, count := map[string]Mismatch{}, map[string]int{}
	for _, m := range r.Mismatches {
		key := m.What
		if m.Scene != nil {
			key = m.Scene.Case.Name + m.Scene.Case.Rows[0] + m.What
		}
		if count[key]++; count[key] == 1 {
			first[key] = m
			order = append(order, key)
		}
	}
	for _, key := range order {
		more := ""
		if count[key] > 1 {
			more = fmt.Sprintf(" (and %d more like it)", count[key]-1)
		}
		fmt.Fprintf(out, "MISMATCH %s%s\n", first[key], more)
	}
}

// Write prints the table, the mismatches and the figures. It returns an error
// when there are mismatches.
func (r *Result) Write(out io.Writer) error {
	type line struct{ scenes, submissions, mismatches int }
	sections := map[string]*line{}
	wrong := map[string]bool{} // scenes and references, counted once
	at := func(id string) *line {
		if sections[id] == nil {
			sections[id] = &line{}
		}
		return sections[id]
	}
	for _, s := range r.World.Scenes {
		l := at(section(s))
		l.scenes++
		l.submissions += len(s.Lodgings)
	}
	for _, m := range r.Mismatches {
		key := "3"
		if m.Scene != nil {
			key = section(m.Scene)
		}
		if mark := key + m.Reference; !wrong[mark] {
			wrong[mark] = true
			at(key).mismatches++
		}
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "rules section\tscenes\tsubmissions\tmismatches\t")
	for _, id := range slices.Sorted(maps.Keys(sections)) {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t\n", id, sections[id].scenes, sections[id].submissions, sections[id].mismatches)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d accepted, %d refused as they must be, %d disclosures created by the hub\ncompared:", r.Accepted, r.Refused, r.Created)
	for _, what := range slices.Sorted(maps.Keys(r.Compared)) {
		fmt.Fprintf(out, " %d %s;", r.Compared[what], what)
	}
	fmt.Fprintln(out)
	r.list(out)
	fmt.Fprintf(out, "figure demo_load_submissions %d submissions\nfigure demo_load_mismatches %d submissions\nfigure demo_load_report_lines %d lines\nfigure demo_load_rows_covered %d rows\n",
		r.Accepted+r.Created, len(wrong), r.ReportLines, len(r.World.RowsCovered()))
	if len(r.Mismatches) > 0 {
		return errors.New("not everything came out as the rules say")
	}
	return nil
}
