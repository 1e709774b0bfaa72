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
func Notifications(c Cause, changes []CustomerChange, inForce map[string][]store.InForce) []outbox.Row {
	if len(inForce) == 0 {
		return nil
	}
	var list []*eventv1.Event
	for i := range changes {
		ch := &changes[i]
		if len(ch.Before) == 0 || len(inForce[ch.CRN]) == 0 {
			continue
		}
		for _, n := range inForce[ch.CRN] {
			list = appendNotification(list, n, ch.CRN, ch.Version, ch.Changed, c)
		}
	}
	return notified(list)
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
