package events

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// decodeNotified keeps what authorities are told beside decisions.
var decodeNotified = packet.Only(unordered, "circumstances_notified")

// DecodeNotified reads a message of what authorities are told beside decisions.
// Other facts are not for this service; unknown ones come refused and wait.
func (h *Handlers) DecodeNotified(d bus.Delivery) ([]inbox.Event, error) { return decodeNotified(d) }

// Notified applies a batch of notifications: a line for each in its authority's
// next report. They are no outcomes, so no outcome is told of.
func (h *Handlers) Notified(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	var effects inbox.Effects
	notified := make([]announced, 0, len(events))
	seen := make(map[clock.ID]bool, len(events))
	for _, e := range events {
		body := e.Value.(*eventv1.Event).GetCircumstancesNotified()
		if body == nil {
			continue
		}
		entry, err := notificationOf(body)
		if err != nil {
			return effects, err
		}
		if !seen[entry.SubmissionID] {
			seen[entry.SubmissionID] = true
			notified = append(notified, announced{entry, e})
		}
	}
	if _, err := h.record(ctx, tx, notified, &effects); err != nil {
		return effects, err
	}
	crashpoint.Here("advice.before-commit")
	return effects, nil
}

// notificationOf is the line of a notification: nothing was lodged or decided,
// so both times are when the change was recorded. The kind of change is all it
// says; a kind this program does not know waits for one that does.
func notificationOf(n *eventv1.CircumstancesNotified) (store.Entry, error) {
	id, err := clock.IDFromBytes(n.GetNotificationId())
	kinds := make([]report.Circumstance, len(n.GetKinds()))
	for i, k := range n.GetKinds() {
		kinds[i] = report.Circumstance(k)
	}
	note, known := report.ChangeNote(kinds)
	if err != nil || id.IsZero() || n.GetAuthorityId() == "" || n.GetCrn() == "" || n.GetChangedAt() == nil || !known {
		return store.Entry{}, fault.New(fault.Invalid, "EVENT_INVALID", "notification %s cannot be recorded: id, authority, CRN, time or kinds are not right", id).Wrap(err)
	}
	at := n.GetChangedAt().AsTime()
	return store.Entry{
		SubmissionID: id, AuthorityID: n.GetAuthorityId(), Reference: report.ChangeReference(id), InformationType: term.ChangeOfCircumstances,
		CRN: n.GetCrn(), LodgedAt: at, DecidedAt: at, Note: note,
	}, nil
}
