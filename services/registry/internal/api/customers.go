package api

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// PutCustomer creates or replaces a customer's record.
func (s *Server) PutCustomer(ctx context.Context, req *registryv1.PutCustomerRequest) (*registryv1.PutCustomerResponse, error) {
	in := req.GetCustomer()
	if err := s.admit(in); err != nil {
		return nil, err
	}
	if err := s.noConflict(ctx, in.GetCrn()); err != nil {
		return nil, err
	}
	src, err := sourceOf(ctx, "")
	if err != nil {
		return nil, err
	}
	v, err := s.sightOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Outbox.Room(ctx); err != nil {
		return nil, err
	}
	var w store.Wanted
	wantedFor(&w, in)
	var kept *registryv1.Customer
	err = s.change(ctx, w, func(_ pgx.Tx, b *events.Book) error {
		_, err := replace(b, in, src, func(current *registryv1.Customer) error {
			if err := mayReplace(ctx, v, current, in); err != nil {
				return err
			}
			return expected(req.GetExpectedVersion(), current.GetRecordVersion(), current != nil)
		})
		if err != nil {
			return err
		}
		kept, err = b.Customer(in.GetCrn())
		return err
	})
	if err != nil {
		return nil, err
	}
	kept, err = s.veiled(ctx, kept)
	return &registryv1.PutCustomerResponse{Customer: kept}, err
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

// GetCustomer returns one customer, as the record is now or was when a day ended.
func (s *Server) GetCustomer(ctx context.Context, req *registryv1.GetCustomerRequest) (*registryv1.GetCustomerResponse, error) {
	var end time.Time
	if req.GetAsAt() != "" {
		day, err := calendar.ParseDate(req.GetAsAt())
		if err != nil || day.Year() > 9998 {
			return nil, fault.InvalidField("as_at", "must be a day of the calendar, written yyyy-mm-dd")
		}
		end = s.endOf(day)
	}
	r, until, err := s.openUntil(ctx, req.GetCrn())
	if err != nil {
		return nil, err
	}
	c, err := s.asAt(ctx, r, end)
	if err == nil {
		c, err = s.veiled(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	answer := &registryv1.GetCustomerResponse{Customer: c}
	if !until.IsZero() {
		answer.OpenUntil = timestamppb.New(until)
	}
	return answer, nil
}

// asAt is a record as it was when a day ended; as it is now for the zero time.
func (s *Server) asAt(ctx context.Context, r store.Record, end time.Time) (*registryv1.Customer, error) {
	if end.IsZero() {
		return decode(r)
	}
	body, existed, err := s.Store.VersionBefore(ctx, r.CRN, end)
	switch {
	case err != nil:
		return nil, err
	case !existed:
		return nil, unknownCustomer()
	}
	// The version tells the measure and its number itself.
	c := new(registryv1.Customer)
	if err := proto.Unmarshal(body, c); err != nil {
		return nil, fmt.Errorf("decode a version of a customer's record: %w", err)
	}
	return c, nil
}

// open reads a record the caller may see.
func (s *Server) open(ctx context.Context, crn string) (store.Record, error) {
	r, _, err := s.openUntil(ctx, crn)
	return r, err
}

// openUntil also tells when a restricted record closes to the caller; the zero
// time when it does not.
func (s *Server) openUntil(ctx context.Context, crn string) (store.Record, time.Time, error) {
	r, ok, err := s.Store.Customer(ctx, crn)
	if err == nil && !ok {
		err = unknownCustomer()
	}
	if err != nil {
		return r, time.Time{}, err
	}
	until, err := s.mayRead(ctx, crn, r.Restricted)
	return r, until, err
}
