package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
)

// Position is a place in the order of a list by time and id.
type Position struct {
	At time.Time
	ID [16]byte
}

// IsZero reports whether it is the beginning.
func (p Position) IsZero() bool { return p == Position{} }

// Search filters and pages over work items, oldest first. Empty filters match
// everything.
type Search struct {
	CRN    string
	Office string
	// Codes to look for. A search by office walks over them one by one, so it needs
	// them: all of the catalogue when it is not to be filtered by code.
	Codes []string
	// EveryCode: the codes are all there are, so that they narrow nothing.
	EveryCode bool
	Measure   term.Measure
	// Unrestricted leaves out items of restricted records.
	Unrestricted bool
	// Without leaves out the items of these records, by their CRNs.
	Without []string
	// Assignee is an officer; Unassigned finds what nobody has.
	Assignee   string
	Unassigned bool
	// Open and Ended say which items; one of them at least.
	Open, Ended bool
	// RaisedFrom is inclusive, RaisedBefore exclusive; zero means unbounded.
	RaisedFrom, RaisedBefore time.Time
	// After is where the page before ended; zero for the first page.
	After Position
	Limit int
	// counting is for the number of rows up to Limit, in whatever order.
	counting bool
}

// Conditions on the status; partial indexes are declared with the same words.
const (
	isOpen  = "w.status <= 2"
	isEnded = "w.status >= 3"
)

// SearchItems returns the rows that match, by raised_at and id.
//
// Every search reads index ranges that are in this order already: one range by
// customer, officer, measure or age, or one for each code, merged. A list of
// codes in one condition would make PostgreSQL read and sort all of them. The
// limit stands in the text: a plan for an unknown limit would sort too.
func (s *Store) SearchItems(ctx context.Context, search *Search) ([]Found, error) {
	return searchItems(ctx, s.pool, search)
}

func searchItems(ctx context.Context, q querier, search *Search) ([]Found, error) {
	sql, values := search.statement()
	rows, err := q.Query(ctx, sql, values...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	found, err := pgx.CollectRows(rows, scanFound)
	return found, postgres.Classify(err)
}

func (s *Search) statement() (sql string, values []any) {
	a := &placeholders{}
	page := s.page(a)
	return fmt.Sprintf("WITH w AS MATERIALIZED (%s) SELECT %s, %s FROM w LEFT JOIN customer c ON c.crn = w.crn ORDER BY w.raised_at, w.id",
		page, itemColumns, restricted), a.values
}

// page selects the rows of the page, by the most selective filter there is.
func (s *Search) page(a *placeholders) string {
	var key []string
	switch {
	case s.CRN != "":
		// A customer has few items: one range, whatever their state.
		return s.selection(a, []string{"w.crn = " + a.of(s.CRN)}, s.either(), true)
	case s.Assignee != "":
		key = []string{"w.assignee = " + a.of(s.Assignee), "w.assignee <> ''"}
		return s.byState(a, key, true)
	case s.Office != "" || len(s.Codes) > 0:
		if s.Office != "" {
			key = append(key, "w.office = "+a.of(s.Office))
		}
		if len(s.Codes) == 1 {
			return s.byState(a, append(key, "w.code = "+a.of(s.Codes[0])), false)
		}
		each := s.byState(a, append(key, "w.code = k.code"), false)
		return fmt.Sprintf("SELECT m.* FROM unnest(%s::text[]) AS k (code) CROSS JOIN LATERAL (%s) m%s LIMIT %d",
			a.of(s.Codes), each, s.merged("m"), s.Limit)
	case s.Measure != 0:
		return s.byState(a, nil, false) // the selection has it as its key
	case s.Open && s.Ended:
		return s.selection(a, nil, "", false)
	}
	return s.selection(a, nil, s.either(), false)
}

// either is the condition on the status in one range; "" when all match.
func (s *Search) either() string {
	switch {
	case s.Open && s.Ended:
		return ""
	case s.Open:
		return isOpen
	}
	return isEnded
}

// byState reads the open and the ended items from their own indexes.
func (s *Search) byState(a *placeholders, key []string, rest bool) string {
	if !s.Open || !s.Ended {
		return s.selection(a, key, s.either(), rest)
	}
	return fmt.Sprintf("SELECT b.* FROM ((%s) UNION ALL (%s)) b%s LIMIT %d",
		s.selection(a, key, isOpen, rest), s.selection(a, key, isEnded, rest), s.merged("b"), s.Limit)
}

// merged is the order of rows of several ranges. A count needs none, and then
// reads no more of all ranges together than it counts.
func (s *Search) merged(alias string) string {
	if s.counting {
		return ""
	}
	return " ORDER BY " + alias + ".raised_at, " + alias + ".id"
}

// selection is the ordered and limited choice of rows under a key, a state and
// the remaining filters; rest says whether these include codes and office.
func (s *Search) selection(a *placeholders, key []string, state string, rest bool) string {
	where := append([]string{}, key...)
	add := func(condition string) { where = append(where, condition) }
	if state != "" {
		add(state)
	}
	if rest && len(s.Codes) > 0 {
		add("w.code = ANY(" + a.of(s.Codes) + ")")
	}
	if rest && s.Office != "" {
		add("w.office = " + a.of(s.Office))
	}
	if s.CRN != "" && s.Assignee != "" {
		add("w.assignee = " + a.of(s.Assignee))
	}
	if s.Unassigned {
		add("w.assignee = ''")
	}
	if s.Unrestricted {
		// One look-up for each row: as a join the planner may read all customers.
		add("NOT COALESCE((SELECT c.restricted FROM customer c WHERE c.crn = w.crn), false)")
	}
	if len(s.Without) > 0 {
		add("w.crn <> ALL(" + a.of(s.Without) + ")")
	}
	if s.Measure != 0 {
		add("w.measure = " + a.of(int16(s.Measure)))
	}
	// One lower bound only: of two, the index scan may begin at the weaker one and
	// read all between them.
	switch {
	case !s.After.IsZero() && !s.After.At.Before(s.RaisedFrom):
		add("(w.raised_at, w.id) > (" + a.of(s.After.At) + ", " + a.of(s.After.ID) + ")")
	case !s.RaisedFrom.IsZero():
		add("w.raised_at >= " + a.of(s.RaisedFrom))
	}
	if !s.RaisedBefore.IsZero() {
		add("w.raised_at < " + a.of(s.RaisedBefore))
	}
	condition := ""
	if len(where) > 0 {
		condition = " WHERE " + strings.Join(where, " AND ")
	}
	return fmt.Sprintf("SELECT w.* FROM work_item w%s ORDER BY w.raised_at, w.id LIMIT %d", condition, s.Limit)
}

// placeholders numbers the values of a statement that is put together.
type placeholders struct{ values []any }

func (p *placeholders) of(v any) string {
	p.values = append(p.values, v)
	return fmt.Sprintf("$%d", len(p.values))
}
