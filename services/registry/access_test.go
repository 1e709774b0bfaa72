package registry_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry"
)

// Who may call what is the access table's matter; here is what no table may say
// of the registry.
func TestEveryMethodHasARuleThatKeepsAuthoritiesOut(t *testing.T) {
	t.Parallel()
	table := new(registry.Service).Methods()
	methods := 0
	// An administrator looks after feeds and reference data and reads nobody's record.
	byAdministrators := map[string]bool{
		"PutAuthority": true, "GetAuthority": true, "ListAuthorities": true, "ImportAuthorities": true, "ImportCustomers": true,
		"ListQuarantined": true, "RedriveQuarantined": true, "PutSchoolMealsProvider": true, "ListSchoolMealsProviders": true,
	}
	byFeeder := map[string]bool{
		"ImportCustomers": true, "ImportAuthorities": true, "FeedChanges": true, "ListQuarantined": true, "RedriveQuarantined": true,
	}
	visit := func(serviceName, name string) {
		methods++
		full := "/" + serviceName + "/" + name
		if _, ok := table[full]; !ok {
			t.Errorf("%s has no rule", full)
		}
		quarantine := strings.HasSuffix(name, "Quarantined")
		reads := !quarantine && (strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List") || strings.HasPrefix(name, "Watch"))
		for _, c := range []struct {
			caller identity.Caller
			may    bool
		}{
			{identity.Caller{Kind: identity.Authority, ID: "frc"}, false},
			{identity.Caller{Kind: identity.Person, ID: "x"}, false},
			{identity.Caller{Kind: identity.Service, ID: "intake"}, false},
			{service, name == "ResolveCustomers"},
			{feedService, byFeeder[name]},
			{administrator, byAdministrators[name]},
			{identity.Caller{Kind: identity.Person, ID: "eve", Roles: []string{"auditor"}}, reads},
			{supervisor, reads || quarantine || name == "PlaceDocument"},
		} {
			if got := table.Check(full, c.caller) == nil; got != c.may {
				t.Errorf("%s %v may call %s: %v", c.caller.Actor(), c.caller.Roles, name, got)
			}
		}
	}
	for _, d := range []grpc.ServiceDesc{registryv1.RegistryService_ServiceDesc, registryv1.CircumstanceService_ServiceDesc} {
		for _, m := range d.Methods {
			visit(d.ServiceName, m.MethodName)
		}
		for _, m := range d.Streams {
			visit(d.ServiceName, m.StreamName)
		}
	}
	if methods != len(table) {
		t.Errorf("%d rules for %d methods", len(table), methods)
	}
}

func TestAuthoritiesAreRefused(t *testing.T) {
	t.Parallel()
	w := setup(t)
	client := w.as(t, identity.Caller{Kind: identity.Authority, ID: "frc"})
	_, err := client.ResolveCustomers(t.Context(), &registryv1.ResolveCustomersRequest{})
	wantCode(t, err, codes.PermissionDenied)
	_, err = client.GetCustomer(t.Context(), &registryv1.GetCustomerRequest{Crn: customer(1).GetCrn()})
	wantCode(t, err, codes.PermissionDenied)
}
