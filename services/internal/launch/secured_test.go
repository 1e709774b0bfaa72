package launch

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
)

// own are the settings of a service that is made for these tests.
type own struct {
	SigningKeyFile string `config:"signing_key_file" doc:"a key"`
	CreateKeys     bool   `config:"create_keys" default:"false" doc:"make it"`
}

// sound are settings of the intake that are fit for machines others can reach,
// with all files they name.
func sound(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	ca, err := tlsfiles.DevelopmentCA(filepath.Join(dir, "tls"), nil)
	if err != nil {
		t.Fatal(err)
	}
	files, err := ca.Server("intake")
	if err != nil {
		t.Fatal(err)
	}
	seed, _, err := bus.NewSeed()
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o400); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return map[string]string{
		"database_url":           "postgres://noticehub_intake@db.example/noticehub?sslmode=verify-full&channel_binding=require",
		"database_password_file": write("password", "a-password-of-many-letters\n"),
		"nats_url":               "tls://bus.example:4222", "nats_seed_file": write("seed", seed), "nats_ca_file": files.Authorities,
		"nats_cert_file": files.Certificate, "nats_key_file": files.Key,
		"tls_cert_file": files.Certificate, "tls_key_file": files.Key, "tls_ca_file": files.Authorities, "tls_revoked_file": files.Revoked,
		"ops_listen": "10.1.2.3:9090", "token_issuer": "https://issuer.example", "registry_address": "dns:///registry.example:7404",
		"audit_key_file": write("audit.key", strings.Repeat("ab", 32)), "signing_key_file": write("signing.pem", "a key"),
	}
}

// check is what the service says of the settings.
func check(settings map[string]string, env map[string]string) error {
	p := Program{Name: "intake", Settings: new(own), AsksRegistry: true}
	s, err := p.Load(config.Options{Env: func(variable string) (string, bool) {
		v, ok := settings[strings.ToLower(strings.TrimPrefix(variable, "NOTICEHUB_"))]
		return v, ok
	}})
	if err != nil {
		return err
	}
	return p.inspect(s, func(name string) string { return env[name] })
}

func TestSoundSettings(t *testing.T) {
	t.Parallel()
	if err := check(sound(t), map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://traces.example:4317"}); err != nil {
		t.Error(err)
	}
}

// Each of these alone keeps a service from starting.
func TestUnfitSettings(t *testing.T) {
	t.Parallel()
	for change, want := range map[string]string{
		"database_url=postgres://db.example/noticehub":                                                                          "database_url: ",
		"database_url=postgres://db.example/noticehub?sslmode=require&channel_binding=require":                                  "database_url: ",
		"database_url=postgres://noticehub_intake:hush@db.example/noticehub?sslmode=verify-full&channel_binding=require":        "part of the database URL",
		"database_url=postgres://noticehub_intake@db.example/noticehub?sslmode=verify-full&channel_binding=require&passfile=/x": "part of the database URL",
		"database_url=": "database_url is missing",
		"migrate_url=postgres://admin@127.0.0.1/x":   "migrate_url is set",
		"sandbox_clock=/tmp/clock.json":              "sandbox_clock is set",
		"nats_seed_file=":                            "no nkey",
		"nats_ca_file=":                              "no CA is named",
		"nats_cert_file=":                            "no client certificate",
		"nats_url=tls://token@bus.example:4222":      "nats_url holds a secret",
		"nats_replicas=2":                            "nats_replicas is 2",
		"tls_cert_file=":                             "tls_cert_file is missing",
		"tls_key_file=":                              "tls_key_file is missing",
		"tls_ca_file=":                               "tls_ca_file is missing",
		"tls_revoked_file=":                          "tls_revoked_file is missing",
		"tls_http_key_file=/x":                       "belong together",
		"ops_listen=":                                "ops_listen is missing",
		"ops_listen=:9090":                           "must be a loopback or private address",
		"ops_listen=0.0.0.0:9090":                    "must be a loopback or private address",
		"ops_listen=203.0.113.7:9090":                "must be a loopback or private address",
		"ops_listen=metrics.example:9090":            "must be a loopback or private address",
		"calls_per_second=0":                         "calls_per_second sets no limit",
		"calls_per_second=NaN":                       "calls_per_second is NaN",
		"messages_per_second=0":                      "messages_per_second sets no limit",
		"calls_in_flight=0":                          "calls_in_flight sets no limit",
		"connections=0":                              "connections is 0",
		"token_issuer=http://issuer.example":         "token_issuer: ",
		"token_audience=":                            "audience",
		"token_max_lifetime=240h":                    "token_max_lifetime is 240h",
		"token_ca_file=/nowhere":                     "token_ca_file: ",
		"registry_address=":                          "registry_address is missing",
		"create_keys=true":                           "create_keys is set",
		"signing_key_file=/nowhere":                  "signing_key_file: ",
		"audit_key_file=/nowhere":                    "audit_key_file: ",
		"database_password_file=/nowhere":            "database_password_file: ",
		"PGPASSWORD=hush":                            "PGPASSWORD is set",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://traces":  "OTEL_EXPORTER_OTLP_ENDPOINT must be",
		"OTEL_EXPORTER_OTLP_ENDPOINT=traces:4317":    "OTEL_EXPORTER_OTLP_ENDPOINT must be",
		"OTEL_EXPORTER_OTLP_TRACES_INSECURE=true":    "OTEL_EXPORTER_OTLP_TRACES_INSECURE is set",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=ftp://x": "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT must be",
	} {
		t.Run(change, func(t *testing.T) {
			t.Parallel()
			settings, env := sound(t), map[string]string{}
			name, value, _ := strings.Cut(change, "=")
			if strings.ToUpper(name) == name {
				env[name] = value
			} else {
				settings[name] = value
			}
			if err := check(settings, env); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hush") {
				t.Errorf("%v does not say %q", err, want)
			}
		})
	}
}

