package api

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// draft is an authority as asked for; its first report day may be left to the registry.
type draft struct {
	store.Authority
	dated bool
}

func draftOf(a *registryv1.Authority) (draft, error) {
	if a == nil {
		return draft{}, fault.InvalidField("authority", "must be given")
	}
	d := draft{Authority: store.Authority{
		ID: a.GetAuthorityId(), Name: a.GetName(), Function: term.BusinessFunction(a.GetBusinessFunction()),
		Jurisdiction: term.Jurisdiction(a.GetJurisdiction()), Enabled: a.GetEnabled(),
	}}
	if from := a.GetReportsFrom(); from != "" {
		day, err := calendar.ParseDate(from)
		if err != nil || day.Year() < 1 {
			return d, fault.InvalidField("authority.reports_from", "must be a day of the calendar, written yyyy-mm-dd")
		}
		d.ReportsFrom, d.dated = day, true
	}
	return d, nil
}

// authorityKept is an authority after a batch.
type authorityKept struct {
	store.Authority
	written bool
}

// keepAuthorities writes a batch of authorities, no id twice, with the events
// that tell of it, in one transaction. An authority without a first report day
// keeps the one it has, or starts today when it is new.
func (s *Server) keepAuthorities(ctx context.Context, batch []draft) ([]authorityKept, error) {
	ids := make([]string, len(batch))
	for i, d := range batch {
		ids[i] = d.ID
	}
	var results []authorityKept
	var rows []outbox.Row
	err := s.Store.InTx(ctx, func(tx pgx.Tx) error {
		current, err := s.Store.LockAuthorities(ctx, tx, ids)
		if err != nil {
			return err
		}
		results = results[:0]
		var writes []store.Authority
		for _, d := range batch {
			now, exists := current[d.ID]
			next := d.Authority
			switch {
			case d.dated:
			case exists:
				next.ReportsFrom = now.ReportsFrom
			default:
				next.ReportsFrom = s.today()
			}
			next.Version = now.Version
			if exists && next == now {
				results = append(results, authorityKept{now, false})
				continue
			}
			next.Version++
			writes = append(writes, next)
			results = append(results, authorityKept{next, true})
		}
		rows = events.Authorities(s.cause(ctx), writes)
		return s.Store.WriteAuthorities(ctx, tx, writes, rows)
	})
	if err != nil {
		return nil, err
	}
	s.Outbox.Committed(rows...)
	return results, nil
}

// PutAuthority creates or replaces an authority.
func (s *Server) PutAuthority(ctx context.Context, req *registryv1.PutAuthorityRequest) (*registryv1.PutAuthorityResponse, error) {
	d, err := draftOf(req.GetAuthority())
	if err != nil {
		return nil, err
	}
	if err := s.Outbox.Room(ctx); err != nil {
		return nil, err
	}
	results, err := s.keepAuthorities(ctx, []draft{d})
	if err != nil {
		return nil, err
	}
	return &registryv1.PutAuthorityResponse{Authority: authorityOf(results[0].Authority)}, nil
}

// GetAuthority returns one authority.
func (s *Server) GetAuthority(ctx context.Context, req *registryv1.GetAuthorityRequest) (*registryv1.GetAuthorityResponse, error) {
	found, err := s.Store.Authorities(ctx, req.GetAuthorityId())
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.New(fault.NotFound, "AUTHORITY_UNKNOWN", "there is no authority with this id")
	}
	return &registryv1.GetAuthorityResponse{Authority: authorityOf(found[0])}, nil
}

// ListAuthorities returns all authorities by id.
func (s *Server) ListAuthorities(ctx context.Context, _ *registryv1.ListAuthoritiesRequest) (*registryv1.ListAuthoritiesResponse, error) {
	found, err := s.Store.Authorities(ctx)
	if err != nil {
		return nil, err
	}
	list := &registryv1.ListAuthoritiesResponse{}
	for _, a := range found {
		list.Authorities = append(list.Authorities, authorityOf(a))
	}
	return list, nil
}

func authorityOf(a store.Authority) *registryv1.Authority {
	return &registryv1.Authority{
		AuthorityId: a.ID, Name: a.Name, BusinessFunction: eventv1.BusinessFunction(a.Function),
		Jurisdiction: eventv1.Jurisdiction(a.Jurisdiction), Enabled: a.Enabled, ReportsFrom: a.ReportsFrom.String(), RecordVersion: a.Version,
	}
}
