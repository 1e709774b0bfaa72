package operations_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

func (w *world) health() map[string]*operationsv1.ServiceHealth {
	w.t.Helper()
	answer, err := w.client.GetHealth(w.t.Context(), &operationsv1.GetHealthRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	all := map[string]*operationsv1.ServiceHealth{}
	for _, s := range answer.GetServices() {
		all[s.GetService()] = s
	}
	return all
}

// becomes waits until a service's health is so, and returns it.
func (w *world) becomes(service string, so func(*operationsv1.ServiceHealth) bool) (h *operationsv1.ServiceHealth) {
	w.t.Helper()
	defer func() {
		if w.t.Failed() {
			w.t.Logf("last: %v", h)
		}
	}()
	w.eventually(service+" becomes so", func() bool { h = w.health()[service]; return so(h) })
	return h
}

const (
	good = operationsv1.Health_HEALTH_GOOD
	slow = operationsv1.Health_HEALTH_SLOW
	bad  = operationsv1.Health_HEALTH_BAD
)

func is(health operationsv1.Health) func(*operationsv1.ServiceHealth) bool {
	return func(h *operationsv1.ServiceHealth) bool { return h.GetHealth() == health }
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for _, service := range []string{"registry", "workitems", "console"} {
		h := w.becomes(service, is(good))
		if h.GetAdvice() != "" || !h.GetDatabase() || !h.GetMessaging() || h.GetOutbox() != 0 || h.GetOldestOutboxAt() != nil {
			t.Errorf("%v", h)
		}
	}
	if h := w.health(); len(h) != 3 || len(h["registry"].GetConsumers()) != 2 || len(h["workitems"].GetConsumers()) != 2 || len(h["console"].GetConsumers()) != 0 {
		t.Errorf("%v", h)
	}

	// What is sent is backlog first, then applied, at a rate.
	w.send("good", "good", "good")
	outcomes := func(h *operationsv1.ServiceHealth) *operationsv1.ConsumerHealth {
		for _, c := range h.GetConsumers() {
			if c.GetConsumer() == subject.RegistryOutcomes && c.GetStream() == subject.Decided {
				return c
			}
		}
		t.Fatalf("no consumer in %v", h)
		return nil
	}
	w.becomes("registry", func(h *operationsv1.ServiceHealth) bool {
		return outcomes(h).GetBacklog() == 1 && outcomes(h).GetEventsPerSecond() == 0
	})
	w.consume()
	w.becomes("registry", func(h *operationsv1.ServiceHealth) bool {
		return outcomes(h).GetBacklog() == 0 && outcomes(h).GetInWork() == 0
	})
	w.eventually("events go at a rate", func() bool {
		w.send("good", "good")
		time.Sleep(200 * time.Millisecond)
		return outcomes(w.health()["registry"]).GetEventsPerSecond() > 0
	})
	w.becomes("registry", func(h *operationsv1.ServiceHealth) bool { return h.GetTransactionsPerSecond() > 0 })

	// Parked by state: what goes on by itself is slow, what does not is bad, and
	// of that service alone.
	at := anHourAgo()
	w.park(w.other, subject.WorkItemNotices, "waiting", "not its turn", at)
	if h := w.becomes("workitems", is(slow)); !strings.Contains(h.GetAdvice(), "1 event of workitems-notices wait") {
		t.Errorf("%v", h)
	}
	w.park(w.other, subject.WorkItemNotices, "retry", "failed: a", at.Add(-time.Hour))
	w.park(w.other, subject.WorkItemNotices, "quarantined", "failed: a", at)
	h := w.becomes("workitems", is(bad))
	for _, c := range h.GetConsumers() {
		if c.GetConsumer() == subject.WorkItemNotices && (c.GetWaiting() != 1 || c.GetRetrying() != 1 || c.GetQuarantined() != 1 || c.GetHealth() != bad || !c.GetOldestParkedAt().AsTime().Equal(at.Add(-time.Hour))) ||
			c.GetConsumer() != subject.WorkItemNotices && c.GetHealth() != good {
			t.Errorf("%v", c)
		}
	}
	w.becomes("registry", is(good))

	// The outbox by the age of what it holds.
	for _, of := range []struct {
		age    time.Duration
		health operationsv1.Health
	}{{time.Minute, slow}, {10 * time.Minute, bad}} {
		w.exec(w.pool, "DELETE FROM outbox")
		w.exec(w.pool, "INSERT INTO outbox (id, stream, subject, payload, created_at) VALUES (gen_random_uuid(), $1, 'x', '', now() - $2 * interval '1 second')", subject.Customer, of.age.Seconds())
		if h := w.becomes("registry", is(of.health)); h.GetOutbox() != 1 || time.Since(h.GetOldestOutboxAt().AsTime()) < of.age {
			t.Errorf("%v", h)
		}
	}
}

// Without the bus or a database the answer comes as fast, and says whose trouble it is.
func TestHealthInTrouble(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.becomes("registry", is(good))
	w.becomes("console", is(good))
	w.embedded.Shutdown()
	for _, service := range []string{"registry", "workitems"} {
		h := w.becomes(service, is(bad))
		if h.GetMessaging() || !h.GetDatabase() || !strings.Contains(h.GetAdvice(), "Messaging does not answer") {
			t.Errorf("%v", h)
		}
	}
	if h := w.health()["console"]; h.GetHealth() != good || !h.GetMessaging() {
		t.Errorf("a service that needs no bus: %v", h)
	}
	w.pool.Close()
	h := w.becomes("registry", func(h *operationsv1.ServiceHealth) bool { return !h.GetDatabase() })
	if h.GetHealth() != bad || !strings.Contains(h.GetAdvice(), "database does not answer") {
		t.Errorf("%v", h)
	}
}

// A database that hangs holds nobody up, and many who ask cost one question.
func TestHealthAnswersInTime(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.becomes("registry", is(good))
	tx, err := w.pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), "LOCK TABLE parked"); err != nil {
		t.Fatal(err)
	}
	time.Sleep(600 * time.Millisecond) // what is known is too old to be told without asking
	var mu sync.Mutex
	var longest time.Duration
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 5 {
				began := time.Now()
				_, err := w.client.GetHealth(t.Context(), &operationsv1.GetHealthRequest{})
				mu.Lock()
				if longest = max(longest, time.Since(began)); err != nil {
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if t.Logf("the longest took %v", longest); longest > time.Second { // 200 ms on a machine that does nothing else
		t.Errorf("an answer took %v", longest)
	}
	if n := one[int](w, w.other, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%FROM parked GROUP BY%' AND wait_event_type = 'Lock'"); n > 1 {
		t.Errorf("%d sessions wait for the lock", n)
	}
	w.becomes("registry", is(bad))
	_ = tx.Rollback(t.Context())
	w.becomes("registry", is(good))
}
