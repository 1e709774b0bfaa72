// Command audit runs the audit service; its settings come from the environment.
package main

import (
	"crypto/rand"

	"golang.org/x/mod/sumdb/note"

	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/services/audit"
	"github.com/noticehub/noticehub/services/internal/launch"
)

func main() {
	var cfg audit.Config
	launch.Main(launch.Program{
		Name: "audit", Schema: audit.Schema(), Settings: &cfg,
		Keys: map[string]launch.NewKey{"log_key_file": newLogKey},
		Build: func(p launch.Parts) (launch.Service, error) {
			return audit.New(cfg, audit.Deps{Pool: p.Pool, Audit: p.Audit, Telemetry: p.Telemetry})
		},
	})
}

// newLogKey makes the key that signs the log's checkpoints.
func newLogKey() (secret, public string, err error) {
	return note.GenerateKey(rand.Reader, tree.Name)
}
