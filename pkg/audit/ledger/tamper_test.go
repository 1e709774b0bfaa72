package ledger_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/audittest"
	"github.com/noticehub/noticehub/pkg/audit/ledger"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/postgres/postgrestest"
)

// filled is a log of records of several sorts, all signed.
func filled(t *testing.T, records int) (url string, pool *pgxpool.Pool, key *tree.Key) {
	t.Helper()
	url = postgrestest.URL(t, audit.Schema())
	pool = postgrestest.Open(t, url, audit.Schema(), postgres.Everything)
	writer, err := audit.NewWriter("intake", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	if key, err = tree.NewKey(); err != nil {
		t.Fatal(err)
	}
	s := ledger.NewSequencer(pool, key, ledger.Options{Every: 1e9})
	for i := range records {
		ctx := identity.With(t.Context(), identity.Caller{Kind: identity.Person, ID: fmt.Sprintf("p%d", i%5), Session: fmt.Sprintf("session-%d", i)})
		ctx = audit.WithMethod(ctx, "/noticehub.test.v1.TestService/Do")
		var entries []audit.Entry
		for n := range 1 + i%4 {
			entries = append(entries, audit.Entry{Action: "thing.done", Object: fmt.Sprintf("thing/%d-%d", i, n), Result: audit.Done, Detail: map[string]string{"customer": writer.Customer(fmt.Sprint(i))}})
		}
		if err := postgres.InTx(ctx, pool, func(tx pgx.Tx) error { return writer.Write(ctx, tx, entries...) }); err != nil {
			t.Fatal(err)
		}
		if i%13 == 12 || i == records-1 {
			for more := true; more; {
				if more, err = s.Append(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return url, pool, key
}

func export(t *testing.T, pool *pgxpool.Pool, key *tree.Key, from int64) []byte {
	t.Helper()
	var file bytes.Buffer
	e, err := ledger.NewExporter(t.Context(), pool, key.Public, from, &file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Advance(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := e.End(); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func verify(data []byte, o archive.Options) (archive.Report, error) {
	return archive.Verify(bytes.NewReader(data), o)
}

func TestEveryAlterationOfAnExportIsFound(t *testing.T) {
	t.Parallel()
	_, pool, key := filled(t, 60)
	data := export(t, pool, key, 0)
	report, err := verify(data, archive.Options{Key: key.Public})
	if err != nil || report.To != 150 || report.Last.Size != 150 || report.Checkpoints != 5 {
		t.Fatal(report, err)
	}
	random := rand.New(rand.NewPCG(4, 2))
	for kind, n := range map[audittest.Kind]int{audittest.Flip: 1000, audittest.Delete: 1000, audittest.Reorder: 300} {
		if r := audittest.Export(random, data, key.Public, kind, n); r.Found != r.Tried {
			t.Errorf("%s: %d of %d found, not %q", kind, r.Found, r.Tried, r.Missed)
		}
	}
}

func TestEveryAlterationOfTheDatabaseIsFound(t *testing.T) {
	t.Parallel()
	url, _, key := filled(t, 130) // 323 entries, so that there are nodes
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	verifier, err := key.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	if r, err := ledger.Check(t.Context(), conn, verifier); err != nil || r.Entries != 323 || r.Signed != 323 {
		t.Fatal(r, err)
	}
	random := rand.New(rand.NewPCG(4, 2))
	for kind, n := range map[audittest.Kind]int{audittest.Flip: 1000, audittest.Delete: 1000, audittest.Reorder: 100} {
		r, err := audittest.Database(t.Context(), conn, verifier, random, kind, n)
		if err != nil || r.Found != r.Tried || r.Tried != n {
			t.Errorf("%s: %d of %d found, not %q; %v", kind, r.Found, r.Tried, r.Missed, err)
		}
	}
	if _, err := ledger.Check(t.Context(), conn, verifier); err != nil {
		t.Fatal("something stayed:", err)
	}
}

// The fault names the entry, whatever was done to it.
func TestFaultsNameTheEntry(t *testing.T) {
	t.Parallel()
	url, pool, key := filled(t, 60)
	data := string(export(t, pool, key, 0))
	line := func(n int) string {
		at := strings.Index(data, fmt.Sprintf(`{"position":%d,`, n))
		return data[at : at+strings.IndexByte(data[at:], '\n')+1]
	}
	for name, altered := range map[string]string{
		"altered":   strings.Replace(data, line(70), strings.Replace(line(70), "thing.done", "thing.gone", 1), 1),
		"hash":      strings.Replace(data, line(70), line(70)[:24]+string(line(70)[24]^1)+line(70)[25:], 1),
		"missing":   strings.Replace(data, line(70), "", 1),
		"moved":     strings.Replace(strings.Replace(data, line(70), "", 1), line(90), line(90)+line(70), 1),
		"twice":     strings.Replace(data, line(69), line(69)+line(69), 1),
		"garbled":   strings.Replace(data, line(70), line(70)[:40]+"\n", 1),
		"cut off":   data[:strings.Index(data, line(70))],
		"forgotten": strings.Replace(data, line(70), strings.Replace(line(70), "officer:p", "officer:q", 1), 1),
	} {
		if altered == data {
			t.Fatalf("%s: nothing is altered", name)
		}
		_, err := verify([]byte(altered), archive.Options{Key: key.Public})
		var fault *tree.Fault
		if !errors.As(err, &fault) || fault.Position != 70 {
			t.Errorf("%s: %v", name, err)
		}
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	verifier, err := key.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `SET session_replication_role = replica;
		UPDATE audit.record r SET actor = 'officer:other' FROM audit.place p WHERE p.record_id = r.id AND p.first <= 70 AND p.first + p.count > 70`); err != nil {
		t.Fatal(err)
	}
	var first int64
	var record string
	if err := conn.QueryRow(t.Context(), `SELECT max(first) FROM audit.place WHERE first <= 70`).Scan(&first); err != nil {
		t.Fatal(err)
	}
	if err := conn.QueryRow(t.Context(), `SELECT record_id::text FROM audit.place WHERE first = $1`, first).Scan(&record); err != nil {
		t.Fatal(err)
	}
	_, err = ledger.Check(t.Context(), conn, verifier)
	var fault *tree.Fault
	if !errors.As(err, &fault) || fault.Position != first || fault.Record != record {
		t.Error(err)
	}
}

// Whoever rewrites the log and all its hashes cannot sign: a checkpoint shows it.
func TestPainstakingForgeryIsFound(t *testing.T) {
	t.Parallel()
	_, pool, key := filled(t, 60)
	data := export(t, pool, key, 0)
	other, err := tree.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	// The same log again, with one entry changed and all hashes made to fit.
	var forged bytes.Buffer
	start, err := tree.NewFrontier(0, nil)
	if err != nil {
		t.Fatal(err)
	}
	w, err := archive.NewWriter(&forged, key.Public, start)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range bytes.SplitAfter(data, []byte{'\n'}) {
		l, err := archive.ParseLine(text)
		if err != nil {
			continue
		}
		if l.Position < 0 {
			err = w.Checkpoint(l.Checkpoint)
		} else {
			if l.Position == 70 {
				l.Entry = bytes.Replace(l.Entry, []byte("done"), []byte("gone"), 1)
			}
			err = w.Entry(tree.LeafHash(l.Header, l.Entry), l.Header, l.Entry)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.End(); err != nil {
		t.Fatal(err)
	}
	_, err = verify(forged.Bytes(), archive.Options{Key: key.Public})
	var fault *tree.Fault
	if !errors.As(err, &fault) || fault.Position > 70 || fault.Position < 40 {
		t.Error(err)
	}
	// Signed with a key of one's own it is another log.
	if _, err := verify(bytes.ReplaceAll(data, []byte(key.Public), []byte(other.Public)), archive.Options{Key: key.Public}); !errors.Is(err, archive.ErrFile) {
		t.Error(err)
	}
}

func TestProofsAndKeptCheckpoints(t *testing.T) {
	t.Parallel()
	_, pool, key := filled(t, 60)
	data := export(t, pool, key, 0)
	verifier, err := key.Verifier()
	if err != nil {
		t.Fatal(err)
	}
	_, older, err := ledger.Covering(t.Context(), pool, 40)
	if err != nil {
		t.Fatal(err)
	}
	old, err := tree.OpenCheckpoint(older, verifier)
	if err != nil {
		t.Fatal(err)
	}
	for _, from := range []int64{0, 1, 7, 40, old.Size} {
		data := export(t, pool, key, from)
		for position := from; position < 150; position += 9 {
			p, err := archive.Prove(bytes.NewReader(data), archive.Options{Key: key.Public}, position, older)
			if err != nil {
				t.Fatalf("from %d, entry %d: %v", from, position, err)
			}
			if _, err := p.Check(verifier); err != nil {
				t.Fatal(err)
			}
			p.Entry = strings.Replace(p.Entry, "done", "gone", 1)
			if _, err := p.Check(verifier); err == nil {
				t.Fatal("an altered entry is proved")
			}
		}
	}
	if _, err := verify(export(t, pool, key, 100), archive.Options{Kept: []string{older}}); err == nil {
		t.Error("an export after the checkpoint cannot be compared with it")
	}
	// A newer checkpoint shows that the end was cut off.
	report, err := verify(data, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	cut := data[:bytes.Index(data, []byte(fmt.Sprintf(`{"position":%d,`, old.Size)))]
	cut = append(bytes.Clone(cut), fmt.Sprintf("{\"end\":%d}\n", old.Size)...)
	if _, err := verify(cut, archive.Options{Key: key.Public}); err != nil {
		t.Fatal("an older log is a log:", err)
	}
	var fault *tree.Fault
	if _, err := verify(cut, archive.Options{Key: key.Public, Kept: []string{report.Signed}}); !errors.As(err, &fault) || fault.Position != old.Size {
		t.Error(err)
	}
	// Another log does not continue the older checkpoint.
	if _, err := ledger.Check(t.Context(), pool, verifier, tree.Checkpoint{Size: 40, Root: old.Root}); !errors.As(err, &fault) || fault.Position != 39 {
		t.Error(err)
	}
	if _, err := ledger.Check(t.Context(), pool, verifier, tree.Checkpoint{Size: 400}); !errors.As(err, &fault) || fault.Position != 150 {
		t.Error(err)
	}
}
