// Command console runs the console's service; its settings come from the
// environment.
package main

import (
	"fmt"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/internal/launch"
)

func main() {
	var cfg console.Config
	launch.Main(launch.Program{
		Name: "console", Schema: console.Schema(), Settings: &cfg,
		PassesOn: func(s launch.Settings) map[string]string { return cfg.Siblings.Addresses(s.RegistryAddress) },
		Keys:     map[string]launch.NewKey{"session_key_file": launch.RandomKey},
		Build: func(p launch.Parts) (launch.Service, error) {
			key, err := p.Secret(cfg.SessionKeyFile)
			if err != nil {
				return nil, fmt.Errorf("session_key_file: %w", err)
			}
			return console.New(cfg, console.Deps{
				Pool: p.Pool, Audit: p.Audit, Clock: clock.System(), Business: p.Clock, Zone: p.Zone, SessionKey: key, Telemetry: p.Telemetry, Siblings: p.Siblings,
			})
		},
	})
}
