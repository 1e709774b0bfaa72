package packet

import (
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/proto/subject"
)

// Peer is what a service, or the courier, may do on the bus, as proto/subject
// declares; it has no key yet. A service that is not declared may do nothing.
func Peer(service string) bus.Peer {
	p := bus.Peer{Name: service}
	if service == subject.Courier {
		p.Declares = All()
		return p
	}
	for _, s := range subject.Streams() {
		if s.Publisher == service {
			p.Publishes = append(p.Publishes, Streams(s.Name)...)
		}
		for _, c := range s.Consumers {
			if c.Service == service {
				p.Consumes = append(p.Consumes, bus.Task{Stream: s.Name, Consumer: c.Name})
			}
		}
	}
	return p
}

// Peers are all clients of the bus: the services that use it, then the courier.
func Peers() []bus.Peer {
	var peers []bus.Peer
	for _, service := range subject.Services() {
		peers = append(peers, Peer(service))
	}
	return append(peers, Peer(subject.Courier))
}
