package rpc

import (
	"strings"

	"google.golang.org/grpc/encoding"
	protoencoding "google.golang.org/grpc/encoding/proto"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
)

// inbound stands in for a message while it is decoded and keeps what is wrong
// with it. To gRPC an undecodable message is an INTERNAL error that it answers
// by itself, so the hub's codecs never fail on an inbound.
type inbound struct {
	proto.Message
	problem error
}

// protoCodec replaces gRPC's own for the whole process; except for inbounds it
// does the same.
type protoCodec struct{ encoding.CodecV2 }

func init() { encoding.RegisterCodecV2(protoCodec{encoding.GetCodecV2(protoencoding.Name)}) }

func (c protoCodec) Unmarshal(data mem.BufferSlice, v any) error {
	in, ok := v.(*inbound)
	if !ok {
		return c.CodecV2.Unmarshal(data, v)
	}
	if err := c.CodecV2.Unmarshal(data, in.Message); err != nil {
		in.problem = undecodable(err)
	}
	return nil
}

// receive decodes the next message into m with read (a RecvMsg). A message that
// is none becomes Invalid. Errors of read itself, such as that a message is too
// large, are gRPC's: it has told the caller before it returns them.
func receive(read func(any) error, m any) error {
	message, ok := m.(proto.Message)
	if !ok {
		return read(m)
	}
	in := &inbound{Message: message}
	if err := read(in); err != nil {
		return err
	}
	return in.problem
}

// undecodable says what the decoder found; its words name types and fields, no values.
func undecodable(err error) error {
	text := strings.ReplaceAll(err.Error(), "\u00a0", " ") // protobuf-go's mark of unstable wording
	return fault.New(fault.Invalid, "MESSAGE_INVALID", "the message cannot be read: %s", strings.ToValidUTF8(text, "?")).
		WithHelp("Encode the message as the contract's proto files say; text is UTF-8.")
}

func tooLarge(limit int) *fault.Error {
	return fault.New(fault.Exhausted, "MESSAGE_TOO_LARGE", "the message is larger than the %d bytes accepted", limit).
		WithHelp("Send less in one message; sending it again unchanged will fail again.")
}
