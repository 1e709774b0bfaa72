// Package events takes the facts other services announce into the ledger and
// the tallies, and puts this service's own facts into words.
//
// It guarantees that applying an event again, late or out of order changes
// nothing more: outcomes and announcements have the submission as their key,
// notifications their id, authorities their version, and counts of lodged
// submissions the message.
package events

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// Deps is what the handlers work with; all of it is required.
type Deps struct {
	Store    *store.Store
	Calendar *calendar.Calendar
	// Zone whose midnight ends a day.
	Zone  *time.Location
	Clock clock.Clock
	Log   *slog.Logger
}

// Handlers applies events.
type Handlers struct{ Deps }

// New makes handlers.
func New(d Deps) *Handlers { return &Handlers{d} }

// announced is a terminal submission, or a notification, on its way into the ledger.
type announced struct {
	entry store.Entry
	event inbox.Event
}

// Decided applies a batch of decided events: an outcome for each terminal
// submission, an announcement for each one left to an officer. Other facts of
// the stream are not for this service.
func (h *Handlers) Decided(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	var effects inbox.Effects
	decided := make([]announced, 0, len(events))
	seen := make(map[clock.ID]bool, len(events))
	var open []store.Open
	for _, e := range events {
		switch body := e.Value.(*eventv1.Event).GetBody().(type) {
		case *eventv1.Event_SubmissionDecided:
			entry, err := entryOf(body.SubmissionDecided)
			if err != nil {
				return effects, err
			}
			if !seen[entry.SubmissionID] {
				seen[entry.SubmissionID] = true
				decided = append(decided, announced{entry, e})
			}
		case *eventv1.Event_SubmissionUnprocessed:
			o, err := h.openOf(body.SubmissionUnprocessed)
			if err != nil {
				return effects, err
			}
			open = append(open, o)
		}
	}
	if err := h.Store.Announce(ctx, tx, open); err != nil {
		return effects, err
	}
	fresh, err := h.record(ctx, tx, decided, &effects)
	if err != nil {
		return effects, err
	}
	effects.Outbox = recorded(fresh, decided)
	crashpoint.Here("advice.before-commit")
	return effects, nil
}

// record gives each entry its report date and adds it to the ledger. Entries for
// authorities that were not announced yet are put off.
func (h *Handlers) record(ctx context.Context, tx pgx.Tx, decided []announced, effects *inbox.Effects) ([]store.Entry, error) {
	if len(decided) == 0 {
		return nil, nil
	}
	var ids []string
	for _, d := range decided {
		if !slices.Contains(ids, d.entry.AuthorityID) {
			ids = append(ids, d.entry.AuthorityID)
		}
	}
	slices.Sort(ids)
	standings, err := h.Store.Hold(ctx, tx, ids)
	if err != nil {
		return nil, err
	}
	now := h.Clock.Now().UTC().Truncate(time.Microsecond)
	today := calendar.FromTime(now, h.Zone)
	dates := make(map[string]calendar.Date, len(standings))
	for id, standing := range standings {
		if dates[id], err = standing.DateFor(h.Calendar, today, standing.Closed); err != nil {
			// Nothing is wrong with the events: a calendar has to be added.
			return nil, fault.New(fault.Unavailable, "CALENDAR_MISSING", "no report date can be found").Wrap(err)
		}
	}
	entries := make([]store.Entry, 0, len(decided))
	for _, d := range decided {
		date, ok := dates[d.entry.AuthorityID]
		if !ok {
			effects.Defer = append(effects.Defer, d.event)
			continue
		}
		d.entry.RecordedAt, d.entry.ReportDate = now, date
		entries = append(entries, d.entry)
	}
	return h.Store.Record(ctx, tx, entries)
}

func entryOf(d *eventv1.SubmissionDecided) (store.Entry, error) {
	id, err := clock.IDFromBytes(d.GetSubmissionId())
	entry := store.Entry{
		SubmissionID: id, AuthorityID: d.GetAuthorityId(), Reference: d.GetReference(),
		InformationType: term.InformationType(d.GetInformationType()), CRN: d.GetCrn(), Outcome: term.Outcome(d.GetOutcome()),
		LodgedAt: d.GetLodgedAt().AsTime(), DecidedAt: d.GetDecidedAt().AsTime(),
		ByOfficer: d.GetByOfficer(), Note: d.GetNoteForAuthority(),
	}
	problems := []error{err}
	if entry.StartDate, err = optionalDate(d.GetStartDate()); err != nil {
		problems = append(problems, err)
	}
	if entry.EndDate, err = optionalDate(d.GetEndDate()); err != nil {
		problems = append(problems, err)
	}
	switch {
	case !term.Status(d.GetStatus()).Terminal():
		problems = append(problems, errors.New("its status is not terminal"))
	case entry.InformationType == term.ChangeOfCircumstances:
		problems = append(problems, errors.New("nobody decides a change of circumstances"))
	case entry.AuthorityID == "" || entry.InformationType.String() == "" || entry.Outcome.String() == "",
		int32(entry.InformationType) != int32(d.GetInformationType()), int32(entry.Outcome) != int32(d.GetOutcome()):
		problems = append(problems, errors.New("authority, information type or outcome is not set or not known"))
	case d.GetLodgedAt() == nil || d.GetDecidedAt() == nil:
		problems = append(problems, errors.New("times are missing"))
	}
	if err := errors.Join(problems...); err != nil {
		return store.Entry{}, fault.New(fault.Invalid, "EVENT_INVALID", "decided event of submission %s cannot be recorded", id).Wrap(err)
	}
	return entry, nil
}

func optionalDate(text string) (*calendar.Date, error) {
	if text == "" {
		return nil, nil
	}
	d, err := calendar.ParseDate(text)
	if err != nil {
		return nil, err
	}
	return &d, nil
}
