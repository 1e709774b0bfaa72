package store_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

func writer(t testing.TB) *audit.Writer {
	t.Helper()
	w, err := audit.NewWriter("intake", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// perTx is what a busy consumer of decisions gets at a time.
const perTx = 500

// BenchmarkRecord writes statuses as the projection does under load.
func BenchmarkRecord(b *testing.B) {
	pool := postgrestest.Pool(b, store.Schema())
	s := store.New(pool, pool, writer(b))
	now := time.Now()
	each(b, pool, func(tx pgx.Tx, n int) error {
		statuses := make([]store.Status, n)
		for i := range statuses {
			statuses[i] = store.Status{
				SubmissionID: clock.NewID(now), AuthorityID: "qld-cp", Version: 3, Status: term.Processed, Outcome: 1,
				At: now, CRN: "123456789A", Note: "noted",
			}
		}
		return s.Record(b.Context(), tx, statuses)
	})
}

// BenchmarkCreate writes submissions the hub created.
func BenchmarkCreate(b *testing.B) {
	pool := postgrestest.Pool(b, store.Schema())
	s := store.New(pool, pool, writer(b))
	key := receipt.NewKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	now := time.Now()
	each(b, pool, func(tx pgx.Tx, n int) error {
		receipts := make([]*receipt.Receipt, n)
		made := make([]*lodging.Submission, n)
		for i := range made {
			id := clock.NewID(now)
			made[i] = &lodging.Submission{
				Receipt: receipt.Receipt{SubmissionID: id, AuthorityID: "qld-cp", Reference: fmt.Sprint("~DOI:", id), ContentHash: sha256.Sum256(id[:]), LodgedAt: now},
				Type:    term.DisclosureOfInformation, Function: term.ChildProtection, Jurisdiction: term.QLD, CRN: "123456789A",
				ParentID: id, Payload: make([]byte, 90),
			}
			receipts[i] = &made[i].Receipt
		}
		_, err := s.Create(b.Context(), tx, made, key.SealEach(receipts))
		return err
	})
}

// each runs f for all of b.N, perTx in a transaction.
func each(b *testing.B, pool *pgxpool.Pool, f func(tx pgx.Tx, n int) error) {
	b.Helper()
	b.ResetTimer()
	for left := b.N; left > 0; left -= perTx {
		if err := postgres.InTx(b.Context(), pool, func(tx pgx.Tx) error { return f(tx, min(left, perTx)) }); err != nil {
			b.Fatal(err)
		}
	}
}
