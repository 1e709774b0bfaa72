package events

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// Projection keeps the statuses authorities see, from what automatic processing
// and officers decided.
type Projection struct {
	// Store keeps them.
	Store *store.Store
	// Issuer makes the receipts of submissions the hub created.
	Issuer *receipt.Issuer
	// Committed is told, after commit, what changed.
	Committed func(changed []store.Status)
}

// SubmissionKey orders a submission's events: when one has to wait, so do those
// after it.
func SubmissionKey(e *eventv1.Event) string {
	switch body := e.GetBody().(type) {
	case *eventv1.Event_SubmissionDecided:
		return hex.EncodeToString(body.SubmissionDecided.GetSubmissionId())
	case *eventv1.Event_SubmissionUnprocessed:
		return hex.EncodeToString(body.SubmissionUnprocessed.GetSubmissionId())
	case *eventv1.Event_SubmissionCreated:
		return hex.EncodeToString(body.SubmissionCreated.GetSubmissionId())
	}
	return ""
}

// Apply records a batch in the caller's transaction.
func (p *Projection) Apply(ctx context.Context, tx pgx.Tx, batch []inbox.Event) (inbox.Effects, error) {
	var work projected
	for _, e := range batch {
		event, ok := e.Value.(*eventv1.Event)
		if !ok {
			return inbox.Effects{}, fmt.Errorf("event %v has a body of type %T", e.ID, e.Value)
		}
		if err := work.add(event); err != nil {
			return inbox.Effects{}, fmt.Errorf("event %v: %w", e.ID, err)
		}
	}
	if err := p.create(ctx, tx, work.created); err != nil {
		return inbox.Effects{}, err
	}
	statuses := latest(work.statuses)
	if err := p.Store.Record(ctx, tx, statuses); err != nil {
		return inbox.Effects{}, err
	}
	if err := p.erase(ctx, tx, work.erase); err != nil {
		return inbox.Effects{}, err
	}
	return inbox.Effects{After: func() { p.Committed(statuses) }}, nil
}

// projected is what a batch of events amounts to.
type projected struct {
	created  []*lodging.Submission
	statuses []store.Status
	erase    []store.Status
}

func (w *projected) add(e *eventv1.Event) error {
	if e.GetSchemaVersion() > schemaVersion {
		return fmt.Errorf("schema version %d is not known to this program", e.GetSchemaVersion())
	}
	switch body := e.GetBody().(type) {
	case *eventv1.Event_SubmissionDecided:
		status, err := decided(body.SubmissionDecided)
		if err != nil {
			return err
		}
		w.statuses = append(w.statuses, status)
		if body.SubmissionDecided.GetEraseText() || status.Status == term.Returned {
			w.erase = append(w.erase, status)
		}
	case *eventv1.Event_SubmissionUnprocessed:
		status, err := unprocessed(body.SubmissionUnprocessed)
		if err != nil {
			return err
		}
		w.statuses = append(w.statuses, status)
	case *eventv1.Event_SubmissionCreated:
		made, err := created(body.SubmissionCreated)
		if err != nil {
			return err
		}
		w.created = append(w.created, made)
	}
	// Everything else on the stream, the register's events, is others' business.
	return nil
}

func decided(d *eventv1.SubmissionDecided) (store.Status, error) {
	id, err := clock.IDFromBytes(d.GetSubmissionId())
	if err != nil {
		return store.Status{}, err
	}
	s := store.Status{
		SubmissionID: id, AuthorityID: d.GetAuthorityId(), Version: d.GetVersion(), Status: term.Status(d.GetStatus()),
		Outcome: term.Outcome(d.GetOutcome()), Reasons: reasons(d.GetReasons()), At: d.GetDecidedAt().AsTime(),
		ByOfficer: d.GetByOfficer(), Note: d.GetNoteForAuthority(), CRN: d.GetCrn(),
	}
	if !s.Status.Terminal() || s.Outcome == 0 || d.GetDecidedAt() == nil {
		return s, fmt.Errorf("submission %v: status %d, outcome %d is no decision", id, d.GetStatus(), d.GetOutcome())
	}
	if s.StartDate, err = date(d.GetStartDate()); err != nil {
		return s, err
	}
	s.EndDate, err = date(d.GetEndDate())
	return s, err
}

func unprocessed(u *eventv1.SubmissionUnprocessed) (store.Status, error) {
	id, err := clock.IDFromBytes(u.GetSubmissionId())
	if err == nil && u.GetDecidedAt() == nil {
		err = fmt.Errorf("submission %v became unprocessed at no time", id)
	}
	return store.Status{
		SubmissionID: id, AuthorityID: u.GetAuthorityId(), Version: u.GetVersion(), Status: term.Unprocessed,
		Reasons: reasons(u.GetReasons()), At: u.GetDecidedAt().AsTime(), CRN: u.GetCrn(),
	}, err
}

// latest keeps one status per submission and version, the one announced for the
// latest time: reasons may be announced again.
func latest(all []store.Status) []store.Status {
	type version struct {
		id clock.ID
		n  int32
	}
	place := make(map[version]int, len(all))
	kept := all[:0]
	for _, s := range all {
		v := version{s.SubmissionID, s.Version}
		if i, ok := place[v]; ok {
			if !s.At.Before(kept[i].At) {
				kept[i] = s
			}
			continue
		}
		place[v] = len(kept)
		kept = append(kept, s)
	}
	return kept
}

func reasons(codes []eventv1.RejectionReason) []term.Reason {
	if len(codes) == 0 {
		return nil
	}
	all := make([]term.Reason, len(codes))
	for i, c := range codes {
		all[i] = term.Reason(c)
	}
	return all
}

func date(text string) (*calendar.Date, error) {
	if text == "" {
		return nil, nil
	}
	d, err := calendar.ParseDate(text)
	return &d, err
}
