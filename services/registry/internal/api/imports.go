package api

import (
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

const (
	// maxRefusals are reported in full, as the contract says; all are counted.
	maxRefusals = 100
	// batchBytes bounds the records of one transaction when they are large.
	batchBytes = 4 << 20
)

// refusals are the records of an import that were refused.
type refusals struct {
	count  int64
	errors []*registryv1.ImportError
}

func (r *refusals) add(position int64, err error) {
	r.count++
	if len(r.errors) < maxRefusals {
		r.errors = append(r.errors, &registryv1.ImportError{Position: position, Error: status.Convert(rpc.Status(err)).Proto()})
	}
}

// each calls f for every message of a client stream with its position, counted from 1.
func each[Req, Res any](stream grpc.ClientStreamingServer[Req, Res], f func(position int64, req *Req) error) error {
	for position := int64(1); ; position++ {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(position, req); err != nil {
			return err
		}
	}
}

// checked reports what is wrong with a message or its record; infrastructure
// trouble is not the record's fault and ends the import.
func checked(m proto.Message, record func() error) (refused, failed error) {
	err := rpc.Validate(m)
	if err == nil {
		err = record()
	}
	if err != nil && !fault.Is(err, fault.Invalid) {
		return nil, err
	}
	return err, nil
}

// ImportCustomers creates or replaces the records of a feed, in transactions
// of some hundred records. When the stream breaks, the batches kept so far
// stay; sending the feed again finds them unchanged.
func (s *Server) ImportCustomers(stream grpc.ClientStreamingServer[registryv1.ImportCustomersRequest, registryv1.ImportCustomersResponse]) error {
	ctx := stream.Context()
	var tally [changed + 1]int64
	var refused refusals
	var batch []incoming
	size := 0
	member := make(map[string]bool)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := s.Outbox.Room(ctx); err != nil {
			return err
		}
		results, err := s.keep(ctx, batch, func(incoming, store.Record, bool) error { return nil })
		if err != nil {
			return err
		}
		for _, r := range results {
			tally[r.fate]++
		}
		batch, size = batch[:0], 0
		clear(member)
		return nil
	}
	err := each(stream, func(position int64, req *registryv1.ImportCustomersRequest) error {
		var in incoming
		bad, err := checked(req, func() (err error) { in, err = s.admit(req.GetCustomer()); return err })
		if err != nil {
			return err
		}
		if bad != nil {
			refused.add(position, bad)
			return nil
		}
		// A CRN that comes again replaces the earlier record: its own batch.
		if member[in.customer.GetCrn()] || len(batch) >= s.ImportBatch || size+len(in.body) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		member[in.customer.GetCrn()] = true
		batch, size = append(batch, in), size+len(in.body)
		return nil
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	return stream.SendAndClose(&registryv1.ImportCustomersResponse{
		Created: tally[created], Changed: tally[changed], Unchanged: tally[unchanged], Refused: refused.count, Errors: refused.errors,
	})
}

// ImportAuthorities creates or replaces the authorities of a feed; otherwise
// like ImportCustomers.
func (s *Server) ImportAuthorities(stream grpc.ClientStreamingServer[registryv1.ImportAuthoritiesRequest, registryv1.ImportAuthoritiesResponse]) error {
	ctx := stream.Context()
	answer := &registryv1.ImportAuthoritiesResponse{}
	var refused refusals
	var batch []draft
	member := make(map[string]bool)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := s.Outbox.Room(ctx); err != nil {
			return err
		}
		results, err := s.keepAuthorities(ctx, batch)
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.written {
				answer.Written++
			} else {
				answer.Unchanged++
			}
		}
		batch = batch[:0]
		clear(member)
		return nil
	}
	err := each(stream, func(position int64, req *registryv1.ImportAuthoritiesRequest) error {
		var d draft
		bad, err := checked(req, func() (err error) { d, err = draftOf(req.GetAuthority()); return err })
		if err != nil {
			return err
		}
		if bad != nil {
			refused.add(position, bad)
			return nil
		}
		if member[d.ID] || len(batch) >= s.ImportBatch {
			if err := flush(); err != nil {
				return err
			}
		}
		member[d.ID] = true
		batch = append(batch, d)
		return nil
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	answer.Refused, answer.Errors = refused.count, refused.errors
	return stream.SendAndClose(answer)
}
