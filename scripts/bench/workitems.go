package main

import (
	"context"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/identity"
)

// size says how much work items are measured over.
type size struct{ customers, items int }

// What -only chooses from.
const (
	partLists = "workitem_lists"
	partSweep = "daily_sweep"
	partFeed  = "feed_per_pipeline"
)

// measureWorkItems measures lists of work items and the daily sweep in a
// database filled with many, and then, in a fresh one, the rate of a feed of
// circumstances against that of the main pipeline.
func measureWorkItems(ctx context.Context, s settings) error {
	if s.fill.customers < 1000 || s.fill.items < s.fill.customers {
		return fmt.Errorf("-customers must be at least 1000, and -items at least -customers")
	}
	server, err := startServer(ctx, s)
	if err != nil {
		return err
	}
	defer server.stop()
	values := collected{}
	if s.wants(partLists) || s.wants(partSweep) {
		if err := measureFilled(ctx, s, server, values); err != nil {
			return err
		}
	}
	if s.wants(partFeed) {
		if err := measureFeeds(ctx, s, server, values); err != nil {
			return fmt.Errorf("feeds: %w", err)
		}
	}
	reportWorkItems(values)
	return nil
}

func measureFilled(ctx context.Context, s settings, server *server, values collected) error {
	h, err := openHub(ctx, server, s.hub, false)
	if err != nil {
		return err
	}
	defer h.stop()
	days, err := h.fillWorkItems(ctx, s.fill)
	if err != nil {
		return fmt.Errorf("fill: %w", err)
	}
	if s.profile != "" {
		if err := h.watchStatements(ctx); err != nil {
			return err
		}
	}
	if s.wants(partLists) {
		if err := h.measureLists(ctx, s, values); err != nil {
			return fmt.Errorf("lists: %w", err)
		}
	}
	if s.wants(partSweep) {
		if err := h.measureSweeps(ctx, s, days, values); err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
	}
	return nil
}

var (
	contactOfficer = identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer", "supervisor"}}
	administrator  = identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}}
	feeds          = identity.Caller{Kind: identity.Service, ID: "feeder"}
)

// reportWorkItems prints the medians, the issue's own figures last.
func reportWorkItems(values collected) {
	type named struct{ name, unit string }
	var all []named
	for _, list := range []string{"workitem_list", "workitem_mine", "workitem_search", "workitem_count"} {
		all = append(all, named{list + "_p50_ms", "ms"}, named{list + "_8_p50_ms", "ms"}, named{list + "_8_p99_ms", "ms"})
	}
	all = append(all, named{"workitem_search_p99_ms", "ms"}, named{"workitem_count_p99_ms", "ms"},
		named{"daily_sweep_told_s_per_million", "s"}, named{"daily_sweep_worst_s_per_million", "s"}, named{"daily_sweep_worst_told_s_per_million", "s"},
		named{"feed_raised_share", "ratio"}, named{"feed_per_s", "records/s"}, named{"pipeline_per_s", "submissions/s"},
		named{"workitem_list_p99_ms", "ms"}, named{"workitem_mine_p99_ms", "ms"}, named{"daily_sweep_s_per_million", "s"}, named{"feed_per_pipeline", "ratio"})
	for _, f := range all {
		if v, ok := values[f.name]; ok {
			figure(f.name, median(v), f.unit)
		}
	}
}

// since says how long something took.
func since(from time.Time) string { return time.Since(from).Round(100 * time.Millisecond).String() }
