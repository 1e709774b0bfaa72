package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
)

// sweepPatience is how long a sweep may take.
const sweepPatience = 10 * time.Minute

// measureSweeps moves the business clock to the next day, on which one in ninety
// of the notices and one in fifty of the customers fall due, and then, with the
// notices made anew so that all of them fall due at once, to the day after.
func (h *hub) measureSweeps(ctx context.Context, s settings, days [2]string, values collected) error {
	conn, err := h.dial(administrator)
	if err != nil {
		return err
	}
	defer conn.Close()
	clock := sandboxv1.NewClockServiceClient(conn)
	perMillion := 1e6 / float64(s.fill.customers)
	for i, name := range []string{"daily_sweep", "daily_sweep_worst"} {
		if i == 1 {
			if err := h.allNoticesDue(ctx, s.fill.customers, days[i]); err != nil {
				return err
			}
		}
		if s.profile != "" {
			if err := h.watchStatements(ctx); err != nil {
				return err
			}
			go h.profile(s.profile+"."+name, 20*time.Second)
		}
		swept, told, err := h.sweepDay(ctx, clock, days[i])
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		values.add(name+"_s_per_million", swept.Seconds()*perMillion)
		values.add(name+"_told_s_per_million", told.Seconds()*perMillion)
		if s.profile != "" {
			h.statements(ctx)
		}
	}
	return nil
}

// allNoticesDue replaces the notices by such that all fall due on the day.
func (h *hub) allNoticesDue(ctx context.Context, notices int, day string) error {
	conn, err := h.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	f := &filler{ctx: ctx, conn: conn.Conn()}
	f.run("SET synchronous_commit = off")
	f.run("TRUNCATE workitems.notice")
	f.run(fillNotices, notices, day, 1, warnedDays)
	f.tidy("notice", "customer")
	f.run("CHECKPOINT")
	f.run("RESET ALL")
	return f.err
}

// sweepDay moves the clock to a day and measures how long it takes until nothing
// is due any more, and until everybody has been told of what was raised.
func (h *hub) sweepDay(ctx context.Context, clock sandboxv1.ClockServiceClient, day string) (swept, told time.Duration, err error) {
	const dueCustomer = `SELECT FROM workitems.customer WHERE next_due <= $1::date`
	const dueNotice = `SELECT FROM workitems.notice WHERE state = 2 AND measure = 2 AND warned_end IS NULL AND end_date <= $1::date + $2::int`
	var customers, notices int
	count := strings.NewReplacer("SELECT FROM", "SELECT count(*) FROM")
	err = h.pool.QueryRow(ctx, "SELECT ("+count.Replace(dueCustomer)+"), ("+count.Replace(dueNotice)+")", day, warnedDays).Scan(&customers, &notices)
	if err != nil {
		return 0, 0, err
	}
	from := time.Now()
	answer, err := clock.AdvanceClock(ctx, &sandboxv1.AdvanceClockRequest{ToDate: day})
	if err != nil {
		return 0, 0, err
	}
	wait, cancel := context.WithTimeout(ctx, sweepPatience)
	defer cancel()
	until := func(query string, values ...any) (time.Duration, error) {
		for {
			asked, busy := time.Now(), false
			if err := h.pool.QueryRow(wait, query, values...).Scan(&busy); err != nil || !busy {
				return time.Since(from), err
			}
			time.Sleep(max(50*time.Millisecond, 10*time.Since(asked))) // looking takes little of the machine
		}
	}
	if swept, err = until("SELECT EXISTS ("+dueCustomer+") OR EXISTS ("+dueNotice+")", day, warnedDays); err != nil {
		return 0, 0, fmt.Errorf("something is still due: %w", err)
	}
	if told, err = until(busyQuery); err != nil {
		return 0, 0, fmt.Errorf("not everybody was told: %w", err)
	}
	var warned, dated int
	err = h.pool.QueryRow(ctx, `SELECT count(*) FILTER (WHERE code = 'I289Q1'), count(*) FILTER (WHERE code <> 'I289Q1')
		FROM workitems.work_item WHERE raised_at >= $1`, answer.GetNow().AsTime().Add(-time.Minute)).Scan(&warned, &dated)
	say("  swept %s: %d notices and %d customers due, %d and %d items raised, %.1f s, told after %.1f s", day, notices, customers, warned, dated, swept.Seconds(), told.Seconds())
	if err == nil && (warned != notices || dated < customers) {
		err = fmt.Errorf("of %d notices and %d customers due %d and %d items were raised", notices, customers, warned, dated)
	}
	return swept, told, err
}