// The files that hold secrets are their owner's alone, and what they should be.
func TestUnfitFiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"database_password_file", "nats_seed_file", "nats_key_file", "tls_key_file", "audit_key_file", "signing_key_file"} {
		for _, mode := range []os.FileMode{0o404, 0o440, 0o644, 0o410} {
			settings := sound(t)
			if err := os.Chmod(settings[name], mode); err != nil {
				t.Fatal(err)
			}
			if err := check(settings, nil); err == nil || !strings.Contains(err.Error(), name+": others than its owner can use ") {
				t.Errorf("%s with mode %o: %v", name, mode, err)
			}
		}
	}
	for _, name := range []string{"nats_seed_file", "tls_key_file", "tls_cert_file", "tls_revoked_file", "audit_key_file"} {
		settings := sound(t)
		other := filepath.Join(t.TempDir(), "other")
		if err := os.WriteFile(other, []byte("something-else"), 0o400); err != nil {
			t.Fatal(err)
		}
		settings[name] = other
		if err := check(settings, nil); err == nil || strings.Contains(err.Error(), "something-else") {
			t.Errorf("%s holds something else: %v", name, err)
		}
		settings[name] = filepath.Dir(other)
		if err := check(settings, nil); err == nil {
			t.Errorf("%s is a directory", name)
		}
	}
}

// A certificate that is another service's would make it somebody else to others.
func TestAnothersCertificate(t *testing.T) {
	t.Parallel()
	settings := sound(t)
	ca, err := tlsfiles.DevelopmentCA(filepath.Dir(settings["tls_ca_file"]), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, subject := range []tlsfiles.Subject{
		{Caller: identity.Caller{Kind: identity.Service, ID: "registry"}}, {Caller: identity.Caller{Kind: identity.Authority, ID: "intake"}}, {Hosts: tlsfiles.Loopback()},
	} {
		files, err := ca.Issue("other", subject)
		if err != nil {
			t.Fatal(err)
		}
		settings["tls_cert_file"], settings["tls_key_file"] = files.Certificate, files.Key
		if err := check(settings, nil); err == nil || !strings.Contains(err.Error(), "is not the certificate of noticehub://service/intake") {
			t.Errorf("%+v: %v", subject, err)
		}
	}
}

// Whoever passes people's calls on must know where to, outside development.
func TestSiblingsMustBeKnown(t *testing.T) {
	t.Parallel()
	addresses := map[string]string{"intake": "dns:///intake.example:7401", "registry": ""}
	p := Program{Name: "console", Settings: new(own), PassesOn: func(s Settings) map[string]string {
		addresses := maps.Clone(addresses)
		addresses["registry"] = s.RegistryAddress
		return addresses
	}}
	for _, c := range []struct{ address, development, want string }{
		{"", "false", "registry_address is missing: console passes on to registry"}, {"dns:///registry.example:7404", "false", ""}, {"", "true", ""},
	} {
		settings := sound(t)
		settings["registry_address"], settings["development"] = c.address, c.development
		_, err := p.Load(config.Options{Env: func(variable string) (string, bool) {
			v, ok := settings[strings.ToLower(strings.TrimPrefix(variable, "NOTICEHUB_"))]
			return v, ok
		}})
		if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "intake_address")) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	// Without a certificate nobody would believe for whom a call is.
	ways, err := (&Parts{name: "console", Telemetry: telemetry.Discard()}).siblings(addresses)
	if err != nil || len(ways) != 0 {
		t.Errorf("%v %v", ways, err)
	}
}
