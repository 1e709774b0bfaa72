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
	launch.Main("console", console.Schema(), &cfg, func(p launch.Parts) (launch.Service, error) {
		key, err := launch.SecretFile(cfg.SessionKeyFile, false)
		if err != nil {
			return nil, fmt.Errorf("session_key_file: %w", err)
		}
		return console.New(cfg, console.Deps{Pool: p.Pool, Audit: p.Audit, Clock: clock.System(), SessionKey: key, Telemetry: p.Telemetry})
	})
}
