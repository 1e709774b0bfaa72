package events

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/document"
	"github.com/noticehub/noticehub/services/registry/internal/measure"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// Apply leaves in the registry what decided events tell: documents of outcomes,
// the state of notices, and in the records of their customers the spells under
// measures. The result depends only on which events were applied, not on their
// order or number; how many versions a record goes through may differ.
func Apply(st *store.Store, clk clock.Clock, zone *time.Location) func(context.Context, pgx.Tx, []inbox.Event) (inbox.Effects, error) {
	return func(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
		left, err := settle(events, zone)
		if err != nil {
			return inbox.Effects{}, err
		}
		lifts, err := liftsOf(events)
		if err != nil {
			return inbox.Effects{}, err
		}
		if err := st.KeepLifts(ctx, tx, lifts); err != nil {
			return inbox.Effects{}, err
		}
		conflicts, err := conflictsOf(events)
		if err != nil {
			return inbox.Effects{}, err
		}
		if err := st.KeepConflicts(ctx, tx, conflicts); err != nil {
			return inbox.Effects{}, err
		}
		reading, entries, err := st.Settle(ctx, tx, left)
		if err != nil {
			return inbox.Effects{}, err
		}
		if len(left.Notices) == 0 {
			return inbox.Effects{}, st.Tell(ctx, tx, entries...)
		}
		b := newBook(st, reading, Cause{At: clk.Now(), Traceparent: events[0].Traceparent}, zone)
		b.Tell(entries...)
		seen := make(map[string]bool, len(left.Notices))
		for _, n := range left.Notices {
			if seen[n.CRN] {
				continue
			}
			seen[n.CRN] = true
			if err := b.Measure(n.CRN); err != nil {
				return inbox.Effects{}, err
			}
		}
		// The consumer writes the rows of the outbox itself.
		w := b.batch()
		rows := w.Events
		w.Events = nil
		if err := st.WriteCustomers(ctx, tx, w); err != nil {
			return inbox.Effects{}, err
		}
		late, err := missed(ctx, st, tx, events, zone)
		return inbox.Effects{Outbox: append(rows, late...)}, err
	}
}

// settle gathers a batch: each document once, each notice once with its highest version.
func settle(events []inbox.Event, zone *time.Location) (store.Settle, error) {
	var left store.Settle
	documents := make(map[clock.ID]bool)
	notices := make(map[clock.ID]int)
	for _, in := range events {
		e, ok := in.Value.(*eventv1.Event)
		if !ok {
			return left, fmt.Errorf("event %v was not decoded", in.ID)
		}
		var notice *eventv1.NoticeChange
		switch body := e.GetBody().(type) {
		case *eventv1.Event_SubmissionDecided:
			d, wanted, err := documentOf(body.SubmissionDecided)
			if err != nil {
				return left, err
			}
			if wanted && !documents[d.ID] {
				documents[d.ID] = true
				left.Documents = append(left.Documents, d)
			}
			continue
		case *eventv1.Event_NoticeRecorded:
			notice = body.NoticeRecorded.GetNotice()
		case *eventv1.Event_NoticeExtended:
			notice = body.NoticeExtended.GetNotice()
		case *eventv1.Event_NoticeActivated:
			notice = body.NoticeActivated.GetNotice()
		case *eventv1.Event_NoticeEnded:
			notice = body.NoticeEnded.GetNotice()
		case *eventv1.Event_NoticeRevoked:
			notice = body.NoticeRevoked.GetNotice()
		case *eventv1.Event_NoticeShortened:
			notice = body.NoticeShortened.GetNotice()
		default:
			continue
		}
		n, err := noticeOf(notice, e, zone)
		if err != nil {
			return left, err
		}
		if at, seen := notices[n.ID]; !seen {
			notices[n.ID] = len(left.Notices)
			left.Notices = append(left.Notices, n)
		} else if n.Version > left.Notices[at].Version {
			left.Notices[at] = n
		}
	}
	return left, nil
}

// documentOf is the document of a decision; false when it places none, which
// is also so when no customer was identified.
func documentOf(d *eventv1.SubmissionDecided) (store.Document, bool, error) {
	o := document.Outcome{
		Type: term.InformationType(d.GetInformationType()), Outcome: term.Outcome(d.GetOutcome()), ByOfficer: d.GetByOfficer(),
		Authority: d.GetAuthorityId(), Start: d.GetStartDate(), End: d.GetEndDate(), Note: d.GetNoteForAuthority(),
		Erase: d.GetEraseText(), Policy: d.GetPolicyVersion(),
	}
	if d.GetCrn() == "" || !document.Wanted(o.Outcome, o.ByOfficer) {
		return store.Document{}, false, nil
	}
	for _, r := range d.GetReasons() {
		o.Reasons = append(o.Reasons, term.Reason(r))
	}
	submission, err := clock.IDFromBytes(d.GetSubmissionId())
	if err != nil {
		return store.Document{}, false, fmt.Errorf("submission: %w", err)
	}
	return store.Document{
		ID:  clock.DerivedID(submission, "document/"+strconv.Itoa(int(d.GetVersion()))),
		CRN: d.GetCrn(), Title: o.Title(), Text: o.Text(), Submission: submission,
		Officer: d.GetOfficerId(), CreatedAt: d.GetDecidedAt().AsTime(),
	}, true, nil
}

// stateAfter is what each event means for the measure; the state in the event
// says the same and is not needed.
func stateAfter(e *eventv1.Event) term.NoticeState {
	switch e.GetBody().(type) {
	case *eventv1.Event_NoticeRecorded, *eventv1.Event_NoticeExtended:
		return term.NoticeInactive
	case *eventv1.Event_NoticeActivated, *eventv1.Event_NoticeShortened: // it stays in force until its new end
		return term.NoticeActive
	case *eventv1.Event_NoticeEnded:
		return term.NoticeEnded
	default:
		return term.NoticeRevoked
	}
}

func noticeOf(c *eventv1.NoticeChange, e *eventv1.Event, zone *time.Location) (store.Notice, error) {
	id, err := clock.IDFromBytes(c.GetNoticeId())
	if err != nil {
		return store.Notice{}, fmt.Errorf("notice: %w", err)
	}
	start, err := calendar.ParseDate(c.GetStartDate())
	if err != nil {
		return store.Notice{}, fmt.Errorf("notice %v: start date: %w", id, err)
	}
	end, err := calendar.ParseDate(c.GetEndDate())
	if err != nil {
		return store.Notice{}, fmt.Errorf("notice %v: end date: %w", id, err)
	}
	if c.GetCrn() == "" || c.GetVersion() < 1 {
		return store.Notice{}, fmt.Errorf("notice %v: no CRN or no version", id)
	}
	n := store.Notice{CRN: c.GetCrn(), Authority: c.GetAuthorityId(), Version: c.GetVersion()}
	n.Notice = measure.Notice{ID: id, Measure: term.Measure(c.GetMeasure()), State: stateAfter(e), Start: start, End: end}
	if n.State == term.NoticeRevoked {
		at := e.GetOccurredAt().AsTime()
		if revoked := e.GetNoticeRevoked().GetRevokedAt(); revoked != nil {
			at = revoked.AsTime()
		}
		day := calendar.FromTime(at, zone)
		n.Revoked = &day
	}
	return n, nil
}
