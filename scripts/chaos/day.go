package main

import (
	"context"
	"time"
)

const day = 24 * time.Hour

// midnight moves the business clock on to the next working day while everything
// is down, and lets the report's sealer and the sweep over notices die on it.
func (f *faults) midnight(context.Context) error {
	if f.w.planted != "" {
		return nil // what was planted shows in the flow
	}
	at := midnightPoints[f.nights%len(midnightPoints)]
	for range midnightPoints {
		if f.hit[at.name] == 0 {
			break
		}
		f.nights++
		at = midnightPoints[f.nights%len(midnightPoints)]
	}
	f.nights++
	f.fell()
	if err := f.w.setClock(f.w.nextDay(1)); err != nil {
		return err
	}
	say("midnight: it is %s", f.w.now().Format("Monday 2006-01-02"))
	sealer, roller := f.w.services["adviceoutcome"], f.w.services[autos[f.r.IntN(2)]]
	if err := f.arm(sealer, at.name, 1); err != nil {
		return err
	}
	if err := f.arm(roller, dayRoll, 1); err != nil {
		return err
	}
	// The other replica comes later, or it might be the one that finds the day changed.
	if err := f.raise(sealer.name, autos[0], autos[1]); err != nil {
		return err
	}
	err := f.collect(roller, dayRoll)
	for _, name := range autos {
		if p := f.w.services[name]; p != roller {
			if e := p.start(); err == nil {
				err = e
			}
		}
	}
	if e := f.collect(sealer, at.name); err == nil {
		err = e
	}
	return err
}

// nextDay is the offset of the clock after so many more working days.
func (w *world) nextDay(days int) time.Duration {
	offset := time.Duration(w.offset.Load()) * time.Second
	for days > 0 {
		offset += day
		if d := time.Now().Add(offset).In(w.zone).Weekday(); d != time.Saturday && d != time.Sunday {
			days--
		}
	}
	return offset
}

// closeTheDays moves the clock on until every outcome must be in a sealed
// report, and asks the oracles again (I19 to I21).
func (f *faults) closeTheDays(ctx context.Context) {
	if ctx.Err() != nil {
		return
	}
	f.fell()
	if err := f.w.setClock(f.w.nextDay(4)); err != nil { // more than one may be a public holiday
		f.oracles.found.add(other, 1, "the clock cannot be moved: %v", err)
		return
	}
	say("the days are closed: it is %s", f.w.now().Format("Monday 2006-01-02"))
	if err := f.raise(); err != nil {
		f.oracles.found.add(other, 1, "%v", err)
		return
	}
	f.oracles.settle(ctx, settled, closed)
	f.oracles.ask(ctx, standing...)
	f.oracles.compareReports(ctx)
}
