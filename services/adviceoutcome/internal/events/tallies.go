package events

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

func (h *Handlers) openOf(u *eventv1.SubmissionUnprocessed) (store.Open, error) {
	id, err := clock.IDFromBytes(u.GetSubmissionId())
	if err != nil || u.GetAuthorityId() == "" || u.GetDecidedAt() == nil {
		return store.Open{}, fault.New(fault.Invalid, "EVENT_INVALID", "unprocessed event of submission %s lacks its id, authority or time", id).Wrap(err)
	}
	return store.Open{
		SubmissionID: id, AuthorityID: u.GetAuthorityId(),
		Since:      calendar.FromTime(u.GetDecidedAt().AsTime(), h.Zone),
		HubCreated: report.HubCreated(u.GetReference()),
	}, nil
}

// DecodeTally reads the headers of a lodged message; its body holds personal
// data and never comes here. A message without the header counts nothing.
func (h *Handlers) DecodeTally(d bus.Delivery) ([]inbox.Event, error) {
	header := d.Headers[subject.HeaderTally]
	if header == "" {
		return nil, nil
	}
	id, err := clock.ParseID(d.ID)
	if err != nil {
		return nil, fault.New(fault.Invalid, "EVENT_INVALID", "a lodged message has no proper id").Wrap(err)
	}
	event, err := h.DecodeParkedTally([]byte(id.String() + " " + header))
	if err != nil {
		return nil, err
	}
	return []inbox.Event{event}, nil
}

// DecodeParkedTally reads what DecodeTally put into Event.Data: the message's id
// and its header. The id tells the business time of the transaction that lodged.
func (h *Handlers) DecodeParkedTally(data []byte) (inbox.Event, error) {
	text, header, _ := strings.Cut(string(data), " ")
	id, err := clock.ParseID(text)
	if err != nil {
		return inbox.Event{}, fault.New(fault.Invalid, "EVENT_INVALID", "a tally has no proper id").Wrap(err)
	}
	counts, err := parseTally(header)
	if err != nil {
		return inbox.Event{}, fault.New(fault.Invalid, "EVENT_INVALID", "tally of message %s cannot be read", id).Wrap(err)
	}
	day := calendar.FromTime(id.Time(), h.Zone)
	for i := range counts {
		counts[i].Day = day
	}
	return inbox.Event{ID: id, Data: data, Value: counts}, nil
}

func parseTally(header string) ([]store.Lodged, error) {
	var counts []store.Lodged
	for part := range strings.SplitSeq(header, ",") {
		authority, number, ok := strings.Cut(strings.TrimSpace(part), "=")
		n, err := strconv.ParseInt(number, 10, 64)
		if !ok || authority == "" || err != nil || n < 0 {
			return nil, fmt.Errorf("%.60q is not authority=count", part)
		}
		counts = append(counts, store.Lodged{AuthorityID: authority, Submissions: n})
	}
	return counts, nil
}

// Lodged adds a batch of tallies to the days' counts.
func (h *Handlers) Lodged(ctx context.Context, tx pgx.Tx, events []inbox.Event) (inbox.Effects, error) {
	type key struct {
		authority string
		day       calendar.Date
	}
	sums := make(map[key]int64)
	for _, e := range events {
		counts, ok := e.Value.([]store.Lodged)
		if !ok {
			return inbox.Effects{}, fault.New(fault.Internal, "EVENT_INVALID", "event %s is no tally", e.ID)
		}
		for _, c := range counts {
			sums[key{c.AuthorityID, c.Day}] += c.Submissions
		}
	}
	counts := make([]store.Lodged, 0, len(sums))
	for k, n := range sums {
		counts = append(counts, store.Lodged{AuthorityID: k.authority, Day: k.day, Submissions: n})
	}
	return inbox.Effects{}, h.Store.CountLodged(ctx, tx, counts)
}
