// Command intake runs the intake service; its settings come from the environment.
package main

import (
	"github.com/noticehub/noticehub/services/intake"
	"github.com/noticehub/noticehub/services/internal/launch"
)

func main() {
	var cfg intake.Config
	launch.Main(launch.Program{
		Name: "intake", Schema: intake.Schema(), Settings: &cfg,
		Keys: map[string]launch.NewKey{"receipt_key_file": launch.SigningKey},
		Build: func(p launch.Parts) (launch.Service, error) {
			return intake.New(cfg, intake.Deps{
				Pool: p.Pool, Door: p.Door, Audit: p.Audit, Bus: p.Bus, Clock: p.Clock, Calendar: p.Calendar, Zone: p.Zone, Telemetry: p.Telemetry,
			})
		},
	})
}
