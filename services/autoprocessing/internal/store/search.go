package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Search filters and pages over submissions. Empty filters match everything.
type Search struct {
	Functions   []term.BusinessFunction
	Authorities []string
	Types       []term.InformationType
	Statuses    []term.Status
	// Reasons, HeldBy, Unheld and EnteredBefore look at open queue entries only.
	Reasons       []term.Reason
	HeldBy        string
	Unheld        bool
	EnteredBefore time.Time
	// Guarded looks only at the reasons everybody may see: an entry open because a
	// record is restricted is not found by what else its record would tell.
	Guarded bool
	// NotOnHold leaves entries on hold out.
	NotOnHold bool
	// LodgedFrom is inclusive, LodgedBefore exclusive; zero means unbounded.
	LodgedFrom, LodgedBefore time.Time
	CRN, Reference           string
	Newest                   bool
	// After is where the page before ended; zero for the first page.
	After Position
	Limit int
	// Now and Today decide which claims and holds still count.
	Now   time.Time
	Today calendar.Date
	// unordered takes the ranges of the index one after the other instead of merging them.
	unordered bool
}

// Position is a place in the order of a search.
type Position struct {
	LodgedAt time.Time
	ID       clock.ID
}

// Found is one row of a search.
type Found struct {
	Submission
	// Entry is the queue entry; zero when there never was one.
	Entry OpenEntry
}

// The values searched for when a filter is empty: all that the table can hold.
var (
	allFunctions = []int16{int16(term.CapeYork), int16(term.ChildProtection), int16(term.SupportingPeopleAtRisk)}
	allTypes     = []int16{
		int16(term.FindMutualClient), int16(term.DisclosureOfInformation), int16(term.NoticeToCommence),
		int16(term.NoticeToRevoke), int16(term.VoluntaryReferral),
	}
	allStatuses = []int16{int16(term.Unprocessed), int16(term.Processed), int16(term.Returned), int16(term.Withdrawn)}
)

// open reports whether the filters ask for open queue entries only.
func (s *Search) open() bool {
	return len(s.Reasons) > 0 || s.HeldBy != "" || s.Unheld || !s.EnteredBefore.IsZero()
}

// Submissions returns the rows that match, in the order asked for.
//
// A search by CRN or reference reads these few rows. One among the open entries
// of all authorities walks over the open entries in order. Any other reads, for
// every combination of authority (else business function), type and status, the next
// rows of one index range and merges them: a list of values in one condition
// would make PostgreSQL read and sort all of them. The limits stand in the text:
// a plan for an unknown limit would sort too.
func (s *Search) Submissions(ctx context.Context, q Querier) ([]Found, error) {
	a := &arguments{}
	page := s.page(a)
	rows, err := q.Query(ctx, fmt.Sprintf(`WITH page AS MATERIALIZED (%s)
		SELECT %s, %s FROM page p JOIN submission s USING (id) LEFT JOIN queue_entry q ON q.submission_id = s.id AND s.status = 3 ORDER BY %s`,
		page, submissionColumns, entryColumns, s.order("p.")), a.values...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (Found, error) {
		var f Found
		var parent *[16]byte
		var e entryScan
		err := row.Scan(append(f.targets(&parent), e.targets()...)...)
		if parent != nil {
			f.ParentID = *parent
		}
		f.Entry = e.entry()
		return f, err
	})
}

// Count counts what matches, page and order aside, up to a limit. It reads as a page
// of so many rows does, but one range of the index after the other until the
// limit is reached. Each is still read in its order: without one the planner may
// take the whole table for a range it knows nothing of.
func (s *Search) Count(ctx context.Context, q Querier, limit int) (int, error) {
	all, a := *s, &arguments{}
	all.unordered, all.After, all.Limit = true, Position{}, limit
	rows, _ := q.Query(ctx, fmt.Sprintf("SELECT count(*) FROM (%s) AS found", all.page(a)), a.values...)
	return pgx.CollectExactlyOneRow(rows, pgx.RowTo[int])
}

// page selects ids and times in the way that fits what is asked for.
func (s *Search) page(a *arguments) string {
	switch {
	case s.CRN != "" || s.Reference != "":
		return s.few(a)
	case s.unordered && len(s.Functions)+len(s.Types) > 0:
		return s.merged(a) // without an order to keep, these ranges are narrower than the queue
	case len(s.Authorities) == 0 && (s.open() || s.NotOnHold):
		return s.queued(a)
	default:
		return s.merged(a)
	}
}

