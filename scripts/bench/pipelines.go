package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// peerOf names a peer and how many callers it is driven with.
type peerOf struct {
	name    string
	callers int
	start   func(context.Context, *server) (subject, error)
}

var peers = []peerOf{
	{"river", 64, newRiverPlain},
	{"river_batched", 512, newRiverBatched},
	{"river_queue", 512, newRiverQueue},
	{"watermill", 64, newWatermill},
}

// collected holds a value per round.
type collected map[string][]float64

func (c collected) add(name string, value float64) { c[name] = append(c[name], value) }

func (s settings) wants(name string) bool { return s.only == "" || strings.Contains(name, s.only) }

func measurePipelines(ctx context.Context, s settings) error {
	server, err := startServer(ctx, s)
	if err != nil {
		return err
	}
	defer server.stop()
	values := collected{}
	for round := range s.rounds {
		say("round %d of %d", round+1, s.rounds)
		if err := measureRound(ctx, s, server, values); err != nil {
			return err
		}
	}
	report(s, values)
	return nil
}

func measureRound(ctx context.Context, s settings, server *server, values collected) error {
	rates := map[string]float64{}
	keep := func(name string, value float64) {
		rates[name] = value
		values.add(name, value)
		say("  %-28s %10.1f", name, value)
	}
	if s.wants("pipeline") {
		if err := measureHub(ctx, s, server, keep); err != nil {
			return fmt.Errorf("the hub: %w", err)
		}
	}
	if s.wants("secured_pipeline") {
		if err := measureSecured(ctx, s, server, keep); err != nil {
			return fmt.Errorf("the secured hub: %w", err)
		}
	}
	if s.wants("pgbench") {
		rate, err := pgbench(ctx, server, s.seconds)
		if err != nil {
			return err
		}
		keep("pgbench_per_s", rate)
	}
	if s.wants("unnest") {
		rate, err := unnest500(ctx, server, s.seconds)
		if err != nil {
			return err
		}
		keep("unnest_per_s", rate)
	}
	for _, p := range peers {
		if !s.wants(p.name) {
			continue
		}
		if err := measurePeer(ctx, s, server, p, keep); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	for name, pair := range map[string][2]string{
		"pipeline_per_pgbench":            {"pipeline_per_s", "pgbench_per_s"},
		"pipeline_per_unnest":             {"pipeline_per_s", "unnest_per_s"},
		"pipeline_per_river":              {"pipeline_per_s", "river_per_s"},
		"pipeline_per_river_same_callers": {"pipeline_64_per_s", "river_per_s"},
		"unary_per_river_same_callers":    {"unary_64_per_s", "river_per_s"},
		"pipeline_per_river_batched":      {"pipeline_per_s", "river_batched_per_s"},
		"pipeline_per_river_queue":        {"pipeline_per_s", "river_queue_per_s"},
		"pipeline_per_watermill":          {"pipeline_per_s", "watermill_per_s"},
		"secured_per_open":                {"secured_pipeline_per_s", "pipeline_per_s"},
	} {
		if rates[pair[0]] > 0 && rates[pair[1]] > 0 {
			values.add(name, rates[pair[0]]/rates[pair[1]])
		}
	}
	return nil
}

func measureHub(ctx context.Context, s settings, server *server, keep func(string, float64)) error {
	h, err := startHub(ctx, server, s.hub, false)
	if err != nil {
		return err
	}
	defer h.stop()
	run := func(prefix string, offset, streams int, unary bool, drive func(subject) (result, error)) (result, error) {
		p, err := newPipeline(ctx, h, prefix, offset, streams, unary)
		if err != nil {
			return result{}, err
		}
		defer p.close()
		p.mixed = prefix == "mixed"
		return drive(p)
	}
	closed := func(callers int) func(subject) (result, error) {
		return func(p subject) (result, error) { return closedLoop(ctx, p, callers, s.seconds) }
	}
	if s.profile != "" {
		if err := h.watchStatements(ctx); err != nil {
			return err
		}
		go h.profile(s.profile, s.seconds-time.Second)
	}
	full, err := run("full", 0, 4, false, closed(512))
	if err != nil {
		return err
	}
	keep("pipeline_per_s", full.rate)
	if s.profile != "" {
		h.statements(ctx)
	}
	keep("submit_p50_ms", quantile(full.submit, 0.5))
	keep("submit_p99_ms", quantile(full.submit, 0.99))
	keep("e2e_p50_ms", quantile(full.e2e, 0.5))
	keep("e2e_p99_ms", quantile(full.e2e, 0.99))
	same, err := run("same", 0, 4, false, closed(64))
	if err != nil {
		return err
	}
	keep("pipeline_64_per_s", same.rate)
	unary, err := run("unary", 0, 4, true, closed(64))
	if err != nil {
		return err
	}
	keep("unary_64_per_s", unary.rate)
	mixed, err := run("mixed", 50_000, 4, false, closed(512))
	if err != nil {
		return err
	}
	keep("pipeline_mixed_per_s", mixed.rate)
	if !s.halfLoad {
		return nil
	}
	half, err := run("half", 0, 4, false, func(p subject) (result, error) { return openLoop(ctx, p, full.rate/2, s.seconds) })
	if err != nil {
		return err
	}
	keep("submit_p50_ms_half_load", quantile(half.submit, 0.5))
	keep("submit_p99_ms_half_load", quantile(half.submit, 0.99))
	keep("e2e_p50_ms_half_load", quantile(half.e2e, 0.5))
	keep("e2e_p99_ms_half_load", quantile(half.e2e, 0.99))
	return nil
}

// measureSecured drives a hub that asks for certificates the way the open one is
// driven at full load. Row security and the audit log are on in both.
func measureSecured(ctx context.Context, s settings, server *server, keep func(string, float64)) error {
	h, err := startHub(ctx, server, s.hub, true)
	if err != nil {
		return err
	}
	defer h.stop()
	p, err := newPipeline(ctx, h, "full", 0, 4, false)
	if err != nil {
		return err
	}
	defer p.close()
	full, err := closedLoop(ctx, p, 512, s.seconds)
	if err != nil {
		return err
	}
	keep("secured_pipeline_per_s", full.rate)
	return nil
}

// profile fetches the hub's own CPU profile while it is under load.
func (h *hub) profile(file string, d time.Duration) {
	answer, err := http.Get(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", h.http, int(d.Seconds())))
	if err != nil {
		say("profile: %v", err)
		return
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		say("profile: %v", err)
	}
}

// watchStatements begins to note where PostgreSQL's time goes.
func (h *hub) watchStatements(ctx context.Context) error {
	_, err := h.pool.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements; SELECT pg_stat_statements_reset()")
	return err
}

// statements shows where PostgreSQL's time went.
func (h *hub) statements(ctx context.Context) {
	rows, err := h.pool.Query(ctx, `SELECT round(total_exec_time)::bigint, calls, rows, left(regexp_replace(query, '\s+', ' ', 'g'), 150)
		FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 25`)
	if err != nil {
		say("statements: %v", err)
		return
	}
	defer rows.Close()
	for rows.Next() {
		var ms, calls, n int64
		var query string
		if rows.Scan(&ms, &calls, &n, &query) == nil {
			say("  %6d ms %7d calls %8d rows  %s", ms, calls, n, query)
		}
	}
}

func measurePeer(ctx context.Context, s settings, server *server, p peerOf, keep func(string, float64)) error {
	full, err := drivePeer(ctx, server, p, func(x subject) (result, error) { return closedLoop(ctx, x, p.callers, s.seconds) })
	if err != nil {
		return err
	}
	keep(p.name+"_per_s", full.rate)
	if !s.halfLoad || p.name == "watermill" {
		return nil
	}
	half, err := drivePeer(ctx, server, p, func(x subject) (result, error) { return openLoop(ctx, x, full.rate/2, s.seconds) })
	if err != nil {
		return err
	}
	keep(p.name+"_e2e_p99_ms_half_load", quantile(half.e2e, 0.99))
	return nil
}

func drivePeer(ctx context.Context, server *server, p peerOf, drive func(subject) (result, error)) (result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	x, err := p.start(ctx, server)
	if err != nil {
		return result{}, err
	}
	defer x.close()
	return drive(x)
}

// report prints the medians, the issue's own figures last.
func report(s settings, values collected) {
	best := 0.0
	for _, p := range peers {
		if v := median(values[p.name+"_e2e_p99_ms_half_load"]); v > 0 && (best == 0 || v < best) {
			best = v
		}
	}
	if best > 0 {
		values.add("river_e2e_p99_ms_half_load", best) // the best of the River variants
	}
	for _, f := range []struct{ name, unit string }{
		{"submit_p50_ms", "ms"},
		{"e2e_p50_ms", "ms"},
		{"e2e_p99_ms", "ms"},
		{"submit_p50_ms_half_load", "ms"},
		{"submit_p99_ms_half_load", "ms"},
		{"e2e_p50_ms_half_load", "ms"},
		{"pgbench_per_s", "rows/s"},
		{"unnest_per_s", "rows/s"},
		{"river_per_s", "submissions/s"},
		{"river_batched_per_s", "submissions/s"},
		{"river_queue_per_s", "submissions/s"},
		{"watermill_per_s", "submissions/s"},
		{"river_queue_e2e_p99_ms_half_load", "ms"},
		{"river_batched_e2e_p99_ms_half_load", "ms"},
		{"pipeline_mixed_per_s", "submissions/s"},
		{"pipeline_64_per_s", "submissions/s"},
		{"unary_64_per_s", "submissions/s"},
		{"unary_per_river_same_callers", "ratio"},
		{"secured_pipeline_per_s", "submissions/s"},
		{"secured_per_open", "ratio"},
		{"pipeline_per_s", "submissions/s"},
		{"pipeline_per_pgbench", "ratio"},
		{"pipeline_per_river", "ratio"},
		{"pipeline_per_river_same_callers", "ratio"},
		{"pipeline_per_river_batched", "ratio"},
		{"pipeline_per_river_queue", "ratio"},
		{"pipeline_per_watermill", "ratio"},
		{"pipeline_per_unnest", "ratio"},
		{"submit_p99_ms", "ms"},
		{"e2e_p99_ms_half_load", "ms"},
		{"river_e2e_p99_ms_half_load", "ms"},
	} {
		if v, ok := values[f.name]; ok {
			figure(f.name, median(v), f.unit)
		}
	}
}
