package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// ListCustomerVersions pages through the versions of a record, newest first.
func (s *Server) ListCustomerVersions(ctx context.Context, req *registryv1.ListCustomerVersionsRequest) (*registryv1.ListCustomerVersionsResponse, error) {
	below, err := readVersion(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	if _, err := s.open(ctx, req.GetCrn()); err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	versions, err := s.Store.Versions(ctx, req.GetCrn(), below, size+1)
	if err != nil {
		return nil, err
	}
	page := &registryv1.ListCustomerVersionsResponse{}
	if len(versions) > size {
		versions = versions[:size]
		page.NextPageToken = writeVersion(versions[size-1].Version)
	}
	for i := range versions {
		v := &versions[i]
		page.Versions = append(page.Versions, &registryv1.CustomerVersion{
			RecordVersion: v.Version, RecordedAt: timestamppb.New(v.RecordedAt), Actor: v.Actor, Reason: v.Reason, Changed: ownParts(v.Changed),
		})
	}
	return page, nil
}

// ownParts are the changed parts but for those that repeat what other records say:
// that one changed would tell of the other record, which may be or have been
// restricted, and nobody can say which it was.
func ownParts(changed []string) []string {
	return slices.DeleteFunc(changed, func(part string) bool {
		return part == "partner_carer_allowance" || part == "nominee_deceased" || part == "nominee_for"
	})
}

// The page token of versions is the last version of the page, in base64.
func writeVersion(v int64) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(nil, uint64(v)))
}

// readVersion is 0 for the first page.
func readVersion(token string) (int64, error) {
	if token == "" {
		return 0, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != 8 || binary.BigEndian.Uint64(b) < 1 || binary.BigEndian.Uint64(b) > math.MaxInt32 {
		return 0, fault.InvalidField("page_token", "must be the next_page_token of an earlier answer")
	}
	return int64(binary.BigEndian.Uint64(b)), nil
}
