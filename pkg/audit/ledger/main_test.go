package ledger

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

func TestMain(m *testing.M) { postgrestest.Main(m) }

// world is a log with a writer and a sequencer.
type world struct {
	url    string
	pool   *pgxpool.Pool
	writer *audit.Writer
	key    *tree.Key
	seq    *Sequencer
}

func setup(t testing.TB) *world {
	t.Helper()
	w := &world{url: postgrestest.URL(t, audit.Schema())}
	w.pool = postgrestest.Open(t, w.url, audit.Schema(), postgres.Everything)
	var err error
	if w.writer, err = audit.NewWriter("intake", make([]byte, 32)); err != nil {
		t.Fatal(err)
	}
	if w.key, err = tree.NewKey(); err != nil {
		t.Fatal(err)
	}
	w.seq = NewSequencer(w.pool, w.key, Options{Every: 1e9})
	return w
}

// ctxOf is a context of a call by somebody.
func ctxOf(id string) context.Context {
	ctx := identity.With(context.Background(), identity.Caller{Kind: identity.Person, ID: id, Session: "s-" + id})
	return audit.WithMethod(ctx, "/noticehub.test.v1.TestService/Do")
}

func entriesOf(n, seed int) []audit.Entry {
	list := make([]audit.Entry, n)
	for i := range list {
		list[i] = audit.Entry{
			Action: "submission.decided", Object: "submission/" + clock.NewID(clock.System().Now()).String(), Result: audit.Done,
			Version: int64(seed), Digest: make([]byte, 32), Detail: map[string]string{"status": "PROCESSED", "outcome": "ACTIVATED", "policy": "2026-1"},
		}
	}
	return list
}

func (w *world) write(ctx context.Context, t testing.TB, entries ...audit.Entry) {
	t.Helper()
	if err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error { return w.writer.Write(ctx, tx, entries...) }); err != nil {
		t.Fatal(err)
	}
}

func (w *world) drain(t testing.TB) {
	t.Helper()
	for more := true; more; {
		var err error
		if more, err = w.seq.Append(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// fill writes records of 1 to 4 entries and appends them in several batches.
func (w *world) fill(t testing.TB, records int) {
	t.Helper()
	for i := range records {
		w.write(ctxOf(fmt.Sprintf("p%d", i%5)), t, entriesOf(1+i%4, i+1)...)
		if i%7 == 6 {
			w.drain(t)
		}
	}
	w.drain(t)
}

func (w *world) check(t testing.TB, kept ...tree.Checkpoint) (Report, error) {
	t.Helper()
	v, err := w.key.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	return Check(t.Context(), w.pool, v, kept...)
}
