package api

import (
	"context"
	"encoding/json"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Disclosures serves DisclosureService.
type Disclosures struct {
	processingv1.UnimplementedDisclosureServiceServer
	door *store.Door
}

// NewDisclosures serves what was disclosed, from the door for authorities.
func NewDisclosures(door *store.Door) *Disclosures { return &Disclosures{door: door} }

// GetDisclosure returns a disclosure of the calling authority. Absent and
// another authority's are the same NOT_FOUND, from the same query.
func (s *Disclosures) GetDisclosure(ctx context.Context, r *processingv1.GetDisclosureRequest) (*processingv1.GetDisclosureResponse, error) {
	authority, err := identity.MustAuthority(ctx)
	if err != nil {
		return nil, err
	}
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	d, ok, err := s.door.Disclosure(ctx, authority, id)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fault.New(fault.NotFound, "DISCLOSURE_NOT_FOUND", "there is no such disclosure").
			WithHelp("A disclosure is there once its submission is PROCESSED with outcome ELIGIBLE or NOT_ELIGIBLE.")
	}
	var c decision.DisclosureContent
	if err := json.Unmarshal(d.Content, &c); err != nil {
		return nil, fault.New(fault.Internal, "ENCODING", "the disclosure cannot be read").Wrap(err)
	}
	out := &processingv1.Disclosure{
		SubmissionId: d.SubmissionID.String(), Crn: c.CRN, Label: c.Label, Result: eventv1.Outcome(c.Result), OnIncomeSupport: c.OnIncomeSupport,
		Payments: c.Payments, Address: c.Address, UnderEnhancedIncomeManagement: c.UnderEnhanced, Measure: eventv1.Measure(c.Measure),
		PartnerCrn: c.PartnerCRN, Children: int32(c.Children), PaymentHistory: c.PaymentHistory, DisclosedAt: timestamppb.New(d.At),
	}
	for _, x := range c.Criteria {
		out.Criteria = append(out.Criteria, &processingv1.Criterion{Name: x.Name, Result: x.Result})
	}
	return &processingv1.GetDisclosureResponse{Disclosure: out}, nil
}
