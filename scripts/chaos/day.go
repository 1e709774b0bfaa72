package main

import (
	"context"
	"errors"
	"slices"
	"time"
)

const (
	day = 24 * time.Hour
	// mostNights keeps long runs within the years the calendars know.
	mostNights = 60
)

// midnight moves the business clock on to the next working day while everything
// is down, and lets the report's sealer and the sweeps over notices and over what
// falls due for work items die on it.
func (f *faults) midnight(ctx context.Context) error {
	if f.w.planted != "" {
		return nil // what was planted shows in the flow
	}
	if f.nights > mostNights {
		return f.killAll(ctx)
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
	sealer, roller, sweeper := advices[f.r.IntN(2)], autos[f.r.IntN(2)], works[f.r.IntN(2)]
	for _, a := range []struct {
		name, point string
		hit         int
	}{{sealer, at.name, 1}, {roller, dayRoll, 1}, {sweeper, itemSweep, 1 + f.r.IntN(3)}} {
		if err := f.arm(f.w.services[a.name], a.point, a.hit); err != nil {
			return err
		}
	}
	// Their doubles come later, or they might be the ones that find the day changed.
	doubles := slices.Concat(advices, autos, works)
	if err := f.raise(doubles...); err != nil {
		return err
	}
	err := errors.Join(
		f.collect(f.w.services[roller], dayRoll), f.collect(f.w.services[sweeper], itemSweep), f.collect(f.w.services[sealer], at.name),
	)
	for _, name := range doubles {
		if name != sealer && name != roller && name != sweeper {
			err = errors.Join(err, f.w.services[name].start())
		}
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
	tell("the days are closed: it is %s", f.w.now().Format("Monday 2006-01-02"))
	if err := f.raise(); err != nil {
		f.oracles.found.add(other, 1, "%v", err)
		return
	}
	f.oracles.settle(ctx, settled, closed)
	f.oracles.ask(ctx, standing...)
	f.oracles.compareReports(ctx)
	f.oracles.compareHistories(ctx) // of what falls due by date
}
