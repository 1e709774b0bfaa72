package store

import (
	"fmt"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/proto/term"
)

// Records that are left out cost the rows of theirs that stand in the way, and
// no other range.
func TestLeavingRecordsOutReadsTheSameRanges(t *testing.T) {
	t.Parallel()
	pool := filled(t)
	for _, sql := range []string{
		"INSERT INTO conflict (officer_id, crn) SELECT DISTINCT 'officer' || n % 100, lpad((n % 2000)::text, 9, '1') || 'A' FROM generate_series(1, 2000) n",
		"ANALYZE work_item, conflict",
	} {
		if _, err := pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	without := []string{"111111111A", "111111234A", "111111455A"}
	theirs := 0
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM work_item WHERE crn = ANY($1)", without).Scan(&theirs); err != nil || theirs == 0 {
		t.Fatalf("%d items are left out, %v", theirs, err)
	}
	for _, s := range []Search{
		{Codes: []string{"I003Q1"}}, {Codes: []string{"I003Q1", "I011Q1"}}, {Codes: []string{"I003Q1", "I011Q1"}, Office: "OFF3"}, {Measure: term.VWPR},
	} {
		for state := 1; state <= 3; state++ {
			s.Open, s.Ended, s.Without, s.Limit = state&1 > 0, state&2 > 0, without, 51
			ranges := max(1, len(s.Codes))
			if state == 3 {
				ranges *= 2
			}
			rows, sequential, raw := reads(t, pool, s.statement)
			if sequential || rows > float64(ranges*s.Limit+theirs) {
				t.Errorf("%+v reads %.0f rows of %d ranges:\n%s", s, rows, ranges, raw)
			}
		}
	}
	var plan []string
	rows, err := pool.Query(t.Context(), "EXPLAIN SELECT crn FROM conflict WHERE officer_id = $1 ORDER BY crn", "officer7")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan = append(plan, line)
	}
	if text := strings.Join(plan, "\n"); rows.Err() != nil || !strings.Contains(text, "conflict_pkey") || strings.Contains(text, "Seq Scan") {
		t.Error(fmt.Sprint(rows.Err(), "\n", text))
	}
}