// knownAuthorities walks over the distinct authorities by index, one probe each.
const knownAuthorities = `WITH RECURSIVE a AS (
		(SELECT authority_id FROM submission ORDER BY authority_id LIMIT 1)
		UNION ALL
		SELECT (SELECT n.authority_id FROM submission n WHERE n.authority_id > a.authority_id ORDER BY n.authority_id LIMIT 1) FROM a WHERE a.authority_id IS NOT NULL)
	SELECT authority_id FROM a WHERE authority_id IS NOT NULL`

// few selects the page from the few rows a key finds.
func (s *Search) few(a *arguments) string {
	var where []string
	add := func(column string, values []int16) {
		if len(values) > 0 {
			where = append(where, column+" = ANY("+a.of(values)+")")
		}
	}
	add("s.business_function", int16s(s.Functions))
	add("s.information_type", int16s(s.Types))
	add("s.status", int16s(s.Statuses))
	if s.CRN != "" {
		where = append(where, "s.crn = "+a.of(s.CRN))
	}
	if s.Reference != "" {
		where = append(where, "s.reference = "+a.of(s.Reference))
	}
	switch {
	case len(s.Authorities) > 0:
		where = append(where, "s.authority_id = ANY("+a.of(s.Authorities)+")")
	case s.CRN == "":
		where = append(where, "s.authority_id IN ("+knownAuthorities+")")
	}
	return s.selection(a, where)
}

// queued selects the page by walking over the open entries. Their submissions are
// UNPROCESSED and are only looked at for what the entry does not say.
func (s *Search) queued(a *arguments) string {
	where := []string{"q.closed_at IS NULL"}
	if len(s.Functions) == 0 && len(s.Types) == 0 {
		if len(s.Statuses) > 0 && !slices.Contains(s.Statuses, term.Unprocessed) {
			where = append(where, "false")
		}
		where = append(append(where, s.window(a, "q.lodged_at", "q.submission_id")...), s.entryConditions(a)...)
		return fmt.Sprintf("SELECT q.submission_id AS id, q.lodged_at FROM queue_entry q WHERE %s%s",
			strings.Join(where, " AND "), s.cut(s.ordered("q.lodged_at", "q.submission_id")))
	}
	add := func(column string, values []int16) {
		if len(values) > 0 {
			where = append(where, column+" = ANY("+a.of(values)+")")
		}
	}
	add("s.business_function", int16s(s.Functions))
	add("s.information_type", int16s(s.Types))
	add("s.status", int16s(s.Statuses))
	where = append(append(where, s.window(a, "q.lodged_at", "q.submission_id")...), s.entryConditions(a)...)
	return fmt.Sprintf("SELECT s.id, s.lodged_at FROM queue_entry q JOIN submission s ON s.id = q.submission_id WHERE %s%s",
		strings.Join(where, " AND "), s.cut(s.ordered("q.lodged_at", "q.submission_id")))
}

// merged selects the page from the index ranges of all combinations.
func (s *Search) merged(a *arguments) string {
	types, statuses := int16s(s.Types), int16s(s.Statuses)
	if len(types) == 0 {
		types = allTypes
	}
	switch {
	case s.open() && len(s.Statuses) > 0 && !slices.Contains(s.Statuses, term.Unprocessed):
		statuses = nil // open entries have no other status
	case s.open():
		statuses = allStatuses[:1]
	case len(statuses) == 0:
		statuses = allStatuses
	}
	var from string
	where := []string{"s.information_type = t.v", "s.status = st.v"}
	if len(s.Authorities) > 0 {
		from = "unnest(" + a.of(s.Authorities) + "::text[]) AS k (v)"
		where = append(where, "s.authority_id = k.v")
		if len(s.Functions) > 0 {
			where = append(where, "s.business_function = ANY("+a.of(int16s(s.Functions))+")")
		}
	} else {
		functions := int16s(s.Functions)
		if len(functions) == 0 {
			functions = allFunctions
		}
		from = "unnest(" + a.of(functions) + "::int2[]) AS k (v)"
		where = append(where, "s.business_function = k.v")
	}
	cut := s.cut(s.order("m."))
	if s.unordered {
		cut = fmt.Sprintf(" LIMIT %d", s.Limit)
	}
	return fmt.Sprintf(`SELECT m.id, m.lodged_at FROM %s, unnest(%s::int2[]) AS t (v), unnest(%s::int2[]) AS st (v) CROSS JOIN LATERAL (%s) m%s`,
		from, a.of(types), a.of(statuses), s.selection(a, where), cut)
}

