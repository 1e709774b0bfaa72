// Command bench measures the whole hub against its peers, in one run on one
// machine and one PostgreSQL server with the same settings (fsync and
// synchronous_commit on): River as its users write it, River hand-batched, River
// as a queue of batches, watermill-sql, and the floors pgbench and unnest. Rounds
// are interleaved, so that a change in the machine's speed hits all alike;
// figures are medians over rounds, ratios medians of the ratios within a round.
// With -queries or -workitems it measures the hub alone, over many rows.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/noticehub/noticehub/pkg/run"
)

type settings struct {
	rounds   int
	seconds  time.Duration
	hub      string
	queries  bool
	stage    bool
	rows     int
	items    bool
	fill     size
	only     string
	profile  string
	halfLoad bool
}

func main() {
	var s settings
	flag.IntVar(&s.rounds, "rounds", 3, "interleaved rounds")
	flag.DurationVar(&s.seconds, "seconds", 8*time.Second, "load per measurement")
	flag.StringVar(&s.hub, "hub", "bin/noticehub", "the hub's binary")
	flag.BoolVar(&s.queries, "queries", false, "measure queries on many rows instead")
	flag.BoolVar(&s.stage, "stage", false, "only run a hub over many submissions, until standard input ends; its address goes to standard output")
	flag.IntVar(&s.rows, "rows", 5_000_000, "submissions for -queries and -stage")
	flag.BoolVar(&s.items, "workitems", false, "measure work items instead: lists, the daily sweep, the rate of feeds")
	flag.IntVar(&s.fill.customers, "customers", 1_000_000, "customers, and notices, for -workitems")
	flag.IntVar(&s.fill.items, "items", 10_000_000, "work items for -workitems")
	flag.StringVar(&s.only, "only", "", "measure only these, by a part of their names")
	flag.StringVar(&s.profile, "profile", "", "write a CPU profile of the hub under load to this file")
	flag.BoolVar(&s.halfLoad, "half-load", true, "measure latencies at half load too")
	flag.Parse()
	run.Main("bench", func(ctx context.Context) error {
		if s.queries {
			return measureQueries(ctx, s)
		}
		if s.stage {
			return stage(ctx, s)
		}
		if s.items {
			return measureWorkItems(ctx, s)
		}
		return measurePipelines(ctx, s)
	})
}

func say(format string, a ...any) { fmt.Fprintf(os.Stderr, format+"\n", a...) }

// figure prints one result in the form that other runs can be compared with.
func figure(name string, value float64, unit string) {
	fmt.Printf("figure %s %.3f %s\n", name, value, unit)
}
