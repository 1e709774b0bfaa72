package store

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/proto/term"
)

// fill makes items as a table of years has them: most ended, of 44 codes and 30 offices.
const fill = `INSERT INTO work_item (id, crn, code, cause, occurrence, measure, office, status, assignee, raised_at, due_on, started_at, closed_at)
	SELECT gen_random_uuid(), lpad((n % 2000)::text, 9, '1') || 'A', 'I' || lpad((n % 44)::text, 3, '0') || 'Q1', 'c' || n, 'v' || n, n % 9, 'OFF' || n % 30,
		s.status, CASE WHEN s.status IN (2, 3) THEN 'officer' || n % 50 ELSE '' END, timestamptz '2026-01-01' + n * interval '7 minutes', date '2026-01-01',
		CASE WHEN s.status IN (2, 3) THEN now() END, CASE WHEN s.status >= 3 THEN now() END
	FROM generate_series(1, $1::int) n, LATERAL (SELECT CASE WHEN n % 10 = 0 THEN 1 WHEN n % 10 = 1 THEN 2 WHEN n % 10 < 8 THEN 3 ELSE 4 END AS status) s`

// filled is a pool of a database of its own with 20,000 items; it is the owner's,
// who alone may make statistics.
func filled(t *testing.T) *pgxpool.Pool {
	t.Helper()
	config, err := pgxpool.ParseConfig(postgrestest.URL(t, Schema()))
	if err != nil {
		t.Fatal(err)
	}
	config.ConnConfig.RuntimeParams["search_path"] = Schema().Name + ",public"
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(t.Context(), fill, 20_000); err != nil {
		t.Fatal(err)
	}
	return pool
}

type plan struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Plans    []plan
}

// read is how many rows of work_item a plan fetched; sequential tells whether it
// read the table from end to end.
func (p plan) read() (rows float64, sequential bool) {
	for _, below := range p.Plans {
		r, s := below.read()
		rows, sequential = rows+r, sequential || s
	}
	if p.Relation != "work_item" {
		return rows, sequential
	}
	return rows + (p.Rows+p.Removed)*p.Loops, sequential || p.Type == "Seq Scan"
}

func TestEverySearchUsesAnIndex(t *testing.T) {
	t.Parallel()
	pool := filled(t)
	if _, err := pool.Exec(t.Context(), "ANALYZE work_item"); err != nil {
		t.Fatal(err)
	}
	all := make([]string, 44)
	for i := range all {
		all[i] = fmt.Sprintf("I%03dQ1", i)
	}
	from := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	shapes := 0
	// What one search may fetch: a page of every range it merges.
	each(func(s Search, codes int, filtered bool) {
		s.Limit = 51
		s.Codes = all[:codes]
		if s.Office != "" && codes == 0 {
			s.Codes = all
		}
		shapes++
		rows, sequential, raw := reads(t, pool, s.statement)
		if sequential {
			t.Errorf("%+v reads the table from end to end:\n%s", s, raw)
		}
		ranges := max(1, len(s.Codes))
		if s.Open && s.Ended {
			ranges *= 2
		}
		if !filtered && rows > float64(ranges*s.Limit) {
			t.Errorf("%+v reads %.0f rows for a page of %d of %d ranges:\n%s", s, rows, s.Limit, ranges, raw)
		}
		if !s.After.IsZero() {
			return // counts are of all pages
		}
		rows, sequential, raw = reads(t, pool, s.total)
		if sequential || !filtered && rows > float64(MostCounted+1+ranges) { // rows are told by loop, rounded
			t.Errorf("counting %+v reads %.0f rows, from end to end: %t\n%s", s, rows, sequential, raw)
		}
	}, from)
	if shapes != 864 {
		t.Errorf("%d shapes", shapes)
	}
}

// reads is what PostgreSQL reads of work_item for a statement, and its plan.
func reads(t *testing.T, pool *pgxpool.Pool, statement func() (string, []any)) (rows float64, sequential bool, raw []byte) {
	t.Helper()
	sql, values := statement()
	if err := pool.QueryRow(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+sql, values...).Scan(&raw); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	var plans []struct{ Plan plan }
	if err := json.Unmarshal(raw, &plans); err != nil {
		t.Fatal(err)
	}
	rows, sequential = plans[0].Plan.read()
	return rows, sequential, raw
}

// each makes every shape a search can have; filtered is true when a filter is
// left that no index answers, so that rows may be read and thrown away.
func each(f func(s Search, codes int, filtered bool), from time.Time) {
	for _, crn := range []string{"", "111111234A"} {
		for _, assignee := range []string{"", "officer7", "-"} {
			for _, office := range []string{"", "OFF3"} {
				for _, codes := range []int{0, 1, 3} {
					for _, measure := range []term.Measure{0, term.VWPR} {
						for window := range 4 {
							for state := 1; state <= 3; state++ {
								s := Search{CRN: crn, Office: office, Measure: measure, Open: state&1 > 0, Ended: state&2 > 0}
								if assignee == "-" {
									s.Unassigned = true
								} else {
									s.Assignee = assignee
								}
								if window&1 > 0 {
									s.RaisedFrom, s.RaisedBefore = from, from.AddDate(0, 1, 0)
								}
								if window&2 > 0 {
									s.After = Position{At: from.AddDate(0, 0, 3), ID: [16]byte{1}}
								}
								f(s, codes, crn != "" || assignee != "" || measure != 0 || state == 2 && office == "" && codes == 0)
							}
						}
					}
				}
			}
		}
	}
}
