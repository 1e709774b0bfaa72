package launch

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// peoplesDoor is the service that people sign in at. To every other service it may
// say for whom it calls, by its certificate's key (identity.SignPerson).
const peoplesDoor = "console"

// Registry is a client of the registry, for calls by the service.
func (p Parts) Registry() (registryv1.RegistryServiceClient, error) {
	if p.settings.RegistryAddress == "" {
		return nil, errors.New("registry_address is missing: set NOTICEHUB_REGISTRY_ADDRESS")
	}
	o := rpc.DialOptions{Telemetry: p.Telemetry}
	if p.certificates.own != nil {
		o.TLS = p.certificates.own.Client
	} else {
		token := identity.DevelopmentToken(identity.Caller{Kind: identity.Service, ID: p.name})
		o.Token = func() string { return token }
	}
	conn, err := rpc.DialWith(p.settings.RegistryAddress, o)
	return registryv1.NewRegistryServiceClient(conn), err
}

// siblings are the ways to the services at the addresses, by name. Without a
// certificate, which only development can do without, there are none: nobody would
// believe for whom the calls are.
func (p *Parts) siblings(addresses map[string]string) (map[string]grpc.ClientConnInterface, error) {
	ways := map[string]grpc.ClientConnInterface{}
	if p.certificates.own == nil {
		return ways, nil
	}
	for name, address := range addresses {
		if address == "" {
			continue
		}
		conn, err := rpc.DialWith(address, rpc.DialOptions{Telemetry: p.Telemetry, TLS: p.certificates.own.Client, ForPersons: true})
		if err != nil {
			return nil, fmt.Errorf("%s_address: %w", name, err)
		}
		ways[name] = conn
	}
	return ways, nil
}

// reaches reports siblings that the service does not know where to find.
func (p Program) reaches(s Settings) error {
	if p.PassesOn == nil {
		return nil
	}
	var problems []error
	addresses := p.PassesOn(s)
	for _, name := range slices.Sorted(maps.Keys(addresses)) {
		if addresses[name] == "" {
			problems = append(problems, fmt.Errorf("%[1]s_address is missing: %[2]s passes on to %[1]s what people call", name, p.Name))
		}
	}
	return errors.Join(problems...)
}
