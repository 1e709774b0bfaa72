package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// authority lodges during a run.
type authority struct {
	id       string
	function eventv1.BusinessFunction
	state    eventv1.Jurisdiction
}

var authorities = []authority{
	{"nt-cp", eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_NT},
	{"nt-spar", eventv1.BusinessFunction_BUSINESS_FUNCTION_SUPPORTING_PEOPLE_AT_RISK, eventv1.Jurisdiction_JURISDICTION_NT},
	{"wa-cp", eventv1.BusinessFunction_BUSINESS_FUNCTION_CHILD_PROTECTION, eventv1.Jurisdiction_JURISDICTION_WA},
}

// customers are few, so that many submissions meet at the same register. The feeds
// know some more, under a measure of an older programme, of whom nothing is lodged.
const (
	customers = 300
	known     = customers + 80
)

func crn(n int) string { return fmt.Sprintf("5%08dA", n) }

func family(n int) string { return "Storm" + string(rune('a'+n%26)) + string(rune('a'+n/26)) }

func born(n int) string { return fmt.Sprintf("%d-%02d-%02d", 1960+n%40, 1+n%12, 1+n%28) }

func office(n int) string { return fmt.Sprintf("OFF%d", n%5) }

func (w *world) seedRegistry(ctx context.Context) error {
	conn, err := w.dial("registry", identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
	if err != nil {
		return err
	}
	defer conn.Close()
	registry := registryv1.NewRegistryServiceClient(conn)
	return eventually(ctx, 2*time.Minute, func() error {
		call, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		for _, a := range authorities {
			if _, err := registry.PutAuthority(call, &registryv1.PutAuthorityRequest{Authority: &registryv1.Authority{
				AuthorityId: a.id, Name: a.id + " (synthetic)", BusinessFunction: a.function, Jurisdiction: a.state, Enabled: true,
			}}); err != nil {
				return err
			}
		}
		stream, err := registry.ImportCustomers(call)
		if err != nil {
			return err
		}
		for n := range known {
			older := eventv1.Measure_MEASURE_UNSPECIFIED
			if n >= customers {
				older = eventv1.Measure_MEASURE_DEY
			}
			if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: &registryv1.Customer{
				OtherMeasure: older, Office: office(n),
				Crn: crn(n), Name: &registryv1.Name{FamilyName: family(n), GivenName: "Synthia"}, DateOfBirth: born(n),
				Addresses: []*registryv1.Address{{Type: registryv1.AddressType_ADDRESS_TYPE_HOME, Street: "1 Storm Street", Locality: "Katherine", State: eventv1.Jurisdiction_JURISDICTION_NT, Postcode: "0850"}},
				Payments:  []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 70_000}},
			}}); err != nil {
				break // the answer says why
			}
		}
		_, err = stream.CloseAndRecv()
		return err
	})
}

// submission makes one at random: mostly about the register, on a business day.
func (a authority) submission(r *rand.Rand, reference string, today time.Time) *intakev1.Submission {
	n := r.IntN(customers)
	who := &intakev1.CustomerIdentity{Crn: crn(n), FamilyName: family(n), DateOfBirth: born(n)}
	s := &intakev1.Submission{Reference: reference, CaseWorker: "Casey Worker"}
	switch k := r.IntN(100); {
	case k < 35:
		s.Content = &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
			Customer: who, StartDate: today.AddDate(0, 0, 1+r.IntN(20)).Format("2006-01-02"), DurationMonths: []int32{3, 6, 12}[r.IntN(3)],
		}}
	case k < 60:
		s.Content = &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: who}}
	case k < 75:
		s.Content = &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: who}}
	case k < 85:
		s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
			Name: &intakev1.PersonName{FamilyName: family(n), GivenName: "Synthia"}, DateOfBirth: born(n),
		}}
	case k < 92:
		s.Content = &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
			Name: &intakev1.PersonName{FamilyName: "Nobody", GivenName: "Known"}, DateOfBirth: born(n),
		}}
	default:
		s.Content = &intakev1.Submission_VoluntaryReferral{VoluntaryReferral: &intakev1.VoluntaryReferral{Customer: who}}
	}
	return s
}
