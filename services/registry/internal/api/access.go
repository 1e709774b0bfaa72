package api

import (
	"context"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const restrictedRole = "restricted-access-officer"

// Methods says who may call what. Authorities may call nothing here: what they
// may learn of a customer reaches them through disclosures only.
func Methods() identity.Table {
	var (
		read = identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: []string{
			"contact-officer", "officer", "impact-officer", restrictedRole, "social-worker", "social-work-manager",
			"supervisor", "auditor", "administrator",
		}}
		write    = identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: []string{"administrator", "officer"}}
		customer = identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: []string{"administrator", "officer", restrictedRole}}
		feed     = identity.Rule{Kinds: []identity.Kind{identity.Service, identity.Person}, Roles: []string{"administrator"}, Services: []string{"autoprocessing", "feeder"}}
	)
	const administrator, supervisor = "administrator", "supervisor"
	var (
		change = identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: []string{
			administrator, "officer", "contact-officer", "impact-officer", restrictedRole,
		}}
		place = identity.Rule{Kinds: []identity.Kind{identity.Person}, Roles: []string{
			administrator, "officer", "contact-officer", "impact-officer", restrictedRole, "social-worker", "social-work-manager", supervisor,
		}}
		redrive = identity.Rule{Kinds: []identity.Kind{identity.Service, identity.Person}, Roles: []string{administrator, supervisor}, Services: []string{"feeder"}}
	)
	return identity.Table{
		registryv1.CircumstanceService_ChangeCustomer_FullMethodName:           change,
		registryv1.CircumstanceService_ListCustomerVersions_FullMethodName:     read,
		registryv1.CircumstanceService_FeedChanges_FullMethodName:              feed,
		registryv1.CircumstanceService_ListQuarantined_FullMethodName:          redrive,
		registryv1.CircumstanceService_RedriveQuarantined_FullMethodName:       redrive,
		registryv1.CircumstanceService_PutSchoolMealsProvider_FullMethodName:   write,
		registryv1.CircumstanceService_ListSchoolMealsProviders_FullMethodName: read,
		registryv1.CircumstanceService_PlaceDocument_FullMethodName:            place,

		registryv1.RegistryService_PutCustomer_FullMethodName:       customer,
		registryv1.RegistryService_GetCustomer_FullMethodName:       read,
		registryv1.RegistryService_ListDocuments_FullMethodName:     read,
		registryv1.RegistryService_PutAuthority_FullMethodName:      write,
		registryv1.RegistryService_GetAuthority_FullMethodName:      read,
		registryv1.RegistryService_ListAuthorities_FullMethodName:   read,
		registryv1.RegistryService_ImportCustomers_FullMethodName:   feed,
		registryv1.RegistryService_ImportAuthorities_FullMethodName: feed,
		registryv1.RegistryService_ResolveCustomers_FullMethodName:  feed,
	}
}

// mayOpen refuses a restricted record to every person but the Restricted
// Access officer (rules 2.2). Feeds are not asked: they are the agency's records.
func mayOpen(ctx context.Context, restricted bool) error {
	caller, known := identity.From(ctx)
	if !restricted || (known && (caller.Kind == identity.Service || caller.Has(restrictedRole))) {
		return nil
	}
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to this record is restricted").
		WithHelp("Ask the Restricted Access officer.")
}
