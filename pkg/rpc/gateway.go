package rpc

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"

	"connectrpc.com/connect"
	"connectrpc.com/vanguard"
	"connectrpc.com/vanguard/vanguardgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
)

// This file is all that knows connectrpc.com/vanguard, which is before its 1.0.
// What it translates: REST by the contract's google.api.http annotations,
// Connect and gRPC-Web, to gRPC. What it cannot: server streams by REST.

// JSON must be known to gRPC too, so that JSON requests pass through as they are.
func init() { encoding.RegisterCodec(vanguardgrpc.NewCodec(strictJSON)) }

// newGateway serves web's services by all protocols; unknown gets requests that
// are for none of them. limit bounds decompressed requests, in bytes.
func newGateway(web *grpc.Server, unknown http.Handler, limit int) (http.Handler, error) {
	gateway, err := vanguardgrpc.NewTranscoder(web,
		vanguard.WithUnknownHandler(unknown),
		vanguard.WithCodec(func(vanguard.TypeResolver) vanguard.Codec { return strictJSON }),
		vanguard.WithCompression(vanguard.CompressionGzip,
			func() connect.Compressor { return gzip.NewWriter(io.Discard) },
			func() connect.Decompressor { return &boundedGzip{limit: limit} }),
		vanguard.WithDefaultServiceOptions(
			// The bound counts for replies as well; requests have their own, smaller one.
			vanguard.WithMaxMessageBufferBytes(maxReply),
			// Bodies are decompressed here, within limit, not by gRPC.
			vanguard.WithNoTargetCompression(),
		),
	)
	if err != nil {
		return nil, fmt.Errorf("serve REST and Connect: %w", err)
	}
	return gateway, nil
}

// jsonCodec is strict and tells what is wrong in the hub's own words.
type jsonCodec struct{ vanguard.JSONCodec }

var strictJSON = jsonCodec{vanguard.JSONCodec{MarshalOptions: writeJSON, UnmarshalOptions: readJSON}}

// Unmarshal reads data into m: for gRPC an inbound, which keeps the fault, else
// for vanguard, which wants its kind of error.
func (jsonCodec) Unmarshal(data []byte, m proto.Message) error {
	in, isInbound := m.(*inbound)
	if isInbound {
		in.problem = unmarshalJSON(data, in.Message)
		return nil
	}
	if err := unmarshalJSON(data, m); err != nil {
		return connectError(err)
	}
	return nil
}

// boundedGzip refuses to decompress more than limit bytes of one message.
type boundedGzip struct {
	gzip.Reader
	limit, read int
}

func (g *boundedGzip) Reset(r io.Reader) error {
	g.read = 0
	return badGzip(g.Reader.Reset(r))
}

func (g *boundedGzip) Read(p []byte) (int, error) {
	n, err := g.Reader.Read(p)
	if g.read += n; g.read > g.limit {
		return 0, connectError(tooLarge(g.limit))
	}
	return n, badGzip(err)
}

func badGzip(err error) error {
	var told *connect.Error                                   // by a body that is not to be read
	if err == nil || err == io.EOF || errors.As(err, &told) { //nolint:errorlint // readers return it bare
		return err
	}
	return connectError(fault.New(fault.Invalid, "COMPRESSION_INVALID", "the body is not valid gzip"))
}

// writeConnect answers a unary Connect request with err.
func writeConnect(w http.ResponseWriter, r *http.Request, err error) {
	_ = connect.NewErrorWriter().Write(w, r, connectError(err)) // the caller may have gone
}

// connectError is the status of err in vanguard's terms.
func connectError(err error) error {
	st := status.Convert(Status(err))
	c := connect.NewError(connect.Code(st.Code()), errors.New(st.Message()))
	for _, detail := range st.Details() {
		m, ok := detail.(proto.Message)
		if !ok {
			continue
		}
		if d, err := connect.NewErrorDetail(m); err == nil {
			c.AddDetail(d)
		}
	}
	return c
}
