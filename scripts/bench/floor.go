package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// pgbenchScript inserts one row of the submission table per transaction, made
// in the server so that the client costs next to nothing.
const pgbenchScript = `\set n random(1, 1000000000)
INSERT INTO submission VALUES ('nt-cp', gen_random_uuid(), 'bench-' || :client_id || '-' || :n || '-' || clock_timestamp(), 2,
 lpad((:n % 50000)::text, 10, '2'), (extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 100 + :client_id, 'Casey Worker', now(), current_date,
 '\x00000000000000000000000000000000000000000000000000000000000000ff', decode(repeat('ab', 120), 'hex'));
`

// pgbench is single-row inserts per second, the better of 16 and 64 clients.
func pgbench(ctx context.Context, s *server, d time.Duration) (float64, error) {
	best := 0.0
	for _, clients := range []int{16, 64} {
		url, drop, err := s.database(ctx)
		if err != nil {
			return 0, err
		}
		rate, err := pgbenchOnce(ctx, s, url, clients, d)
		drop()
		if err != nil {
			return 0, err
		}
		say("    pgbench, %d clients: %.0f/s", clients, rate)
		best = max(best, rate)
	}
	return best, nil
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

func pgbenchOnce(ctx context.Context, s *server, url string, clients int, d time.Duration) (float64, error) {
	if err := createPeerTables(ctx, url); err != nil {
		return 0, err
	}
	script := filepath.Join(s.dir, "insert.sql")
	if err := os.WriteFile(script, []byte(pgbenchScript), 0o644); err != nil {
		return 0, err
	}
	command := exec.CommandContext(ctx, findPgbench(), "-n", "-M", "prepared", "-c", strconv.Itoa(clients), "-j", "2", "-T", strconv.Itoa(int(d.Seconds())), "-f", script, url)
	out, err := command.CombinedOutput()
	match := tps.FindSubmatch(out)
	if err != nil || match == nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, bytes.TrimSpace(out))
	}
	return strconv.ParseFloat(string(match[1]), 64)
}

func findPgbench() string {
	if path, err := exec.LookPath("pgbench"); err == nil {
		return path
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	return strings.Join(found[max(len(found)-1, 0):], "")
}

// unnest500 is rows per second of 500-row inserts over two connections.
func unnest500(ctx context.Context, s *server, d time.Duration) (float64, error) {
	url, drop, err := s.database(ctx)
	if err != nil {
		return 0, err
	}
	defer drop()
	if err := createPeerTables(ctx, url); err != nil {
		return 0, err
	}
	p, err := pool(ctx, url, 2)
	if err != nil {
		return 0, err
	}
	defer p.Close()
	var next, rows atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, 2)
	begin := time.Now()
	for range 2 {
		wait.Go(func() {
			for time.Since(begin) < d {
				batch := make([]row, 500)
				first := int(next.Add(500) - 500)
				for i := range batch {
					batch[i] = makeRow(first + i)
				}
				if _, err := p.Exec(ctx, unnestSubmissions, columnsOf(batch).submissions()...); err != nil {
					errs <- err
					return
				}
				rows.Add(500)
			}
		})
	}
	wait.Wait()
	close(errs)
	return float64(rows.Load()) / time.Since(begin).Seconds(), <-errs
}
