package console_test

import (
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/services/console"
)

func TestDefaultsAreThoseOfTheTags(t *testing.T) {
	t.Parallel()
	var c console.Config
	env := map[string]string{"NOTICEHUB_CONSOLE_ORIGIN": "https://console.example", "NOTICEHUB_OIDC_ISSUER": "https://id.example"}
	if err := config.Load(config.Options{Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }}, &c); err != nil {
		t.Fatal(err)
	}
	want := console.Defaults()
	want.Origin, want.Provider.Issuer = "https://console.example", "https://id.example"
	if got, wanted := config.Describe(&c, "X"), config.Describe(&want, "X"); got != wanted || c.Idle != want.Idle || c.Absolute != want.Absolute ||
		c.MaxSessions != want.MaxSessions || c.SweepEvery != want.SweepEvery || c.SessionKeyFile != want.SessionKeyFile ||
		strings.Join(c.Provider.Scopes, " ") != strings.Join(want.Provider.Scopes, " ") || c.Provider.RolesClaim != want.Provider.RolesClaim {
		t.Errorf("%+v, not %+v", c, want)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*console.Config){
		"console_origin":      func(c *console.Config) { c.Origin = "http://console.example" },
		"console_origin:":     func(c *console.Config) { c.Origin = "https://console.example/path" },
		"oidc_issuer":         func(c *console.Config) { c.Provider.Issuer = "http://id.example" },
		"oidc_issuer:":        func(c *console.Config) { c.Provider.Issuer = "ftp://127.0.0.1" },
		"oidc_scopes":         func(c *console.Config) { c.Provider.Scopes = []string{"profile"} },
		"oidc_roles_claim":    func(c *console.Config) { c.Provider.RolesClaim = "" },
		"oidc_client_id":      func(c *console.Config) { c.Provider.ClientID = "" },
		"session_idle":        func(c *console.Config) { c.Idle = time.Hour },
		"session_absolute":    func(c *console.Config) { c.Absolute = 9 * time.Hour },
		"sessions_per_person": func(c *console.Config) { c.MaxSessions = 0 },
		"session_sweep_every": func(c *console.Config) { c.SweepEvery = 0 },
		"session_key_file":    func(c *console.Config) { c.SessionKeyFile = "" },
		"required":            func(*console.Config) {},
	} {
		c := console.Defaults()
		c.Origin, c.Provider.Issuer = "https://console.example", "https://id.example"
		change(&c)
		if _, err := console.New(c, console.Deps{}); err == nil || !strings.Contains(err.Error(), strings.TrimSuffix(name, ":")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
