// Command workitems runs the work items' service; its settings come from the
// environment.
package main

import (
	"github.com/noticehub/noticehub/services/internal/launch"
	"github.com/noticehub/noticehub/services/workitems"
)

func main() {
	var cfg workitems.Config
	launch.Main(launch.Program{
		Name: "workitems", Schema: workitems.Schema(), Settings: &cfg,
		Build: func(p launch.Parts) (launch.Service, error) {
			return workitems.New(cfg, workitems.Deps{
				Pool: p.Pool, Bus: p.Bus, Clock: p.Clock, Zone: p.Zone, Telemetry: p.Telemetry, Audit: p.Audit,
			})
		},
	})
}
