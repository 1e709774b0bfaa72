package operations_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/fault"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
)

func (w *world) listStuck() (all map[string]*operationsv1.StuckWork, answer *operationsv1.ListStuckResponse) {
	w.t.Helper()
	answer, err := w.client.ListStuck(w.t.Context(), &operationsv1.ListStuckRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	all = map[string]*operationsv1.StuckWork{}
	for _, s := range answer.GetStuck() {
		if all[s.GetDetector()] != nil {
			w.t.Errorf("%s is told twice", s.GetDetector())
		}
		all[s.GetDetector()] = s
	}
	return all, answer
}

// What fails, hangs or breaks is listed, and hides nothing of the others.
func TestStuckWhenDetectorsFail(t *testing.T) {
	t.Parallel()
	since := anHourAgo()
	w := setup(t,
		stuck.Detector{Name: "fails", Look: func(context.Context) (stuck.Found, error) {
			return stuck.Found{}, &pgconn.PgError{Code: "42P01", Message: `relation of "Ann Example"`}
		}},
		stuck.Detector{Name: "refuses", Look: func(context.Context) (stuck.Found, error) {
			return stuck.Found{}, fault.New(fault.Precondition, "NO_CALENDAR", "there is no calendar")
		}},
		stuck.Detector{Name: "panics", Look: func(context.Context) (stuck.Found, error) { panic(errors.New("of Ann Example")) }},
		stuck.Detector{Name: "hangs", Look: func(ctx context.Context) (stuck.Found, error) { <-ctx.Done(); return stuck.Found{}, ctx.Err() }},
		stuck.Detector{Name: "finds", Title: "What", Fix: "How", Kind: stuck.Report, Look: func(context.Context) (stuck.Found, error) {
			return stuck.Found{Count: 30, Oldest: since, Examples: slices.Repeat([]string{"r"}, 30)}, nil
		}},
	)
	all, answer := w.listStuck()
	if s := answer.GetStuck()[0]; s.GetDetector() != "finds" || s.GetService() != "registry" || s.GetTitle() != "What" || s.GetFix() != "How" || s.GetKind() != "report" ||
		s.GetCount() != 30 || len(s.GetExamples()) != 20 || !s.GetOldestAt().AsTime().Equal(since) {
		t.Errorf("%v", s)
	}
	for _, name := range []string{"registry-outbox", "registry-waiting", "registry-quarantined", "workitems-outbox", "workitems-waiting", "workitems-quarantined"} {
		if s := all[name]; s == nil || s.GetCount() != 0 || s.GetOldestAt() != nil || len(s.GetExamples()) != 0 || s.GetTitle() == "" || s.GetFix() == "" {
			t.Errorf("%s: %v", name, s)
		}
	}
	var names []string
	for _, f := range answer.GetFailed() {
		names = append(names, f.GetDetector())
		if f.GetError().GetCode() == 0 || f.GetError().GetMessage() == "" {
			t.Errorf("%v", f)
		}
	}
	if !slices.Equal(names, []string{"fails", "refuses", "panics", "hangs"}) || len(all) != 7 {
		t.Errorf("failed: %v; found %d", names, len(all))
	}
	for _, f := range answer.GetFailed() {
		if text := f.String(); strings.Contains(text, "Ann") {
			t.Errorf("it quotes: %s", text)
		}
	}
}

// What the kit keeps for every service: outbox, waiting and quarantined events.
func TestStuckOfTheKit(t *testing.T) {
	t.Parallel()
	w := setup(t)
	row := func(age time.Duration) {
		w.exec(w.pool, "INSERT INTO outbox (id, stream, subject, payload, created_at) VALUES (gen_random_uuid(), $1, 'x', '', now() - $2 * interval '1 second')", subject.Customer, age.Seconds())
	}
	minutes := func(n int) time.Time {
		return time.Now().Add(-time.Duration(n) * time.Minute).Truncate(time.Microsecond)
	}
	// Nothing of these stands still for long enough, or at all.
	row(4 * time.Minute)
	w.park(w.pool, subject.RegistryOutcomes, "waiting", "not its turn", minutes(29))
	w.park(w.pool, subject.RegistryOutcomes, "retry", "failed: a", minutes(50)) // tried again by itself
	all, _ := w.listStuck()
	for name, s := range all {
		if s.GetCount() != 0 {
			t.Errorf("%s found %v", name, s)
		}
	}
	row(6 * time.Minute)
	oldest := minutes(90)
	behind := w.park(w.pool, subject.RegistryOutcomes, "retry", "behind an event of the same key", oldest)
	w.exec(w.pool, "UPDATE parked SET attempts = 0 WHERE event_id = $1", behind)
	waiting := w.park(w.pool, subject.RegistryOutcomes, "waiting", "not its turn", minutes(31))
	failed := w.park(w.pool, subject.RegistryWorkItems, "quarantined", "failed: a", minutes(1))
	w.eventually("they are found", func() bool { all, _ = w.listStuck(); return all["registry-quarantined"].GetCount() == 1 })
	if s := all["registry-waiting"]; s.GetCount() != 2 || !s.GetOldestAt().AsTime().Equal(oldest) || !slices.Equal(s.GetExamples(), []string{behind, waiting}) || s.GetKind() != "event" {
		t.Errorf("%v", s)
	}
	if s := all["registry-quarantined"]; !slices.Equal(s.GetExamples(), []string{failed}) {
		t.Errorf("%v", s)
	}
	if s := all["registry-outbox"]; s.GetCount() != 1 || time.Since(s.GetOldestAt().AsTime()) < 6*time.Minute {
		t.Errorf("%v", s)
	}
	if s := all["workitems-quarantined"]; s.GetCount() != 0 {
		t.Errorf("another service's: %v", s)
	}
}
