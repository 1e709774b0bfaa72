package events

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/facts"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// noticeKinds are the events of the stream of decisions that matter here.
var noticeKinds = []protoreflect.Name{
	"notice_recorded", "notice_activated", "notice_extended", "notice_shortened", "notice_ended", "notice_revoked", "revocation_received",
}

// noticeOf is the notice of a notice event; nil for other events.
func noticeOf(e *eventv1.Event) *eventv1.NoticeChange {
	switch body := e.GetBody().(type) {
	case *eventv1.Event_NoticeRecorded:
		return body.NoticeRecorded.GetNotice()
	case *eventv1.Event_NoticeActivated:
		return body.NoticeActivated.GetNotice()
	case *eventv1.Event_NoticeExtended:
		return body.NoticeExtended.GetNotice()
	case *eventv1.Event_NoticeShortened:
		return body.NoticeShortened.GetNotice()
	case *eventv1.Event_NoticeEnded:
		return body.NoticeEnded.GetNotice()
	case *eventv1.Event_NoticeRevoked:
		return body.NoticeRevoked.GetNotice()
	}
	return nil
}

// revoked is a revocation that arrived, with the items it raises.
type revoked struct {
	by     cause
	raises []catalogue.Raise
}

// applyNotices keeps what became of notices and who must not see whom, and raises
// the items of revocations.
// The result depends only on which events were applied, not on their order or
// number.
func (g *Generator) applyNotices(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	notices, revocations, err := g.readNotices(events)
	if err != nil {
		return inbox.Effects{}, err
	}
	conflicts, err := conflictsOf(events)
	if err != nil {
		return inbox.Effects{}, err
	}
	if err := g.Store.KeepConflicts(ctx, tx, conflicts); err != nil {
		return inbox.Effects{}, err
	}
	q := &store.Question{}
	for i := range revocations {
		r := &revocations[i]
		q.CRNs = append(q.CRNs, r.by.crn)
		for j := range r.raises {
			q.Occurrences = append(q.Occurrences, keyOfRaise(r.by.crn, &r.raises[j]))
		}
	}
	slices.Sort(q.CRNs)
	q.CRNs = slices.Compact(q.CRNs)
	answer, err := g.Store.Ask(ctx, tx, q)
	if err != nil {
		return inbox.Effects{}, err
	}
	l := newLedger(g.now(), answer)
	l.work.Notices = notices
	for i := range revocations {
		r := &revocations[i]
		r.by.office = answer.Customers[r.by.crn].Office
		for j := range r.raises {
			l.raise(r.by, &r.raises[j])
		}
	}
	crashpoint.Here("workitems.mid-transaction")
	if _, err := g.Store.Write(ctx, tx, &l.work); err != nil {
		return inbox.Effects{}, err
	}
	effects := inbox.Effects{Outbox: l.rows(nil)}
	until := g.localDay(l.work.At).Add(g.Catalogue.EndingDays())
	if slices.ContainsFunc(notices, func(n store.Notice) bool {
		return n.State == term.NoticeActive && n.Measure == term.CPeIM && n.End <= until
	}) {
		effects.After = g.ending.Kick
	}
	return effects, nil
}

// readNotices gathers a batch: each notice once with its highest version, and
// the revocations that raise something.
func (g *Generator) readNotices(events []inbox.Event) (notices []store.Notice, revocations []revoked, err error) {
	at := make(map[clock.ID]int)
	for i := range events {
		e, ok := events[i].Value.(*eventv1.Event)
		if !ok {
			return nil, nil, fmt.Errorf("event %v was not decoded", events[i].ID)
		}
		if body := e.GetRevocationReceived(); body != nil {
			r, err := g.revocation(&events[i], body)
			if err != nil {
				return nil, nil, err
			}
			if len(r.raises) > 0 {
				revocations = append(revocations, r)
			}
			continue
		}
		change := noticeOf(e)
		if change == nil {
			if slices.Contains(noticeKinds, bodyOf(e)) {
				return nil, nil, fault.New(fault.Invalid, "EVENT_INVALID", "a notice event without its notice")
			}
			continue
		}
		n, err := noticeFrom(change)
		if err != nil {
			return nil, nil, err
		}
		if place, seen := at[n.ID]; !seen {
			at[n.ID] = len(notices)
			notices = append(notices, n)
		} else if n.Version > notices[place].Version {
			notices[place] = n
		}
	}
	return notices, revocations, nil
}

func bodyOf(e *eventv1.Event) protoreflect.Name {
	m := e.ProtoReflect()
	if f := m.WhichOneof(m.Descriptor().Oneofs().ByName("body")); f != nil {
		return f.Name()
	}
	return ""
}

func noticeFrom(n *eventv1.NoticeChange) (store.Notice, error) {
	id, err := clock.IDFromBytes(n.GetNoticeId())
	if err != nil {
		return store.Notice{}, fmt.Errorf("notice: %w", err)
	}
	start, err := calendar.ParseDate(n.GetStartDate())
	if err != nil {
		return store.Notice{}, fmt.Errorf("notice %v: start date: %w", id, err)
	}
	end, err := calendar.ParseDate(n.GetEndDate())
	if err != nil {
		return store.Notice{}, fmt.Errorf("notice %v: end date: %w", id, err)
	}
	state := term.NoticeState(n.GetState())
	if id.IsZero() || n.GetCrn() == "" || n.GetVersion() < 1 || state.String() == "" || term.Measure(n.GetMeasure()).String() == "" {
		return store.Notice{}, fault.New(fault.Invalid, "EVENT_INVALID", "notice %v: no CRN, version, measure or known state", id)
	}
	return store.Notice{
		ID: id, CRN: n.GetCrn(), AuthorityID: n.GetAuthorityId(), Measure: term.Measure(n.GetMeasure()),
		State: state, Start: start, End: end, Version: n.GetVersion(),
	}, nil
}

// revocation works out what a notice to revoke raises. The notice in it is as it
// was before; what became of it is told by its own events.
func (g *Generator) revocation(in *inbox.Event, body *eventv1.RevocationReceived) (revoked, error) {
	n, err := noticeFrom(body.GetNotice())
	if err != nil {
		return revoked{}, err
	}
	submission, err := clock.IDFromBytes(body.GetSubmissionId())
	if err != nil || submission.IsZero() {
		return revoked{}, fault.New(fault.Invalid, "EVENT_INVALID", "a revocation without its submission").Wrap(err)
	}
	lodged, err := calendar.ParseDate(body.GetLodgedOn())
	if err != nil {
		return revoked{}, fmt.Errorf("revocation %v: lodged on: %w", submission, err)
	}
	r := revoked{by: cause{crn: n.CRN, event: in.ID, trace: in.Traceparent}}
	err = g.withEvaluator(func(ev *catalogue.Evaluator) (err error) {
		r.raises, err = ev.Revoked(&facts.Revocation{
			NoticeID: n.ID.String(), SubmissionID: submission.String(), CRN: n.CRN, Measure: n.Measure.String(),
			LodgedOn: int64(lodged), EndOn: int64(n.End), DaysLeft: int64(n.End - lodged),
			ContinuationExists: body.GetContinuationExists(), OtherAuthorityNotice: body.GetOtherAuthorityNoticeExists(),
		})
		return err
	})
	return r, err
}
