package registry_test

import (
	"testing"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// BenchmarkResolveCustomers is the question of the hot path: one batch of 500
// submissions, through the server and the client's decoding. A fifth has a
// partner; in "mixed" a fifth searches by particulars.
func BenchmarkResolveCustomers(b *testing.B) {
	w := setup(b)
	const population = 20_000
	all := people(population)
	for i := 0; i < population; i += 5 {
		all[i].PartnerCrn = all[i+1].GetCrn()
	}
	w.put(b, all...)
	client := w.as(b, service)
	byCRN := make([]*registryv1.CustomerQuery, 500)
	mixed := make([]*registryv1.CustomerQuery, 500)
	for i := range byCRN {
		c := all[i*37%population]
		byCRN[i] = &registryv1.CustomerQuery{Crn: c.GetCrn()}
		mixed[i] = byCRN[i]
		if i%5 == 0 {
			mixed[i] = &registryv1.CustomerQuery{Names: []*registryv1.Name{c.GetName()}, DateOfBirth: c.GetDateOfBirth(), Gender: "F", Address: c.GetAddresses()[0]}
		}
	}
	for name, queries := range map[string][]*registryv1.CustomerQuery{"byCRN": byCRN, "mixed": mixed} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := client.ResolveCustomers(b.Context(), &registryv1.ResolveCustomersRequest{Queries: queries})
				if err != nil {
					b.Fatal(err)
				}
				for i, a := range got.GetAnswers() {
					if a.GetCustomer() == nil && len(a.GetCandidates()) == 0 {
						b.Fatalf("no answer to query %d", i)
					}
				}
			}
		})
	}
}
