// Package launch starts one service as a program of its own: settings, database,
// bus, telemetry, server. What the service does is the service's; a main only
// names it.
//
// Guarantees: outside development a service starts only with settings that are
// fit for machines others can reach; what is not fit is told all at once. No
// secret is a setting: settings name files of which only the owner may make use.
// Nothing of such a file is in the log, the environment or an error.
package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/run"
)

// Service is what every service gives.
type Service interface {
	// Register adds its gRPC services.
	Register(grpc.ServiceRegistrar)
	// Methods says who may call what.
	Methods() identity.Table
	// Ready reports what keeps it from serving.
	Ready(context.Context) error
	// Run does its work until ctx ends.
	Run(context.Context) error
}

// Program is a service as a program of its own.
type Program struct {
	// Name is the service's id: in certificates, on the bus, in the table of access.
	Name string
	// Schema is what it owns in the database.
	Schema postgres.Schema
	// Settings points to the service's own settings, next to the common ones. They
	// are filled when Build is called.
	Settings any
	// AsksRegistry services need to know where the registry is.
	AsksRegistry bool
	// PassesOn gives the addresses of the siblings to which the service passes on
	// people's calls, by name, once the settings are loaded. Outside development all
	// of them must be known. Nil for services that pass on nothing.
	PassesOn func(Settings) map[string]string
	// Keys make the service's own keys, by the settings that name their files.
	Keys map[string]NewKey
	// Build makes the service.
	Build func(Parts) (Service, error)
}

// Main runs a service as a program. Settings come from the environment and from
// the file named by NOTICEHUB_CONFIG. Without arguments it serves; "keys" makes
// the key files that are missing, "migrate" brings the database up to date
// (MigrateSettings), "check" only says what is wrong with the settings.
func Main(p Program) {
	TuneMemory()
	run.Main(p.Name, func(ctx context.Context) error {
		switch command := strings.Join(os.Args[1:], " "); command {
		case "":
			return p.serve(ctx)
		case "check":
			_, err := p.settings()
			return err
		case "migrate":
			return p.migrate(ctx)
		case "keys":
			s, err := p.Load(environmentAndFile())
			if err != nil {
				return err
			}
			return p.makeKeys(s, os.Stdout)
		default:
			return fmt.Errorf("%[1]q is not known; without arguments %[2]s serves, '%[2]s keys' makes missing keys, '%[2]s migrate' brings the database up to date, '%[2]s check' looks at the settings", command, p.Name)
		}
	})
}

// Load reads the settings and reports all that cannot be, except what the files
// say that they name: those may be on another machine.
func (p Program) Load(o config.Options) (Settings, error) {
	var s Settings
	problems := []error{config.Load(o, &s, p.Settings)}
	if p.AsksRegistry && s.RegistryAddress == "" {
		problems = append(problems, errors.New("registry_address is missing: the service asks the registry"))
	}
	if !s.Development {
		problems = append(problems, s.Bus.protected(p.Name), p.reaches(s))
	} else {
		problems = append(problems, here("grpc_listen", s.GRPCListen), here("http_listen", s.HTTPListen))
	}
	return s, errors.Join(problems...)
}

func environmentAndFile() config.Options { return config.Options{File: os.Getenv("NOTICEHUB_CONFIG")} }

// settings are those of this process, with the files they name.
func (p Program) settings() (Settings, error) {
	s, err := p.Load(environmentAndFile())
	if !s.Development {
		err = errors.Join(err, p.inspect(s, os.Getenv))
	}
	return s, err
}

func (p Program) serve(ctx context.Context) error {
	s, err := p.settings()
	if err != nil {
		return err
	}
	if !s.Development {
		if err := noCoreDumps(); err != nil {
			return err
		}
	}
	parts, closeAll, err := open(ctx, p, s)
	if err != nil {
		return err
	}
	defer closeAll()
	service, err := p.Build(parts)
	if err != nil {
		return err
	}
	return Serve(ctx, s, parts, service)
}
