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

func TestEveryMethodHasARuleThatKeepsAuthoritiesOut(t *testing.T) {
	t.Parallel()
	table := new(registry.Service).Methods()
	methods := 0
	byServices := map[string]bool{
		"ImportCustomers": true, "ImportAuthorities": true, "ResolveCustomers": true,
		"FeedChanges": true, "ListQuarantined": true, "RedriveQuarantined": true,
	}
	person := func(role string) identity.Caller {
		return identity.Caller{Kind: identity.Person, ID: "eve", Roles: []string{role}}
	}
	visit := func(service, name string) {
		methods++
		full := "/" + service + "/" + name
		if _, ok := table[full]; !ok {
			t.Errorf("%s has no rule", full)
		}
		if table.Check(full, identity.Caller{Kind: identity.Authority, ID: "frc"}) == nil {
			t.Errorf("an authority may call %s", full)
		}
		if table.Check(full, identity.Caller{Kind: identity.Person, ID: "x"}) == nil {
			t.Errorf("a person without role may call %s", full)
		}
		if got := table.Check(full, identity.Caller{Kind: identity.Service, ID: "autoprocessing"}) == nil; got != byServices[name] {
			t.Errorf("a service may call %s: %v", name, got)
		}
		if table.Check(full, administrator) != nil {
			t.Errorf("an administrator may not call %s", full)
		}
		quarantine := strings.HasSuffix(name, "Quarantined")
		reads := !quarantine && (strings.HasPrefix(name, "Get") || strings.HasPrefix(name, "List"))
		if got := table.Check(full, person("auditor")) == nil; got != reads {
			t.Errorf("an auditor may call %s: %v", name, got)
		}
		if got := table.Check(full, person("supervisor")) == nil; got != (reads || quarantine || name == "PlaceDocument") {
			t.Errorf("a supervisor may call %s: %v", name, got)
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
