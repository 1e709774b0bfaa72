// Command autoprocessing runs the autoprocessing service; its settings come from
// the environment.
package main

import (
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/internal/launch"
)

func main() {
	var cfg autoprocessing.Config
	launch.Main(launch.Program{
		Name: "autoprocessing", Schema: autoprocessing.Schema(), Settings: &cfg, AsksRegistry: true,
		Build: func(p launch.Parts) (launch.Service, error) {
			registry, err := p.Registry()
			if err != nil {
				return nil, err
			}
			return autoprocessing.New(cfg, autoprocessing.Deps{
				Pool: p.Pool, Door: p.Door, Audit: p.Audit, Bus: p.Bus, Clock: p.Clock, Zone: p.Zone, Telemetry: p.Telemetry, Registry: registry,
			})
		},
	})
}
