// Command registry runs the registry service; its settings come from the environment.
package main

import (
	"github.com/noticehub/noticehub/services/internal/launch"
	"github.com/noticehub/noticehub/services/registry"
)

func main() {
	var cfg registry.Config
	launch.Main(launch.Program{
		Name: "registry", Schema: registry.Schema(), Settings: &cfg,
		Build: func(p launch.Parts) (launch.Service, error) {
			return registry.New(cfg, registry.Deps{
				Pool: p.Pool, Bus: p.Bus, Clock: p.Clock, Zone: p.Zone, Telemetry: p.Telemetry, Audit: p.Audit,
			})
		},
	})
}
