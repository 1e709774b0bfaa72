// Command audit runs the audit service; its settings come from the environment.
package main

import (
	"github.com/noticehub/noticehub/services/audit"
	"github.com/noticehub/noticehub/services/internal/launch"
)

func main() {
	var cfg audit.Config
	launch.Main("audit", audit.Schema(), &cfg, func(p launch.Parts) (launch.Service, error) {
		return audit.New(cfg, audit.Deps{Pool: p.Pool, Audit: p.Audit, Telemetry: p.Telemetry})
	})
}
