package autoprocessing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

func TestZZSearch(t *testing.T) {
	if os.Getenv("ZZ") == "" {
		t.Skip()
	}
	cfg, _ := pgxpool.ParseConfig("postgres:///postgres?host=/tmp/pgx1&user=postgres")
	cfg.MaxConns = 1
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	pool, err := pgxpool.NewWithConfig(context.Background(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	span := 5_000_000 * 6 * time.Second
	now := start.Add(span)
	base := func() *store.Search {
		return &store.Search{Limit: 51, Now: now, Today: calendar.FromTime(now, sydney), Newest: rand.IntN(2) == 0}
	}
	types := []term.InformationType{1, 2, 3, 4, 5}
	statuses := []term.Status{3, 4, 5, 6}
	pick := func(s *store.Search) {
		for range 1 + rand.IntN(3) {
			s.Types = append(s.Types, types[rand.IntN(5)])
		}
		for range 1 + rand.IntN(4) {
			s.Statuses = append(s.Statuses, statuses[rand.IntN(4)])
		}
		slices.Sort(s.Types)
		s.Types = slices.Compact(s.Types)
		slices.Sort(s.Statuses)
		s.Statuses = slices.Compact(s.Statuses)
		if rand.IntN(2) == 0 {
			s.LodgedFrom = start.Add(time.Duration(rand.Float64() * float64(span)))
			s.LodgedBefore = s.LodgedFrom.Add(60 * 24 * time.Hour)
		}
		if rand.IntN(2) == 0 {
			s.After = store.Position{LodgedAt: start.Add(time.Duration(rand.Float64() * float64(span)))}
		}
	}
	org := func() string { return fmt.Sprintf("auth-%03d", min(199, int(rand.ExpFloat64()*25))) }
	for _, c := range []struct {
		name string
		mk   func() *store.Search
	}{
		{"org,types,statuses", func() *store.Search { s := base(); pick(s); s.Authorities = []string{org()}; return s }},
		{"org only", func() *store.Search { s := base(); s.Authorities = []string{org()}; return s }},
		{"5 orgs,types,statuses", func() *store.Search { s := base(); pick(s); s.Authorities = []string{org(), org(), org(), org(), org()}; slices.Sort(s.Authorities); s.Authorities = slices.Compact(s.Authorities); return s }},
		{"no org", func() *store.Search { s := base(); pick(s); return s }},
		{"nothing", base},
		{"open, not on hold", func() *store.Search { s := base(); s.Statuses = statuses[:1]; s.NotOnHold = true; return s }},
		{"reason", func() *store.Search { s := base(); s.Reasons = []term.Reason{term.Reason(1 + rand.IntN(21))}; return s }},
		{"rare reason", func() *store.Search { s := base(); s.Reasons = []term.Reason{22}; return s }},
		{"org reason", func() *store.Search { s := base(); s.Authorities = []string{org()}; s.Reasons = []term.Reason{term.Reason(1 + rand.IntN(21))}; return s }},
		{"held by", func() *store.Search { s := base(); s.HeldBy = fmt.Sprint("officer-", rand.IntN(50)); return s }},
		{"unheld", func() *store.Search { s := base(); s.Unheld = true; s.NotOnHold = true; return s }},
		{"age", func() *store.Search { s := base(); s.EnteredBefore = now.Add(-300 * 24 * time.Hour); return s }},
		{"crn", func() *store.Search { s := base(); s.CRN = fmt.Sprintf("%09dK", 100000000+rand.IntN(2000000)); return s }},
		{"reference", func() *store.Search { s := base(); s.Reference = fmt.Sprint("r-", rand.IntN(5000000)); return s }},
	} {
		var took []time.Duration
		n := 300
		for i := range n {
			s := c.mk()
			at := time.Now()
			if _, err := s.Submissions(context.Background(), pool); err != nil {
				t.Fatal(c.name, err)
			}
			if i >= 30 {
				took = append(took, time.Since(at))
			}
			if i > 60 && took[len(took)-1] > 300*time.Millisecond {
				break
			}
		}
		slices.Sort(took)
		p := func(q float64) time.Duration { return took[int(q*float64(len(took)-1))].Round(10 * time.Microsecond) }
		fmt.Printf("%-24s p50 %8s p95 %8s p99 %8s max %8s (%d)\n", c.name, p(.5), p(.95), p(.99), p(1), len(took))
	}
}
