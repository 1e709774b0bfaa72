package synthetic

import (
	"context"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Import brings the authorities and the first n people of a seed into a
// registry. Importing again changes nothing.
func Import(ctx context.Context, registry registryv1.RegistryServiceClient, seed uint64, n int) (*registryv1.ImportCustomersResponse, error) {
	for _, a := range Authorities() {
		if _, err := registry.PutAuthority(ctx, &registryv1.PutAuthorityRequest{Authority: a}); err != nil {
			return nil, err
		}
	}
	stream, err := registry.ImportCustomers(ctx)
	if err != nil {
		return nil, err
	}
	for i := range n {
		if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: Person(seed, i)}); err != nil {
			break // the answer says why
		}
	}
	return stream.CloseAndRecv()
}
