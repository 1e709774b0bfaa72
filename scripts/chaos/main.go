// Command chaos runs the real services as real processes under load, kills and
// damages them, and proves from a client's journal and the database that nothing
// acknowledged was lost and nothing took effect twice.
//
// The journal is the witness: a receipt is written and synced before the client
// makes its next call. The oracles (oracle.go) run once the faults have stopped.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/noticehub/noticehub/pkg/run"
)

type settings struct {
	minutes  float64
	bin      string
	seed     uint64
	sabotage bool
	planted  string
	keep     bool
}

// bugs that can be planted; each must be found.
var bugs = []string{"ack-before-commit", "no-inbox", "outbox-last-id"}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "nats" {
		run.Main("nats", func(ctx context.Context) error { return serveNATS(ctx, os.Args[2], os.Args[3]) })
		return
	}
	var s settings
	flag.Float64Var(&s.minutes, "minutes", 4, "how long faults go on")
	flag.StringVar(&s.bin, "bin", "bin/chaos", "directory of the services' binaries, built with the tags crashpoints and sabotage")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano()), "seed of the schedule")
	flag.BoolVar(&s.sabotage, "sabotage", false, "plant each known bug in turn and fail unless the oracles find it")
	flag.BoolVar(&s.keep, "keep", false, "keep the directory of the run")
	flag.Parse()
	run.Main("chaos", func(ctx context.Context) error {
		if s.sabotage {
			return findPlanted(ctx, s)
		}
		violations, err := once(ctx, s)
		if err != nil {
			return err
		}
		if len(violations) > 0 {
			return fmt.Errorf("seed %d: %d violations:\n  %s", s.seed, len(violations), strings.Join(violations, "\n  "))
		}
		return nil
	})
}

// findPlanted runs with each bug planted; a run that finds nothing is the failure.
func findPlanted(ctx context.Context, s settings) error {
	s.minutes = min(s.minutes, 1.5)
	var unseen []error
	found := 0
	for _, bug := range bugs {
		s.planted = bug
		violations, err := once(ctx, s)
		switch {
		case err != nil:
			return fmt.Errorf("with %s planted: %w", bug, err)
		case len(violations) == 0:
			unseen = append(unseen, fmt.Errorf("%s was planted and not found", bug))
		default:
			found++
			fmt.Printf("planted %s: found: %s\n", bug, violations[0])
		}
	}
	figure("bugs_planted", len(bugs), "bugs")
	figure("bugs_found", found, "bugs")
	return errors.Join(unseen...)
}

// once makes a world, lets it suffer and asks the oracles.
func once(ctx context.Context, s settings) ([]string, error) {
	w, err := newWorld(ctx, s)
	if err != nil {
		return nil, err
	}
	defer w.close()
	if err := w.start(ctx); err != nil {
		return nil, err
	}
	clients, err := startLoad(ctx, w)
	if err != nil {
		return nil, err
	}
	f := &faults{w: w, r: w.random(1), deadline: time.Now().Add(time.Duration(s.minutes * float64(time.Minute)))}
	f.suffer(ctx)
	clients.stop()
	say("faults have stopped: %d receipts in the journal, %d kills, %d crash points hit", clients.journal.Len(), f.kills, len(f.hit))
	violations := w.judge(ctx, clients)
	violations = append(violations, f.closeTheDay(ctx, clients)...)
	if s.planted == "" {
		figure("chaos_submissions", clients.journal.Len(), "submissions")
		figure("chaos_officer_outcomes", int(clients.recorded.Load()), "outcomes")
		figure("chaos_kills", f.kills, "kills")
		figure("chaos_crash_points", len(f.hit), "points")
		figure("chaos_courier_losses", f.courier, "times")
		figure("chaos_database_stops", f.database, "times")
		figure("chaos_violations", len(violations), "violations")
	}
	return violations, nil
}

func figure(name string, value int, unit string) { fmt.Printf("figure %s %d %s\n", name, value, unit) }

func say(format string, a ...any) {
	fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", a...)
}
