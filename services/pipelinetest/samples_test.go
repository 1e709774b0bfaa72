package pipelinetest

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/services/adviceoutcome"
	"github.com/noticehub/noticehub/services/audit"
	"github.com/noticehub/noticehub/services/autoprocessing"
	"github.com/noticehub/noticehub/services/console"
	"github.com/noticehub/noticehub/services/intake"
	"github.com/noticehub/noticehub/services/internal/launch"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry"
	"github.com/noticehub/noticehub/services/workitems"
)

// programs are the services as their mains have them, but for what they do.
func programs() []launch.Program {
	return []launch.Program{
		{Name: "intake", Settings: new(intake.Config)},
		{Name: "autoprocessing", Settings: new(autoprocessing.Config), AsksRegistry: true},
		{Name: "adviceoutcome", Settings: new(adviceoutcome.Config)},
		{Name: "registry", Settings: new(registry.Config)},
		{Name: "workitems", Settings: new(workitems.Config)},
		{Name: "audit", Settings: new(audit.Config)},
		{Name: "console", Settings: new(console.Config)},
	}
}

// Every sample of settings in deploy/ must load as the service would load it,
// outside development, and show how the service is secured.
func TestSampleSettingsLoad(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob("../../deploy/*.yaml")
	if err != nil || len(found) != len(programs()) {
		t.Fatalf("samples %v, %v", found, err)
	}
	for _, p := range programs() {
		path := "../../deploy/" + p.Name + ".yaml"
		s, err := p.Load(config.Options{File: path, Env: func(string) (string, bool) { return "", false }})
		if err != nil || s.Development {
			t.Errorf("%s: %v", path, err)
		}
		needed := []string{"database_password_file", "tls_", "ops_listen", "token_issuer", "token_audience", "audit_key_file", "calls_", "messages_", "connections"}
		if !packet.Peer(p.Name).Idle() {
			needed = append(needed, "nats_url", "nats_seed_file", "nats_ca_file", "nats_cert_file", "nats_key_file")
		}
		for _, setting := range config.List("", &s, p.Settings) {
			empty := setting.Value == "" && !strings.HasPrefix(setting.Name, "tls_http_")
			for _, name := range needed {
				if empty && strings.HasPrefix(setting.Name, name) {
					t.Errorf("%s does not show %s", path, setting.Name)
				}
			}
			path, _ := setting.Value.(string)
			if launch.Secret(setting.Name) && path != "" && !filepath.IsAbs(path) {
				t.Errorf("%s is at %s: wherever the service is started", setting.Name, path)
			}
		}
	}
}
