// Package seal makes the daily reports. A report is closed in one short
// transaction, which fixes what is in it, and then rendered, signed and stored
// in another. Both are driven by facts ("which dates have no report, which
// report has no seal?"), so a sweep may be missed, repeated, killed at any point
// or run by several replicas: each date gets one report, with the same bytes.
//
// Not guaranteed: that a report is there at a given time. A sweep closes it soon
// after local midnight, later if the service or the database was away.
package seal

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// Deps is what a Sealer works with; all of it is required.
type Deps struct {
	Store    *store.Store
	Calendar *calendar.Calendar
	// Zone whose midnight ends a day.
	Zone   *time.Location
	Clock  clock.Clock
	Signer report.Signer
	// Told makes the outbox rows that tell of a sealed report.
	Told func(report.Report) []outbox.Row
	// Committed takes those rows after the commit.
	Committed func(...outbox.Row)
	Log       *slog.Logger
	Metrics   *prometheus.Registry
}

// Sealer closes, seals and checks reports. Sweep and Check each run one at a
// time; everything else may be called from anywhere.
type Sealer struct {
	Deps
	sealed  prometheus.Counter
	lines   prometheus.Counter
	damaged prometheus.Counter
	checked clock.ID      // where the last check ended; used by Check only
	warned  calendar.Date // the day of the last warning; used by Sweep only
}

// New makes a Sealer.
func New(d Deps) *Sealer {
	s := &Sealer{
		Deps:    d,
		sealed:  prometheus.NewCounter(prometheus.CounterOpts{Name: "noticehub_reports_sealed_total", Help: "Daily reports sealed."}),
		lines:   prometheus.NewCounter(prometheus.CounterOpts{Name: "noticehub_report_lines_total", Help: "Lines of the daily reports sealed."}),
		damaged: prometheus.NewCounter(prometheus.CounterOpts{Name: "noticehub_reports_damaged_total", Help: "Checks that found a sealed report not to be what the ledger says."}),
	}
	for _, c := range []prometheus.Collector{s.sealed, s.lines, s.damaged} {
		// A second service in the same process (a test) counts for itself.
		_ = d.Metrics.Register(c)
	}
	return s
}

// Sweep closes and seals every report that is due at now, each authority's in
// the order of their dates. An authority in trouble does not keep the others
// waiting; the errors of all are joined.
func (s *Sealer) Sweep(ctx context.Context, now time.Time) error {
	standings, err := s.Store.Standings(ctx)
	if err != nil {
		return err
	}
	s.warn(standings, calendar.FromTime(now, s.Zone))
	var problems []error
	for _, standing := range standings {
		if err := s.SweepOne(ctx, standing.ID, now); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// calendarAhead is how many days before a calendar ends somebody should hear of it.
const calendarAhead = 60

// warn tells once a day of calendars that are about to end: without one neither
// outcomes nor reports get a date, and what arrives has to wait.
func (s *Sealer) warn(standings []store.Standing, today calendar.Date) {
	if s.warned == today {
		return
	}
	s.warned = today
	for _, standing := range standings {
		if err := s.Calendar.Require(standing.Jurisdiction.String(), today.Year(), today.Add(calendarAhead).Year()); err != nil {
			s.Log.Warn("reports will need a calendar", "authority", standing.ID, "error", err.Error())
		}
	}
}

// SweepOne closes and seals every report of one authority that is due at now.
func (s *Sealer) SweepOne(ctx context.Context, id string, now time.Time) error {
	made := false
	for {
		// What an earlier run left closed comes first: seals are chained in order.
		unsealed, found, err := s.Store.Unsealed(ctx, id)
		if err != nil {
			return err
		}
		if found {
			sealed, err := s.Seal(ctx, unsealed)
			if err != nil {
				return err
			}
			if !sealed {
				return nil // another replica is at it
			}
			made = true
			continue
		}
		if _, closed, err := s.Close(ctx, id, now); err != nil {
			return err
		} else if !closed {
			break
		}
	}
	if made {
		return s.Store.Tidy(ctx, id)
	}
	return nil
}

// Close closes the authority's next report if its date has come; false if not.
func (s *Sealer) Close(ctx context.Context, authority string, now time.Time) (report.Head, bool, error) {
	today := calendar.FromTime(now, s.Zone)
	// Asked without a lock first: nearly every time nothing is due.
	standing, found, err := s.Store.Standing(ctx, authority)
	if err != nil || !found {
		return report.Head{}, false, err
	}
	if _, due, err := s.due(standing, today); err != nil || !due {
		return report.Head{}, false, err
	}
	crashpoint.Here("report.before-close")
	head, closed, err := s.Store.Close(ctx, authority, func(standing store.Standing) (report.Head, bool, error) {
		date, due, err := s.due(standing, today)
		if err != nil || !due {
			return report.Head{}, false, err
		}
		return report.Head{
			ReportID: report.IDOf(authority, date), AuthorityID: authority, Date: date,
			CoversFrom: standing.CoversFrom(s.Calendar, date, standing.Closed), CoversTo: date.Add(-1),
			Layout: report.Layout, ClosedAt: now.UTC().Truncate(time.Microsecond),
		}, true, nil
	})
	if closed {
		crashpoint.Here("report.after-close")
		s.Log.Info("report closed", "authority", authority, "date", head.Date.String(), "sequence", head.Sequence)
	}
	return head, closed, err
}

// due returns the date of the authority's next report and whether it has come.
func (s *Sealer) due(standing store.Standing, today calendar.Date) (calendar.Date, bool, error) {
	if standing.Closed != nil && *standing.Closed >= today {
		return 0, false, nil // whatever comes next is later, known to the calendar or not
	}
	date, err := standing.Next(s.Calendar, standing.Closed)
	return date, err == nil && date <= today, err
}

// Seal renders, signs and stores a closed report. False means that there was
// nothing to do here: it is sealed, another replica is sealing it, or the report
// before it is not sealed yet.
func (s *Sealer) Seal(ctx context.Context, id clock.ID) (bool, error) {
	// A sealed report names its key, which must be known for as long.
	if err := s.Store.SaveKey(ctx, s.Signer.KeyID(), s.Signer.Public(), s.Clock.Now()); err != nil {
		return false, err
	}
	var done report.Report
	var told []outbox.Row
	sealed, err := s.Store.Seal(ctx, id, func(ctx context.Context, sealing store.Sealing) (report.Seal, []outbox.Row, error) {
		seal, err := s.render(ctx, sealing)
		if err != nil {
			return report.Seal{}, nil, err
		}
		s.Signer.Sign(sealing.Head, &seal)
		seal.SealedAt = s.Clock.Now().UTC().Truncate(time.Microsecond)
		done = report.Report{Head: sealing.Head, Seal: seal}
		told = s.Told(done)
		crashpoint.Here("report.before-seal")
		return seal, told, nil
	})
	if err != nil || !sealed {
		return false, err
	}
	crashpoint.Here("report.after-seal")
	s.Committed(told...)
	s.sealed.Inc()
	s.lines.Add(float64(done.Lines))
	s.Log.Info("report sealed", "authority", done.AuthorityID, "date", done.Date.String(), "sequence", done.Sequence, "lines", done.Lines)
	return true, nil
}
