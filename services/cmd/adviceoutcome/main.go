// Command adviceoutcome runs the adviceoutcome service; its settings come from the environment.
package main

import (
	"github.com/noticehub/noticehub/services/adviceoutcome"
	"github.com/noticehub/noticehub/services/internal/launch"
)

func main() {
	var cfg adviceoutcome.Config
	launch.Main(launch.Program{
		Name: "adviceoutcome", Schema: adviceoutcome.Schema(), Settings: &cfg,
		Keys: map[string]launch.NewKey{"signing_key_file": launch.SigningKey},
		Build: func(p launch.Parts) (launch.Service, error) {
			return adviceoutcome.New(cfg, adviceoutcome.Deps{
				Pool: p.Pool, Door: p.Door, Audit: p.Audit, Bus: p.Bus, Clock: p.Clock, Calendar: p.Calendar, Zone: p.Zone, Telemetry: p.Telemetry,
			})
		},
	})
}