// selection is the ordered and limited choice of rows under the conditions and
// the filters all searches share.
func (s *Search) selection(a *arguments, where []string) string {
	where = append(where, s.window(a, "s.lodged_at", "s.id")...)
	from := "submission s"
	if entry := s.entryConditions(a); len(entry) > 0 {
		from = "submission s JOIN queue_entry q ON q.submission_id = s.id AND q.closed_at IS NULL"
		where = append(append(where, "s.status = 3"), entry...)
	}
	return fmt.Sprintf("SELECT s.id, s.lodged_at FROM %s WHERE %s%s", from, strings.Join(where, " AND "), s.cut(s.order("s.")))
}

// window are the conditions on when it was lodged and on where the page begins.
// Each side gets one condition only: of two, the index scan may begin at the
// weaker one and read all between them.
func (s *Search) window(a *arguments, lodgedAt, id string) []string {
	from, before, after := s.LodgedFrom, s.LodgedBefore, s.After
	if !s.EnteredBefore.IsZero() && (before.IsZero() || s.EnteredBefore.Before(before)) {
		before = s.EnteredBefore.Add(time.Microsecond) // an entry is never older than its submission
	}
	compare := ">"
	switch {
	case after == Position{}:
	case s.Newest && (before.IsZero() || after.LodgedAt.Before(before)):
		compare, before = "<", time.Time{}
	case !s.Newest && !after.LodgedAt.Before(from):
		from = time.Time{}
	default:
		after = Position{} // the page begins where the window does
	}
	var where []string
	if !from.IsZero() {
		where = append(where, lodgedAt+" >= "+a.of(from))
	}
	if !before.IsZero() {
		where = append(where, lodgedAt+" < "+a.of(before))
	}
	if after != (Position{}) {
		where = append(where, "("+lodgedAt+", "+id+") "+compare+" ("+a.of(after.LodgedAt)+", "+a.of([16]byte(after.ID))+")")
	}
	return where
}

func (s *Search) entryConditions(a *arguments) []string {
	var where []string
	held := func() string {
		return "(q.held_by <> '' AND (q.assigned OR q.claim_expires_at > " + a.of(s.Now) + "))"
	}
	if len(s.Reasons) > 0 {
		reasons := "q.reasons"
		if s.Guarded {
			reasons = "shown_reasons(q.reasons)"
		}
		where = append(where, reasons+" && "+a.of(numbers(s.Reasons))+"::int2[]")
	}
	if s.HeldBy != "" {
		where = append(where, "q.held_by = "+a.of(s.HeldBy), held())
	}
	if s.Unheld {
		where = append(where, "NOT "+held())
	}
	if !s.EnteredBefore.IsZero() {
		where = append(where, "q.entered_at <= "+a.of(s.EnteredBefore))
	}
	if s.NotOnHold {
		where = append(where, "(q.hold_until IS NULL OR q.hold_until <= DATE '1970-01-01' + "+a.of(int32(s.Today))+"::int)")
	}
	return where
}

// cut orders and limits.
func (s *Search) cut(order string) string {
	return fmt.Sprintf(" ORDER BY %s LIMIT %d", order, s.Limit)
}

func (s *Search) order(alias string) string { return s.ordered(alias+"lodged_at", alias+"id") }

func (s *Search) ordered(lodgedAt, id string) string {
	if s.Newest {
		return lodgedAt + " DESC, " + id + " DESC"
	}
	return lodgedAt + ", " + id
}

// arguments numbers the values of a statement that is put together.
type arguments struct{ values []any }

func (a *arguments) of(v any) string {
	a.values = append(a.values, v)
	return fmt.Sprintf("$%d", len(a.values))
}

func int16s[T ~int16](values []T) []int16 {
	out := make([]int16, len(values))
	for i, v := range values {
		out[i] = int16(v)
	}
	return out
}
