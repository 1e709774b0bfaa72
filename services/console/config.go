package console

import (
	"errors"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/services/console/internal/guard"
	"github.com/noticehub/noticehub/services/console/internal/provider"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

// Provider says which sign-in provider, and how the hub is known to it.
type Provider = provider.Settings

// Config are the service's settings.
type Config struct {
	// Origin is where browsers reach the console.
	Origin string `config:"console_origin" doc:"origin at which browsers reach the console: https://host[:port]; http on this machine only"`
	// Provider is who people sign in with.
	Provider Provider `config:",inline"`
	// SessionKeyFile is the key that encrypts the provider's tokens. With another
	// key everybody has to sign in again.
	SessionKeyFile string `config:"session_key_file" default:"keys/session.key" doc:"file with the key, 64 hexadecimal digits, that encrypts the provider's tokens"`
	// Idle ends sessions that are not used.
	Idle time.Duration `config:"session_idle" default:"15m" doc:"time without use after which a session ends, 2m to 15m"`
	// Absolute ends every session.
	Absolute time.Duration `config:"session_absolute" default:"8h" doc:"time after which every session ends, 5m to 8h"`
	// MaxSessions of one person.
	MaxSessions int `config:"sessions_per_person" default:"5" doc:"sessions one person may have at a time, 1 to 20; a further one ends the longest unused"`
	// Siblings say where the other services are, when they run elsewhere.
	Siblings Siblings `config:",inline"`
	// SweepEvery is the pause between looks for sessions that are over.
	SweepEvery time.Duration `config:"session_sweep_every" default:"30s" doc:"pause between looks for sessions that are over, 1s to 10m"`
}

// Siblings are the gRPC addresses of the services that the console's page works
// with, in processes of their own. Where the registry is, all services know
// (launch.Settings.RegistryAddress).
type Siblings struct {
	Intake         string `config:"intake_address" doc:"gRPC address of the intake, to which the console passes on what people call, such as dns:///intake.example:7401"`
	Autoprocessing string `config:"autoprocessing_address" doc:"gRPC address of the autoprocessing, for the same"`
	AdviceOutcome  string `config:"adviceoutcome_address" doc:"gRPC address of the adviceoutcome, for the same"`
	WorkItems      string `config:"workitems_address" doc:"gRPC address of the workitems, for the same"`
	Audit          string `config:"audit_address" doc:"gRPC address of the audit, for the same"`
}

// Addresses are those of the siblings by their names, with the registry's.
func (s Siblings) Addresses(registry string) map[string]string {
	return map[string]string{
		"intake": s.Intake, "autoprocessing": s.Autoprocessing, "adviceoutcome": s.AdviceOutcome, "registry": registry, "workitems": s.WorkItems, "audit": s.Audit,
	}
}

// Defaults are the settings that have one; the origin and the issuer have none.
func Defaults() Config {
	return Config{
		Provider: provider.Defaults(), SessionKeyFile: "keys/session.key", Idle: 15 * time.Minute, Absolute: 8 * time.Hour,
		MaxSessions: 5, SweepEvery: 30 * time.Second,
	}
}

// Validate reports all settings that cannot be, but the provider's, which report
// themselves.
func (c Config) Validate() error {
	var problems []error
	if _, err := guard.ParseOrigin(c.Origin); err != nil {
		problems = append(problems, fmt.Errorf("console_origin: %w", err))
	}
	within := func(name string, value, from, to time.Duration) {
		if value < from || value > to {
			problems = append(problems, fmt.Errorf("%s is %v, must be %v to %v", name, value, from, to))
		}
	}
	// Longer ones would be weaker than promised; shorter ones than the provider is
	// asked again would end sessions that are in use.
	within("session_idle", c.Idle, 4*session.SlideEvery, 15*time.Minute)
	within("session_absolute", c.Absolute, 5*time.Minute, 8*time.Hour)
	within("session_sweep_every", c.SweepEvery, time.Second, 10*time.Minute)
	if c.MaxSessions < 1 || c.MaxSessions > 20 {
		problems = append(problems, fmt.Errorf("sessions_per_person is %d, must be 1 to 20", c.MaxSessions))
	}
	if c.SessionKeyFile == "" {
		problems = append(problems, errors.New("session_key_file is missing"))
	}
	return errors.Join(problems...)
}

func (c Config) lifetimes() session.Lifetimes {
	return session.Lifetimes{Idle: c.Idle, Absolute: c.Absolute}
}
