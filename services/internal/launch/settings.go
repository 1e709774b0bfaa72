package launch

import (
	"errors"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/telemetry"
)

// DoorConns is the most connections of a pool that serves what authorities ask.
const DoorConns = 8

// Settings are those every service has.
type Settings struct {
	// Development accepts development tokens, works without TLS and serves reflection.
	Development bool `config:"development" default:"false" doc:"accept development tokens, work without TLS, make missing keys, serve reflection; never on a machine others can reach"`
	// Zone is the agency's time zone; local dates are dates there.
	Zone string `config:"zone" default:"Australia/Sydney" doc:"time zone of the agency"`
	// SandboxClock moves business time; for sandboxes and fault tests.
	SandboxClock string `config:"sandbox_clock" doc:"file with the offset of a sandbox's business clock; empty means real time; in development only"`
	// DatabaseURL is the truth.
	DatabaseURL string `config:"database_url" doc:"PostgreSQL URL with the login of the service's own role and without a password; on another machine with sslmode=verify-full and channel_binding=require"`
	// DatabasePasswordFile is read at each connection.
	DatabasePasswordFile string `config:"database_password_file" doc:"file with the password of the service's role, read again at each connection; empty where a client certificate or the operating system proves the service"`
	// MigrateURL may create roles and schemas; empty means somebody else migrates.
	MigrateURL string `config:"migrate_url" doc:"PostgreSQL URL of a role that may create schemas and roles, to migrate at start, in development only; elsewhere an administrator does it ('migrate')"`
	// MaxConns bounds the pool.
	MaxConns int32 `config:"max_conns" default:"12" doc:"most connections to PostgreSQL for the service's own work; what authorities ask has 8 more; a role has 60 in all"`
	// Bus is who the service is on the bus.
	Bus BusSettings `config:",inline"`
	// RegistryAddress is where services that ask the registry find it.
	RegistryAddress string `config:"registry_address" doc:"gRPC address of the registry, for the services that ask it (autoprocessing, console), such as dns:///registry.example:7404"`
	// GRPCListen is the native gRPC listener.
	GRPCListen string `config:"grpc_listen" default:"127.0.0.1:0" doc:"address of the gRPC listener: authorities and services, by certificate"`
	// HTTPListen serves REST, Connect and gRPC-Web.
	HTTPListen string `config:"http_listen" default:"127.0.0.1:0" doc:"address of the HTTPS listener: REST, Connect, gRPC-Web, by certificate, token or session"`
	// Door says who is let in.
	Door DoorSettings `config:",inline"`
	// AuditKeyFile is the key by which the audit log names customers.
	AuditKeyFile string `config:"audit_key_file" default:"keys/audit.key" doc:"file with the key, 64 hexadecimal digits, by which the audit log names customers; one for all services"`
	// Telemetry settings.
	Telemetry telemetry.Config `config:",inline"`
}

// Validate reports missing or malformed settings, and outside development those
// that are not fit for it.
func (s Settings) Validate() error {
	var problems []error
	if s.DatabaseURL == "" {
		problems = append(problems, errors.New("database_url is missing: set NOTICEHUB_DATABASE_URL"))
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "" {
		problems = append(problems, fmt.Errorf("zone %q is not a time zone", s.Zone))
	}
	if s.MaxConns < 2 {
		problems = append(problems, fmt.Errorf("max_conns is %d, must be at least 2", s.MaxConns))
	}
	if s.AuditKeyFile == "" {
		problems = append(problems, errors.New("audit_key_file is missing"))
	}
	if !s.Development {
		problems = append(problems, s.protected(), s.Door.secure())
	}
	return errors.Join(problems...)
}
