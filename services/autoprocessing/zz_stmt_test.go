package autoprocessing_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

func TestZZStmt(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	pool, err := pgxpool.New(context.Background(), "postgres:///postgres?host=/tmp/pgx1&user=postgres")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, pool: pool, clock: clock.NewFake(monday), registry: newRegistry()}
	w.lodgings = newLodgings(w.clock); w.lodgings.count = 1000000
	w = w.replica()
	n := 0
	for range 40 {
		var made []*eventv1.Event
		for j := range 500 {
			p := w.registry.knows(someone(100000+n))
			n++
			switch j % 10 {
			case 0, 1, 2:
				made = append(made, w.lodgings.lodge(qldCP, find(p)))
			case 3, 4, 5:
				made = append(made, w.lodgings.lodge(qldCP, disclose(p)))
			case 6, 7, 8:
				made = append(made, w.lodgings.lodge(qldCP, commence(p, "2026-03-05", 3)))
			default:
				made = append(made, w.lodgings.lodge(qldCP, revoke(p)))
			}
		}
		w.decide(made...)
	}
}
