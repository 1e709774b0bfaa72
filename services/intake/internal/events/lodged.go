// Package events turns intake's facts into events and others' events into
// intake's facts. Nothing else in intake but package api knows their encoding.
package events

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/intake/internal/commit"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// schemaVersion of the events this service writes and understands.
const schemaVersion = 1

// lodgedPerPacket keeps messages of lodged submissions well below the broker's
// limit of 8 MiB: 100 of the largest the contract allows are about 1 MiB.
const lodgedPerPacket = 100

// Pack makes the outbox rows that announce a batch as lodged. The messages are
// allocated in slabs: this runs for every submission.
func Pack(batch []*commit.Lodgement) []outbox.Row {
	slab := make([]lodgedParts, len(batch))
	events := make([]*eventv1.Event, len(batch))
	for i, l := range batch {
		events[i] = slab[i].event(l.Submission, l.Traceparent, false)
	}
	return packet.Rows(subject.Lodged, events, lodgedPerPacket)
}

// Reannounce makes the outbox rows that announce submissions again because
// nothing was heard of them. The event ids are those of the first time.
func Reannounce(submissions []lodging.Submission) []outbox.Row {
	slab := make([]lodgedParts, len(submissions))
	events := make([]*eventv1.Event, len(submissions))
	for i := range submissions {
		events[i] = slab[i].event(&submissions[i], "", true)
	}
	return packet.Rows(subject.Lodged, events, lodgedPerPacket)
}

type lodgedParts struct {
	body   eventv1.SubmissionLodged
	holder eventv1.Event_SubmissionLodged
	at     timestamppb.Timestamp
	whole  eventv1.Event
}

func (p *lodgedParts) event(s *lodging.Submission, traceparent string, again bool) *eventv1.Event {
	p.at.Seconds, p.at.Nanos = s.LodgedAt.Unix(), int32(s.LodgedAt.Nanosecond())
	p.body.SubmissionId = s.SubmissionID[:]
	p.body.AuthorityId = s.AuthorityID
	p.body.BusinessFunction = eventv1.BusinessFunction(s.Function)
	p.body.Jurisdiction = eventv1.Jurisdiction(s.Jurisdiction)
	p.body.LodgedAt = &p.at
	p.body.Lane = s.Lane
	p.body.Submission = s.Payload
	p.body.Reconcile = again
	p.holder.SubmissionLodged = &p.body
	p.whole.Id = s.SubmissionID[:]
	p.whole.SchemaVersion = schemaVersion
	p.whole.OccurredAt = &p.at
	p.whole.Traceparent = traceparent
	p.whole.Body = &p.holder
	return &p.whole
}

// Withdrawal makes the outbox rows that announce a request to take a submission back.
func Withdrawal(w store.Withdrawal, traceparent string) []outbox.Row {
	return packet.Rows(subject.Lodged, []*eventv1.Event{{
		Id: w.ID[:], SchemaVersion: schemaVersion, OccurredAt: timestamppb.New(w.RequestedAt), Traceparent: traceparent,
		Body: &eventv1.Event_WithdrawalRequested{WithdrawalRequested: &eventv1.WithdrawalRequested{
			AuthorityId: w.AuthorityID, Reference: w.Reference, Note: w.Note,
		}},
	}}, lodgedPerPacket)
}
