package ledger

import (
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// processor is the time this process has used so far.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverProcessor is the time the server's process of a connection has used.
func serverProcessor(b *testing.B, w *world) time.Duration {
	b.Helper()
	total := time.Duration(0)
	rows, err := w.pool.Query(b.Context(), `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'test'`)
	if err != nil {
		b.Fatal(err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		b.Fatal(err)
	}
	for _, pid := range pids {
		text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			continue
		}
		f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
		user, _ := strconv.Atoi(f[11])
		system, _ := strconv.Atoi(f[12])
		total += time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
	}
	return total
}

// BenchmarkAppend gives places to records of 500 entries, as batches of decisions
// make them, and to records of one entry, as reads do.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{500, 50, 1} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			w := setup(b)
			list := make([][]audit.Entry, 0, 200)
			total := 0
			for total < 100_000 {
				list = append(list, entriesOf(size, 1))
				total += size
				if size == 1 && total == 20_000 {
					break
				}
			}
			entries := 0
			var took, ours, theirs, wrote time.Duration
			for b.Loop() {
				before := serverProcessor(b, w) + processor(b)
				ctx := ctxOf("p")
				if err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
					var batch pgx.Batch
					for _, l := range list {
						if err := w.writer.Queue(ctx, &batch, l...); err != nil {
							return err
						}
					}
					return tx.SendBatch(ctx, &batch).Close()
				}); err != nil {
					b.Fatal(err)
				}
				wrote += serverProcessor(b, w) + processor(b) - before
				server, start, mine := serverProcessor(b, w), time.Now(), processor(b)
				w.drain(b)
				took += time.Since(start)
				ours += processor(b) - mine
				theirs += serverProcessor(b, w) - server
				entries += total
			}
			b.ReportMetric(float64(took.Microseconds())/float64(entries), "µs/entry")
			b.ReportMetric(float64(ours.Microseconds())/float64(entries), "own-cpu-µs/entry")
			b.ReportMetric(float64(theirs.Microseconds())/float64(entries), "server-cpu-µs/entry")
			b.ReportMetric(float64(wrote.Microseconds())/float64(entries), "write-cpu-µs/entry")
		})
	}
}
