package api

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// ListQuarantined pages through the records of feeds that were set aside, oldest first.
func (s *Server) ListQuarantined(ctx context.Context, req *registryv1.ListQuarantinedRequest) (*registryv1.ListQuarantinedResponse, error) {
	after, err := readAsideToken(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	conflicts, err := s.conflicts(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.sightOf(ctx)
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	// One more than asked for tells whether there is a next page.
	list, err := s.Store.Aside(ctx, store.AsideFilter{
		Feed: req.GetFeed(), CRN: req.GetCrn(), Reason: store.AsideReason(req.GetReason()), After: after,
	}, size+1)
	if err != nil {
		return nil, err
	}
	page := &registryv1.ListQuarantinedResponse{}
	if len(list) > size {
		list = list[:size]
		page.NextPageToken = base64.RawURLEncoding.EncodeToString(list[size-1].ID[:])
	}
	for i := range list {
		q, err := quarantined(v, &list[i], conflicts)
		if err != nil {
			return nil, err
		}
		page.Records = append(page.Records, q)
	}
	return page, nil
}

func readAsideToken(token string) (id clock.ID, err error) {
	if token == "" {
		return id, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		id, err = clock.IDFromBytes(b)
	}
	if err != nil {
		return id, fault.InvalidField("page_token", "must be the next_page_token of an earlier answer")
	}
	return id, nil
}

// quarantined is a record set aside as the contract tells of it. Of a customer
// whose record the caller may not open it tells that there is one, of which feed
// and why; not what it would change, when that happened, what of the record does
// not fit it, nor the reference by which the agency's own system shows it.
func quarantined(v sight, a *store.Aside, conflicts []string) (*registryv1.QuarantinedRecord, error) {
	r, err := feedRecordOf(a)
	if err != nil {
		return nil, err
	}
	detail := a.Detail
	if a.Restricted && !v.may(a.CRN) || slices.Contains(conflicts, a.CRN) {
		r.Changes, r.Reference, r.OccurredAt, detail = nil, "", nil, "the record is restricted"
	}
	return &registryv1.QuarantinedRecord{
		RecordId: a.ID.String(), Record: r, Reason: registryv1.QuarantineReason(a.Reason), Detail: detail,
		QuarantinedAt: timestamppb.New(a.At), Tries: a.Tries,
	}, nil
}

func feedRecordOf(a *store.Aside) (*registryv1.FeedRecord, error) {
	r := new(registryv1.FeedRecord)
	if err := proto.Unmarshal(a.Record, r); err != nil {
		return nil, fmt.Errorf("decode record %v of a feed: %w", a.ID, err)
	}
	return r, nil
}
