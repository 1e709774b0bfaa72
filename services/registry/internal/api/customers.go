package api

import (
	"context"

	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// PutCustomer creates or replaces a customer's record.
func (s *Server) PutCustomer(ctx context.Context, req *registryv1.PutCustomerRequest) (*registryv1.PutCustomerResponse, error) {
	in, err := s.admit(req.GetCustomer())
	if err != nil {
		return nil, err
	}
	if err := s.Outbox.Room(ctx); err != nil {
		return nil, err
	}
	results, err := s.keep(ctx, []incoming{in}, func(_ incoming, current store.Record, exists bool) error {
		if exists {
			if err := mayOpen(ctx, current.Restricted); err != nil {
				return err
			}
		}
		return expected(req.GetExpectedVersion(), current.Version, exists)
	})
	if err != nil {
		return nil, err
	}
	c, err := decode(results[0].record)
	if err != nil {
		return nil, err
	}
	return &registryv1.PutCustomerResponse{Customer: c}, nil
}

// expected compares the version the caller saw with the current one.
func expected(want, current int64, exists bool) error {
	switch {
	case !exists && want == 0, exists && want == current && want > 0:
		return nil
	case !exists:
		return unknownCustomer()
	case want == 0:
		return fault.New(fault.Exists, "CUSTOMER_EXISTS", "there is a record with this CRN already").
			WithHelp("Read the record and send its version as the expected version to replace it.")
	default:
		return fault.New(fault.Conflict, "VERSION_CHANGED", "the record is at version %d, not %d", current, want).
			WithHelp("Somebody else changed the record: read it again, apply your change to it, and send its version.")
	}
}

func unknownCustomer() error {
	return fault.New(fault.NotFound, "CUSTOMER_UNKNOWN", "there is no record with this CRN")
}

// GetCustomer returns one customer.
func (s *Server) GetCustomer(ctx context.Context, req *registryv1.GetCustomerRequest) (*registryv1.GetCustomerResponse, error) {
	r, err := s.open(ctx, req.GetCrn())
	if err != nil {
		return nil, err
	}
	c, err := decode(r)
	if err != nil {
		return nil, err
	}
	return &registryv1.GetCustomerResponse{Customer: c}, nil
}

// open reads a record the caller may see.
func (s *Server) open(ctx context.Context, crn string) (store.Record, error) {
	r, ok, err := s.Store.Customer(ctx, crn)
	if err != nil {
		return r, err
	}
	if !ok {
		return r, unknownCustomer()
	}
	return r, mayOpen(ctx, r.Restricted)
}
