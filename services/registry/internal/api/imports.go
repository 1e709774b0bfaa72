package api

import (
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
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

// imported is a checked record of an import, and what became of it.
type imported struct {
	position int64
	customer *registryv1.Customer
	fate     events.Fate
	refused  error
}

// ImportCustomers creates or replaces the records of a feed, in transactions
// of some hundred records. When the stream breaks, the batches kept so far
// stay; sending the feed again finds them unchanged.
func (s *Server) ImportCustomers(stream grpc.ClientStreamingServer[registryv1.ImportCustomersRequest, registryv1.ImportCustomersResponse]) error {
	ctx := stream.Context()
	src, err := sourceOf(ctx, "")
	if err != nil {
		return err
	}
	var tally [events.Replaced + 1]int64
	var refused refusals
	var batch []imported
	size := 0
	member := make(map[string]bool)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := s.Outbox.Room(ctx); err != nil {
			return err
		}
		v, err := s.sightOf(ctx)
		if err != nil {
			return err
		}
		w := store.Wanted{}
		for _, in := range batch {
			wantedFor(&w, in.customer)
		}
		err = s.change(ctx, w, func(_ pgx.Tx, b *events.Book) error {
			for i := range batch {
				in := &batch[i]
				in.fate, in.refused = replace(b, in.customer, src, func(current *registryv1.Customer) error { return mayImport(v, current, in.customer) })
				switch {
				case fault.Is(in.refused, fault.Denied):
					b.Tell(s.Store.Refused(in.customer.GetCrn(), "RESTRICTED_ACCESS"))
				case in.refused != nil && !fault.Is(in.refused, fault.Precondition):
					return in.refused
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, in := range batch {
			if in.refused != nil {
				refused.add(in.position, in.refused)
			} else {
				tally[in.fate]++
			}
		}
		batch, size = batch[:0], 0
		clear(member)
		return nil
	}
	err = each(stream, func(position int64, req *registryv1.ImportCustomersRequest) error {
		in := req.GetCustomer()
		bad, err := checked(req, func() error { return s.admit(in) })
		if err != nil {
			return err
		}
		if bad != nil {
			refused.add(position, bad)
			return nil
		}
		// A CRN that comes again replaces the earlier record: its own batch.
		if member[in.GetCrn()] || len(batch) >= s.ImportBatch || size+proto.Size(in) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		member[in.GetCrn()] = true
		batch, size = append(batch, imported{position: position, customer: in}), size+proto.Size(in)
		return nil
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	return stream.SendAndClose(&registryv1.ImportCustomersResponse{
		Created: tally[events.Created], Changed: tally[events.Replaced], Unchanged: tally[events.Unchanged], Refused: refused.count, Errors: refused.errors,
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
