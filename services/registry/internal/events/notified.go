package events

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// told are the parts of a record whose change the authority with a notice in
// force is told of (rules 2), by what it is told.
var told = []struct {
	part string
	kind eventv1.CircumstanceKind
}{
	{"addresses", eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_ADDRESS},
	{"partner_crn", eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_PARTNER},
	{"children", eventv1.CircumstanceKind_CIRCUMSTANCE_KIND_CHILDREN},
}

// toldParts are their names, as the store looks for them.
var toldParts = func() []string {
	var parts []string
	for _, t := range told {
		parts = append(parts, t.part)
	}
	return parts
}()

func kindsOf(changed []string) []eventv1.CircumstanceKind {
	var kinds []eventv1.CircumstanceKind
	for _, t := range told {
		if slices.Contains(changed, t.part) {
			kinds = append(kinds, t.kind)
		}
	}
	return kinds
}

// Notifications tells the authorities whose notices are in force, by CRN, of
// changed circumstances. A new record changed nothing that was known before.
//
// Of a restricted record nothing is told, not even which part changed, for that is
// of the record (rules 2.2, invariant I25); to the authority that looks as if
// nothing had. What was withheld is told once the restriction ends (opened), and
// is on the audit record until then.
func Notifications(c Cause, changes []CustomerChange, inForce map[string][]store.InForce) []outbox.Row {
	if len(inForce) == 0 {
		return nil
	}
	var list []*eventv1.Event
	for i := range changes {
		ch := &changes[i]
		if len(ch.Before) == 0 || len(inForce[ch.CRN]) == 0 || ch.Restricted {
			continue
		}
		for _, n := range inForce[ch.CRN] {
			list = appendNotification(list, n, ch.CRN, ch.Version, ch.Changed, c)
		}
	}
	return notified(list)
}

// withheld are the changes the authority with a notice in force is not told of.
func withheld(changes []CustomerChange, inForce map[string][]store.InForce) []store.Withheld {
	var list []store.Withheld
	for i := range changes {
		ch := &changes[i]
		if !ch.Restricted || ch.Opened || len(ch.Before) == 0 || len(kindsOf(ch.Changed)) == 0 {
			continue
		}
		for _, n := range inForce[ch.CRN] {
			list = append(list, store.Withheld{InForce: n, CRN: ch.CRN, Version: ch.Version})
		}
	}
	return list
}

// opened tells of what was withheld while records were restricted that are no longer.
func (b *Book) opened(ctx context.Context, st *store.Store, tx pgx.Tx) ([]outbox.Row, error) {
	var ended []store.Activated
	for i := range b.changes {
		ch := &b.changes[i]
		p := b.pages[ch.CRN]
		if ch.Opened && !p.customer.GetRestrictedAccess() && p.locked != nil && p.locked.InForce != nil && b.today <= p.locked.InForce.LastDay {
			ended = append(ended, store.Activated{Notice: p.locked.InForce.Notice, CRN: ch.CRN})
		}
	}
	if len(ended) == 0 {
		return nil, nil
	}
	versions, err := st.SinceRestricted(ctx, tx, ended, toldParts)
	if err != nil {
		return nil, err
	}
	var list []*eventv1.Event
	for i := range versions {
		v := &versions[i]
		if day := calendar.FromTime(v.RecordedAt, b.zone); v.FirstDay <= day && day <= v.LastDay {
			list = appendNotification(list, v.InForce, v.CRN, v.Version, v.Changed, Cause{At: v.RecordedAt, Traceparent: b.cause.Traceparent})
		}
	}
	return notified(list), nil
}

// missed tells of changes recorded since the notices of the batch came into
// force, perhaps before that was known here. One told of already has the same
// id. Zone is the agency's: a notice is in force to the end of its last day there.
func missed(ctx context.Context, st *store.Store, tx pgx.Tx, events []inbox.Event, zone *time.Location) ([]outbox.Row, error) {
	var activated []store.Activated
	seen := make(map[clock.ID]bool)
	for _, in := range events {
		e, ok := in.Value.(*eventv1.Event)
		if !ok || e.GetNoticeActivated() == nil {
			continue
		}
		n := e.GetNoticeActivated().GetNotice()
		id, err := clock.IDFromBytes(n.GetNoticeId())
		if err != nil {
			return nil, fmt.Errorf("notice: %w", err)
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		activated = append(activated, store.Activated{Notice: id, CRN: n.GetCrn(), At: e.GetOccurredAt().AsTime()})
	}
	if len(activated) == 0 {
		return nil, nil
	}
	versions, err := st.Missed(ctx, tx, activated, toldParts)
	if err != nil {
		return nil, err
	}
	var list []*eventv1.Event
	for i := range versions {
		v := &versions[i]
		if calendar.FromTime(v.RecordedAt, zone) <= v.LastDay {
			list = appendNotification(list, v.InForce, v.CRN, v.Version, v.Changed, Cause{At: v.RecordedAt})
		}
	}
	return notified(list), nil
}

func notified(list []*eventv1.Event) []outbox.Row {
	if len(list) == 0 {
		return nil
	}
	return packet.Rows(subject.Notified, list, maxChanges)
}

// appendNotification adds the notification of a version of a record, unless
// none of what changed concerns the authority.
func appendNotification(list []*eventv1.Event, n store.InForce, crn string, version int64, changed []string, c Cause) []*eventv1.Event {
	kinds := kindsOf(changed)
	if len(kinds) == 0 {
		return list
	}
	id := clock.DerivedID(n.Notice, fmt.Sprintf("circumstances/%d", version))
	return append(list, &eventv1.Event{
		Id: id[:], SchemaVersion: schemaVersion, OccurredAt: timestamppb.New(c.At), Traceparent: c.Traceparent,
		Body: &eventv1.Event_CircumstancesNotified{CircumstancesNotified: &eventv1.CircumstancesNotified{
			NotificationId: id[:], AuthorityId: n.Authority, Crn: crn, NoticeId: n.Notice[:], Kinds: kinds, ChangedAt: timestamppb.New(c.At),
		}},
	})
}
