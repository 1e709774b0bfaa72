package intake_test

import (
	"slices"
	"testing"
	"time"

	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

// Submissions stand still when they are old in real time and without any status,
// whether or not the reconciler has looked at them.
func TestStuckSubmissions(t *testing.T) {
	t.Parallel()
	w := setup(t)
	look := func() stuck.Found {
		t.Helper()
		d := w.intake.Detectors()
		if len(d) != 1 || d[0].Name != "submissions-undecided" || d[0].Kind != stuck.Submission {
			t.Fatalf("%v", d)
		}
		found, err := d[0].Look(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	c := w.as("qld-cp")
	first, second, decided := submit(t, c, notice()), submit(t, c, notice()), submit(t, c, notice())
	w.decide(commenced(t, decided))
	eventually(t, "one is decided", func() bool { return scalar[int](t, w.pool, "SELECT count(*) FROM status") > 0 })
	w.clock.Advance(time.Hour) // business time is not age
	if found := look(); found.Count != 0 || !found.Oldest.IsZero() || len(found.Examples) != 0 {
		t.Errorf("young ones: %v", found)
	}
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := w.admin().Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	both := []string{first.GetSubmissionId(), second.GetSubmissionId()}
	slices.Sort(both)
	for _, moved := range []string{
		"UPDATE intake.receipt_batch SET recorded_at = now() - interval '11 minutes'",
		// The reconciler's mark has passed them, and it knows them as stragglers; it
		// may have found out by itself meanwhile.
		`WITH mark AS (UPDATE intake.reconciled SET up_to = now() - interval '5 minutes')
			INSERT INTO intake.straggler (submission_id, authority_id, announced_at) SELECT id, authority_id, now() FROM intake.submission
			ON CONFLICT DO NOTHING`,
	} {
		exec(moved)
		found := look()
		slices.Sort(found.Examples)
		if age := time.Since(found.Oldest); found.Count != 2 || !slices.Equal(found.Examples, both) || age < 11*time.Minute || age > 12*time.Minute {
			t.Errorf("after %s: %v, want %v", moved, found, both)
		}
	}
}
