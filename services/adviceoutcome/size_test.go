package adviceoutcome

import (
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// linesVariable sets how many lines TestLargeReport renders; from fullSize on it
// also holds the time against the server's COPY of the same rows.
const (
	linesVariable = "NOTICEHUB_REPORT_LINES"
	fullSize      = 1_000_000
	mostToCopy    = 1.25
	mostMemory    = 24 << 20
)

// TestLargeReport seals a large report and measures memory and time.
func TestLargeReport(t *testing.T) {
	size := 40_000
	if text := os.Getenv(linesVariable); text != "" {
		var err error
		if size, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	b := setup(t, local(2, 12, 0))
	b.authority("frc", term.QLD, "2026-11-03")
	b.authority("other", term.QLD, "2026-11-03")
	fill(t, b.pool, "frc", size)
	b.clock.Set(local(3, 0, 0))
	head, _, err := b.sealer.Close(t.Context(), "frc", b.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var copies, renders []time.Duration
	var memory uint64
	for range 3 {
		copies = append(copies, copyOut(t, b.pool, head))
		took, peak := renderOnly(t, b, head)
		renders = append(renders, took)
		memory = max(memory, peak)
	}
	start := time.Now()
	peak := watchMemory(func() {
		if sealed, err := b.sealer.Seal(t.Context(), head.ReportID); err != nil || !sealed {
			t.Errorf("sealed %v, %v", sealed, err)
		}
	})
	took := time.Since(start)
	r := b.reports("frc")[0]
	start = time.Now()
	b.verify(r)
	t.Logf("%d lines: COPY %v, both forms rendered %v, sealed %v, rebuilt and compared %v; CSV %d MB, JSON %d MB; memory %d MiB rendering, %d MiB sealing",
		size, slices.Sorted(slices.Values(copies)), slices.Sorted(slices.Values(renders)), took, time.Since(start), r.CSV.Size/1e6, r.JSON.Size/1e6, memory>>20, peak>>20)
	if r.Lines != int64(size) || max(memory, peak) > mostMemory {
		t.Errorf("%d lines, %d MiB of memory, want at most %d", r.Lines, max(memory, peak)>>20, mostMemory>>20)
	}
	slices.Sort(copies)
	slices.Sort(renders)
	ratio := renders[1].Seconds() / copies[1].Seconds()
	t.Logf("rendering ÷ COPY = %.2f, sealing ÷ COPY = %.2f", ratio, took.Seconds()/copies[1].Seconds())
	if size >= fullSize && ratio > mostToCopy {
		t.Errorf("rendering takes %.2f times COPY, want at most %.2f", ratio, mostToCopy)
	}
}

// fill puts an authority's outcomes into the ledger as the consumer would, with
// half as many of another authority between them.
func fill(t *testing.T, pool *pgxpool.Pool, authority string, lines int) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `INSERT INTO outcome
		SELECT (lpad(to_hex(n / 500), 12, '0') || '7000' || left(md5(n::text), 16))::uuid,
			timestamptz '2026-11-02 01:00:00+00' + (n / 500) * interval '3 milliseconds', timestamptz '2026-11-02 00:00:00.123456+00' + n * interval '1 millisecond',
			timestamptz '2026-11-02 00:30:00.654321+00' + n * interval '1 millisecond', '2026-11-03', '2026-12-01', '2027-05-31', 3, 6, n % 7 = 0,
			CASE WHEN n % 3 = 2 THEN 'other' ELSE $1 END, 'REF-2026-' || n, '3' || lpad((n % 10000000)::text, 8, '0') || 'A',
			CASE WHEN n % 7 = 0 THEN 'Recorded by an officer after a call' ELSE '' END
		FROM generate_series(0, $2 * 3 / 2 - 1) n ORDER BY n`, authority, lines)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), "SELECT count(*) FROM outcome"); err != nil { // hint bits, as after a day's reading
		t.Fatal(err)
	}
}

func copyOut(t *testing.T, pool *pgxpool.Pool, h report.Head) time.Duration {
	t.Helper()
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	sql := strings.NewReplacer("$1", "'"+h.AuthorityID+"'", "$2", "'1900-01-01'", "$3", "'"+h.Date.String()+"'").Replace(store.LinesQuery)
	start := time.Now()
	if _, err := conn.Conn().PgConn().CopyTo(t.Context(), io.Discard, "COPY ("+sql+") TO STDOUT (FORMAT csv)"); err != nil {
		t.Fatal(err)
	}
	return time.Since(start)
}

func renderOnly(t *testing.T, b *bundle, h report.Head) (took time.Duration, memory uint64) {
	t.Helper()
	memory = watchMemory(func() {
		start := time.Now()
		r, err := report.NewRenderer(h, report.Chain{}, func(report.Chunk) error { return nil })
		if err == nil {
			err = b.store.Lines(t.Context(), h, r.Line)
		}
		if err == nil {
			_, err = r.Finish()
		}
		if err != nil {
			t.Error(err)
		}
		took = time.Since(start)
	})
	return took, memory
}

// watchMemory returns by how much the heap in use grew at most while do ran.
func watchMemory(do func()) uint64 {
	runtime.GC()
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				runtime.ReadMemStats(&now)
				if now.HeapInuse > before.HeapInuse {
					most.Store(max(most.Load(), now.HeapInuse-before.HeapInuse))
				}
			}
		}
	}()
	do()
	close(done)
	<-ended
	return most.Load()
}
