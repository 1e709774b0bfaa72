package events

import (
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/inbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// unordered: no event here has to wait for another one. One that cannot be
// applied is parked alone.
func unordered(*eventv1.Event) string { return "" }

var (
	decode       = packet.Decode(unordered)
	decodeParked = packet.DecodeParked(unordered)
)

// DecodeDecided reads a message of decided events and keeps what concerns this
// service: outcomes, announcements, and events of unknown kinds, which come
// refused and wait for a newer program.
func (h *Handlers) DecodeDecided(d bus.Delivery) ([]inbox.Event, error) {
	all, err := decode(d)
	if err != nil {
		return nil, err
	}
	kept := all[:0]
	for _, e := range all {
		event, _ := e.Value.(*eventv1.Event)
		switch event.GetBody().(type) {
		case *eventv1.Event_SubmissionDecided, *eventv1.Event_SubmissionUnprocessed, nil:
			kept = append(kept, e)
		}
	}
	return kept, nil
}

// DecodeAuthorities reads a message of authority events.
func (h *Handlers) DecodeAuthorities(d bus.Delivery) ([]inbox.Event, error) { return decode(d) }

// DecodeParked reads a parked event of any of these.
func (h *Handlers) DecodeParked(data []byte) (inbox.Event, error) { return decodeParked(data) }
