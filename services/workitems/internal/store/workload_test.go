package store

import (
	"encoding/json"
	"testing"
	"time"
)

// However many items there are, a workload reads a few of them.
func TestAWorkloadReadsFewItems(t *testing.T) {
	t.Parallel()
	pool := filled(t)
	if _, err := pool.Exec(t.Context(), "ANALYZE work_item, assignee_count, day_count"); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)
	for _, office := range []string{"", "OFF1"} {
		for sql, values := range map[string][]any{loadsQuery: {office, mostLoads}, youngerQuery: {office, []int{2, 5, 10, 30}, now}} {
			var raw []byte
			if err := pool.QueryRow(t.Context(), "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) "+sql, values...).Scan(&raw); err != nil {
				t.Fatal(err)
			}
			var plans []struct{ Plan plan }
			if err := json.Unmarshal(raw, &plans); err != nil {
				t.Fatal(err)
			}
			// One of each of 50 officers, those of other offices before it; of 4 days those of an hour to a day.
			if rows, sequential := plans[0].Plan.read(); sequential || rows == 0 || rows > 500 {
				t.Errorf("office %q: %.0f of 4,000 open items read, from end to end: %v\n%s", office, rows, sequential, raw)
			}
		}
	}
}
