// Command chaos runs the real services as real processes under load, kills and
// damages them, and proves from a client's journal and the database that nothing
// acknowledged was lost and nothing took effect twice.
//
// The journal is the witness: a receipt is written and synced before the client
// makes its next call. The oracles are queries that must find nothing: some hold
// at every instant and are asked all the time (laws.go), others once the hub had
// time to settle, and the last ones when the days are closed (day.go). With
// -sabotage a known bug is planted in each run, and the run fails unless the same
// oracles find it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
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
	verbose  bool
}

// bugs that can be planted (pkg/crashpoint/sabotage); each must be found.
var bugs = []string{"ack-before-commit", "no-inbox", "outbox-last-id"}

const (
	// sabotageMinutes is how long a planted bug may stay unseen.
	sabotageMinutes = 1.5
	// most is how long a run may take beyond its faults, on a machine that is
	// busy with other things; then it is given up as an error.
	most = 20 * time.Minute
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "nats" {
		run.Main("nats", func(ctx context.Context) error { return serveNATS(ctx, os.Args[2], os.Args[3]) })
		return
	}
	var s settings
	flag.Float64Var(&s.minutes, "minutes", 4, "how long faults go on")
	flag.StringVar(&s.bin, "bin", "bin/chaos", "directory of the services' binaries, built with the tags crashpoints and sabotage")
	flag.Uint64Var(&s.seed, "seed", uint64(time.Now().UnixNano())%1_000_000, "seed of the schedule")
	flag.BoolVar(&s.sabotage, "sabotage", false, "plant each known bug in turn and fail unless the oracles find it")
	flag.StringVar(&s.planted, "plant", "", "plant this bug alone")
	flag.BoolVar(&s.keep, "keep", false, "keep the directory of the run")
	flag.BoolVar(&s.verbose, "v", false, "tell every fault as it happens; else the log of the run has them")
	flag.Parse()
	run.Main("chaos", func(ctx context.Context) error {
		if s.sabotage {
			return findPlanted(ctx, s)
		}
		f, err := once(ctx, s)
		if err != nil {
			return err
		}
		return f.verdict(s.seed)
	})
}

// findPlanted runs with each bug planted; a run that finds nothing is the failure.
func findPlanted(ctx context.Context, s settings) error {
	s.minutes = min(s.minutes, sabotageMinutes)
	var unseen []error
	for _, bug := range bugs {
		s.planted = bug
		f, err := once(ctx, s)
		switch {
		case err != nil:
			return fmt.Errorf("with %s planted: %w", bug, err)
		case len(f.all) == 0:
			unseen = append(unseen, fmt.Errorf("%s was planted and not found (seed %d)", bug, s.seed))
		default:
			fmt.Printf("planted %s, found: %s\n", bug, f.all[0].text)
		}
	}
	figure("bugs_planted", len(bugs), "bugs")
	figure("bugs_found", len(bugs)-len(unseen), "bugs")
	return errors.Join(unseen...)
}

// once makes a world, lets it suffer and asks the oracles.
func once(ctx context.Context, s settings) (*findings, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(s.minutes*float64(time.Minute))+most)
	defer cancel()
	w, err := newWorld(ctx, s)
	if w != nil {
		defer w.close()
	}
	if err != nil {
		return nil, err
	}
	if err := w.start(ctx); err != nil {
		return nil, err
	}
	clients, err := startLoad(ctx, w)
	if err != nil {
		return nil, err
	}
	defer clients.stop()
	o := &oracles{w: w, clients: clients, db: w.pool, found: &findings{}}
	f := newFaults(w, o)
	f.suffer(ctx)
	f.calm(ctx)
	clients.stop()
	tell("faults have stopped: %d receipts, %d officer's outcomes, %d fed records, %d items done, %d kills, %d crash points, %d courier losses, %d database stops",
		clients.journal.Len(), clients.recorded.Load(), clients.fed.Len(), clients.done.Len(), f.kills, len(f.hit), f.courier, f.database)
	o.judge(ctx)
	if s.planted != "" {
		return o.found, ctx.Err()
	}
	f.closeTheDays(ctx)
	seeing := 0
	if s.minutes >= enough {
		f.fell()
		seeing = o.checkSight(ctx)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the run was cut short: %w", err)
	}
	w.puzzling = o.found.any()
	f.figures(seeing)
	return o.found, nil
}

func (f *faults) figures(seeing int) {
	if missed := f.missed(); len(missed) > 0 {
		tell("crash points that were not reached: %v", missed)
	}
	figure("chaos_submissions", f.oracles.clients.journal.Len(), "submissions")
	figure("chaos_officer_outcomes", int(f.oracles.clients.recorded.Load()), "outcomes")
	figure("chaos_fed_records", f.oracles.clients.fed.Len(), "records")
	figure("chaos_items_done", f.oracles.clients.done.Len(), "items")
	figure("chaos_kills", f.kills, "kills")
	figure("chaos_crash_points", len(f.hit), "points")
	figure("chaos_courier_losses", f.courier, "times")
	figure("chaos_database_stops", f.database, "times")
	figure("chaos_oracles", seeing, "oracles")
	figure("chaos_lost", f.oracles.found.sum(lost), "submissions")
	figure("chaos_doubled", f.oracles.found.sum(doubled), "submissions")
	figure("chaos_violations", len(f.oracles.found.all), "violations")
}

func figure(name string, value int, unit string) { fmt.Printf("figure %s %d %s\n", name, value, unit) }

// narrative takes what happens in detail.
var narrative io.Writer = io.Discard

// say tells the narrative, tell everybody.
func say(format string, a ...any) {
	fmt.Fprintf(narrative, time.Now().Format("15:04:05 ")+format+"\n", a...)
}

func tell(format string, a ...any) {
	say(format, a...)
	if narrative != os.Stderr {
		fmt.Fprintf(os.Stderr, time.Now().Format("15:04:05 ")+format+"\n", a...)
	}
}
