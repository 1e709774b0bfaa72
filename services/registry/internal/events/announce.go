// Package events translates between the facts on the bus and the registry's
// rules: it announces changes of customers and authorities, and reads decided
// submissions and notice events into documents and notices.
package events

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// schemaVersion of the events made and understood here.
const schemaVersion = 1

// One message holds at most this many changes of customers, and no more than
// about this many bytes of them: well below the bus's limit of 1 MiB a message.
const (
	maxChanges = 100
	maxBytes   = 256 << 10
)

// Cause is what all events of one call share.
type Cause struct {
	// At is the business time.
	At time.Time
	// Traceparent of the call; may be empty.
	Traceparent string
}

func (c Cause) event() *eventv1.Event {
	id := clock.NewID(c.At)
	return &eventv1.Event{Id: id[:], SchemaVersion: schemaVersion, OccurredAt: timestamppb.New(c.At), Traceparent: c.Traceparent}
}

// CustomerChange is a changed record, before and after as it travels.
type CustomerChange struct {
	CRN           string
	Version       int64
	Changed       []string
	Before, After []byte
	// Actor who changed it.
	Actor string
	// Restricted is true while access to the record is restricted, before the change
	// or after it.
	Restricted bool
	// Opened is true when the change ended the restriction.
	Opened bool
}

// Customers announces changed records, packed.
func Customers(c Cause, changes []CustomerChange) []outbox.Row {
	var rows []outbox.Row
	batch := make([]*eventv1.Event, 0, min(len(changes), maxChanges))
	size := 0
	flush := func() {
		if len(batch) > 0 {
			rows = append(rows, packet.Rows(subject.Customer, batch, maxChanges)...)
		}
		batch, size = batch[:0], 0
	}
	for _, ch := range changes {
		n := len(ch.Before) + len(ch.After)
		if size+n > maxBytes {
			flush()
		}
		size += n
		e := c.event()
		e.Body = &eventv1.Event_CircumstanceChanged{CircumstanceChanged: &eventv1.CircumstanceChanged{
			Crn: ch.CRN, RecordVersion: ch.Version, Changed: ch.Changed, Before: ch.Before, After: ch.After, Actor: ch.Actor,
		}}
		batch = append(batch, e)
	}
	flush()
	return rows
}

// Authorities announces added and changed authorities, packed.
func Authorities(c Cause, changed []store.Authority) []outbox.Row {
	list := make([]*eventv1.Event, 0, len(changed))
	for _, a := range changed {
		e := c.event()
		e.Body = &eventv1.Event_AuthorityChanged{AuthorityChanged: &eventv1.AuthorityChanged{
			AuthorityId: a.ID, Name: a.Name, BusinessFunction: eventv1.BusinessFunction(a.Function),
			Jurisdiction: eventv1.Jurisdiction(a.Jurisdiction), Enabled: a.Enabled, RecordVersion: a.Version,
			ReportsFrom: a.ReportsFrom.String(),
		}}
		list = append(list, e)
	}
	if len(list) == 0 {
		return nil
	}
	return packet.Rows(subject.Authority, list, maxChanges)
}

const (
	measurePart = "register_measure"
	versionPart = "record_version"
)

// Changed names the parts of a record in which two records differ, in the
// order of the contract, such as "addresses" or "payments".
func Changed(before, after *registryv1.Customer) []string {
	var parts []string
	b, a := before.ProtoReflect(), after.ProtoReflect()
	fields := a.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		if f.Name() == versionPart || (!b.Has(f) && !a.Has(f)) {
			continue
		}
		if b.Has(f) != a.Has(f) || !b.Get(f).Equal(a.Get(f)) {
			parts = append(parts, string(f.Name()))
		}
	}
	return parts
}
