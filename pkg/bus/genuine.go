package bus

import "github.com/nats-io/nats.go/jetstream"

// genuine reports whether a message is of the subscription's consumer and was
// published to its stream by somebody who may. Permissions do not say so alone:
// the server delivers to whatever reply subject a request names, so a client
// could have messages of a stream it consumes put into another stream, or into
// somebody's inbox. Publish names the stream in a header, which the server
// compares when it stores: a message from elsewhere has another name, or none.
func (s *subscription) genuine(d Delivery) bool {
	if d.Stream == s.options.Stream && d.consumer == s.options.Consumer && d.Headers[jetstream.ExpectedStreamHeader] == d.Stream {
		return true
	}
	s.bus.metrics.forged.WithLabelValues(s.options.Consumer).Inc()
	s.bus.log.Error("a forged message was thrown away", "consumer", s.options.Consumer, "stream", d.Stream, "sequence", d.Sequence)
	if d.Stream == s.options.Stream && d.consumer == s.options.Consumer {
		_ = s.bus.nc.Publish(d.reply, term) // it would come again for ever
	}
	return false
}
