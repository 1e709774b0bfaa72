package outbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestLook(t *testing.T) {
	t.Parallel()
	pool := postgrestest.Pool(t, schema)
	empty, err := outbox.Look(t.Context(), pool, 100)
	late, lateErr := outbox.LookLate(t.Context(), pool, time.Minute, 100, 20)
	if err != nil || lateErr != nil || empty.Rows != 0 || empty.Oldest != nil || late.Rows != 0 || late.Oldest != nil {
		t.Errorf("empty: %v %v, %v %v", empty, err, late, lateErr)
	}
	var ids []clock.ID
	for n := range 5 {
		at := time.Now().Add(time.Duration(n-4) * 10 * time.Minute)
		ids = append(ids, clock.NewID(at))
		if _, err := pool.Exec(t.Context(), "INSERT INTO outbox (id, stream, subject, payload, created_at) VALUES ($1, 'ORDERS', 'orders.0', '', $2)", ids[n], at); err != nil {
			t.Fatal(err)
		}
	}
	all, err := outbox.Look(t.Context(), pool, 100)
	if err != nil || all.Rows != 5 || time.Since(*all.Oldest) < 40*time.Minute {
		t.Errorf("all: %v %v", all, err)
	}
	if some, err := outbox.Look(t.Context(), pool, 3); err != nil || some.Rows != 3 {
		t.Errorf("bounded: %v %v", some, err)
	}
	late, err = outbox.LookLate(t.Context(), pool, 15*time.Minute, 100, 2)
	if err != nil || late.Rows != 3 || !late.Oldest.Equal(*all.Oldest) || !slices.Equal(late.Examples, ids[:2]) {
		t.Errorf("late: %v %v, want %v", late, err, ids[:3])
	}
}
