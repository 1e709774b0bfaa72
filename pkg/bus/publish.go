package bus

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/noticehub/noticehub/pkg/fault"
)

// HeaderID carries Message.ID. The broker's own header cannot: it must differ
// between publications of one message (see Message.Attempt).
const HeaderID = "Message-Id"

// Message is what is published.
type Message struct {
	// ID identifies the message for ever; consumers apply each id once.
	ID string
	// Attempt distinguishes publications of the same message. The broker drops a
	// message whose ID and Attempt it saw within two minutes, even if it has lost
	// the message since or a consumer was made anew; so a message that must get
	// through again needs another Attempt.
	Attempt string
	// Stream that must take it; empty means whichever has the subject, and is
	// refused on a bus with walls.
	Stream string
	// Subject it goes to.
	Subject string
	// Headers travel beside the body; may be nil.
	Headers map[string]string
	// Data is the body.
	Data []byte
}

// Ack is the broker's answer to one message.
type Ack struct {
	// Sequence in the stream.
	Sequence uint64
	// Duplicate tells that the broker had it already, at Sequence.
	Duplicate bool
	// Err is why it is not known to be stored: Exhausted when the stream is full,
	// else Unavailable or, for a message that can never be taken, Invalid.
	Err error

	silent bool // a living stream would have answered
}

// Codes of the API that say a message was not stored.
const (
	codeStoreFailed           jetstream.ErrorCode = 10077
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStorageExceeded       jetstream.ErrorCode = 10047
)

// Publish sends messages without waiting between them and returns when each is
// answered or timed out. The answers are in the order of the messages. The
// error is not nil only when ctx ended before; messages without an answer may
// or may not have been stored.
func (b *Bus) Publish(ctx context.Context, msgs []Message) ([]Ack, error) {
	acks := make([]Ack, len(msgs))
	futures := make([]jetstream.PubAckFuture, len(msgs))
	for i, m := range msgs {
		header := nats.Header{HeaderID: {m.ID}, jetstream.MsgIDHeader: {m.ID + m.Attempt}}
		if m.Stream == "" && b.peer != nil {
			acks[i].Err = fault.New(fault.Invalid, "MESSAGE_INVALID", "the message does not name its stream, so nobody would take it for genuine")
			continue
		}
		if m.Stream != "" {
			header[jetstream.ExpectedStreamHeader] = []string{m.Stream}
		}
		for k, v := range m.Headers {
			header[k] = []string{v}
		}
		futures[i], acks[i].Err = b.js.PublishMsgAsync(&nats.Msg{Subject: m.Subject, Header: header, Data: m.Data})
	}
	for i, future := range futures {
		if acks[i].Err == nil {
			select {
			case ack := <-future.Ok():
				acks[i].Sequence, acks[i].Duplicate = ack.Sequence, ack.Duplicate
				b.noteAck(ack.Stream, ack.Sequence)
				continue
			case acks[i].Err = <-future.Err():
			case <-ctx.Done():
				for ; i < len(acks); i++ {
					acks[i].Err = ctx.Err()
				}
				return acks, ctx.Err()
			}
		}
		acks[i].silent = isSilent(acks[i].Err)
		acks[i].Err = publishFault(acks[i].Err)
	}
	b.noteAnswers(msgs, acks)
	return acks, nil
}

func publishFault(err error) error {
	var api *jetstream.APIError
	switch {
	case errors.As(err, &api) && isFull(api):
		return fault.New(fault.Exhausted, "BUS_FULL", "the stream is full").Wrap(err)
	case fault.Is(err, fault.Invalid):
		return err
	case errors.Is(err, nats.ErrMaxPayload), errors.Is(err, nats.ErrBadSubject):
		return fault.New(fault.Invalid, "MESSAGE_INVALID", "the bus can never take this message").Wrap(err)
	default:
		return unavailable("the message was not confirmed", err)
	}
}

// noteAck keeps the highest sequence told for a stream, so that Floor can see
// when a stream goes back.
func (b *Bus) noteAck(stream string, sequence uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acked[stream] = max(b.acked[stream], sequence)
}
