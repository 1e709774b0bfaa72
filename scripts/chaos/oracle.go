package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// watchEvery is the pause between looks at what must hold at every instant.
	watchEvery = 8 * time.Second
	// stuck is how long nothing may get better before what is left counts as a
	// violation: longer than the longest lease and pause of the hub (60 s). No
	// speed is asked for, the machine may be busy.
	stuck = 90 * time.Second
	// settleMost bounds the wait all the same.
	settleMost = 6 * time.Minute
	// patience with one query.
	patience = 30 * time.Second
)

// violation is one law broken, so often.
type violation struct {
	kind  kind
	count int
	text  string
}

// findings are the violations of a run, each law once.
type findings struct {
	quiet bool
	mu    sync.Mutex
	all   []violation
}

func (f *findings) add(k kind, count int, format string, a ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = append(f.all, violation{k, count, fmt.Sprintf(format, a...)})
}

// broke notes a broken law, with the highest count seen.
func (f *findings) broke(l law, count int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.all {
		if v := &f.all[i]; strings.HasSuffix(v.text, " "+l.name) {
			if count > v.count {
				v.count, v.text = count, fmt.Sprintf("%d %s", count, l.name)
			}
			return
		}
	}
	f.all = append(f.all, violation{l.kind, count, fmt.Sprintf("%d %s", count, l.name)})
	if !f.quiet {
		tell("VIOLATION: %d %s", count, l.name)
	}
}

func (f *findings) any() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.all) > 0
}

func (f *findings) sum(k kind) int {
	n := 0
	for _, v := range f.all {
		if v.kind == k {
			n += v.count
		}
	}
	return n
}

// verdict is nil when nothing was found.
func (f *findings) verdict(seed uint64) error {
	if len(f.all) == 0 {
		return nil
	}
	all := []error{fmt.Errorf("seed %d: %d violations", seed, len(f.all))}
	for _, v := range f.all {
		all = append(all, errors.New("  "+v.text))
	}
	return errors.Join(all...)
}

// oracles ask the database, and hold what the clients saw against it.
type oracles struct {
	w       *world
	clients *clients
	db      querier
	found   *findings
	sealed  map[string]string // what sealed reports were when last seen
	unread  bool              // something could not be read
}

// querier is the pool, or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (o *oracles) count(ctx context.Context, query string) (n int, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = o.db.QueryRow(ctx, asOf(query, o.w.now())).Scan(&n)
	return n, err
}

// watch asks what must hold at every instant, again and again, until ctx ends.
// While the database is away there is nothing to see.
func (o *oracles) watch(ctx context.Context) {
	for sleep(ctx, watchEvery); ctx.Err() == nil; sleep(ctx, watchEvery) {
		for _, l := range standing {
			if n, err := o.count(ctx, l.query); err == nil && n > 0 {
				o.found.broke(l, n)
			}
		}
		_ = o.compareSeals(ctx)
	}
}

// ask asks each law once; the database must answer now.
func (o *oracles) ask(ctx context.Context, laws ...law) {
	for _, l := range laws {
		n := 0
		err := eventually(ctx, time.Minute, func() (err error) {
			n, err = o.count(ctx, l.query)
			return err
		})
		if err != nil && ctx.Err() == nil {
			o.found.add(other, 1, "%q cannot be asked: %v", l.name, err)
		}
		if n > 0 {
			o.found.broke(l, n)
		}
	}
}

// settle waits until the laws hold, as long as things get better.
func (o *oracles) settle(ctx context.Context, sets ...[]law) {
	laws := slices.Concat(sets...)
	begun := time.Now()
	var before []int
	round := 0
	for changed := begun; ctx.Err() == nil; sleep(ctx, time.Second) {
		counts, broken := make([]int, len(laws)), false
		for i, l := range laws {
			n, err := o.count(ctx, l.query)
			if err != nil {
				n = -1 // not known: the database may have just been started
			}
			counts[i], broken = n, broken || n != 0
		}
		if !broken {
			tell("settled after %.0f s", time.Since(begun).Seconds())
			return
		}
		if !slices.Equal(counts, before) {
			before, changed = counts, time.Now()
		}
		if round++; round%20 == 0 {
			say("still settling: %s", left(laws, counts))
		}
		if time.Since(changed) > stuck || time.Since(begun) > settleMost {
			for i, n := range counts {
				if n != 0 {
					o.found.broke(laws[i], max(n, 1))
				}
			}
			return
		}
	}
}

// left tells which laws do not hold yet.
func left(laws []law, counts []int) string {
	var all []string
	for i, n := range counts {
		if n != 0 {
			all = append(all, fmt.Sprintf("%d %s", n, laws[i].name))
		}
	}
	return strings.Join(all, ", ")
}

// judge asks every oracle of the flow.
func (o *oracles) judge(ctx context.Context) {
	o.clients.mu.Lock()
	for text, n := range o.clients.broken {
		o.found.add(other, n, "%d times: %s", n, text)
	}
	o.clients.mu.Unlock()
	o.panics()
	o.ask(ctx, standing...)
	if o.w.planted != "" && o.found.any() {
		return // no need to wait for the others
	}
	o.settle(ctx, settled)
	o.compareJournal(ctx)
	o.compareOfficer(ctx)
	o.compareFeeds(ctx)
	o.listQuarantined(ctx)
	o.compareClerks(ctx)
	o.compareHistories(ctx)
	o.compareRevocations(ctx)
	o.repeat(ctx)
}

// misunderstood is what a service says when the database cannot make sense of its
// statement; what is tried again for ever would not show otherwise. Class 42 of
// SQLSTATE is syntax and access; 42P01 (no such table) may come before a migration.
var misunderstood = regexp.MustCompile(`SQLSTATE 42(?:[0-9]|P0[2-9]|P[1-9])`)

// panics looks for programs that fell over by themselves, and for statements
// that never can succeed.
func (o *oracles) panics() {
	var never tally
	for _, r := range replicas {
		p := o.w.services[r.name]
		log, err := os.ReadFile(p.log)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(log) {
			text := strings.TrimSpace(string(line))
			switch {
			case strings.HasPrefix(text, "panic:"), strings.HasPrefix(text, "fatal error:"), strings.Contains(text, "panic while applying"), strings.Contains(text, "panic after a commit"):
				o.found.add(other, 1, "%s: %.200s", r.name, text)
			case misunderstood.MatchString(text):
				never.add(fmt.Sprintf("%s: %.300s", r.name, text))
			}
		}
		if p.exits > 0 {
			say("%s ended by itself %d times and was started again", p.name, p.exits)
		}
	}
	never.tell(o, other, "statements that the database does not understand")
}

// rows runs a query and calls f for each row; the targets are read anew each time.
func (o *oracles) rows(ctx context.Context, query string, targets []any, f func() error) error {
	rows, err := o.db.Query(ctx, query)
	if err == nil {
		_, err = pgx.ForEachRow(rows, targets, f)
	}
	if err != nil && ctx.Err() == nil {
		o.unread = true
		o.found.add(other, 1, "an oracle could not read: %v", err)
	}
	return err
}
