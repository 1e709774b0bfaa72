package launch

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// secretEndings are the ends of the names of settings whose files only their
// owner may use. The names of all services' settings follow it.
var secretEndings = []string{"key_file", "seed_file", "secret_file", "password_file"}

// Secret reports whether the file that a setting names holds a secret.
func Secret(setting string) bool {
	return slices.ContainsFunc(secretEndings, func(end string) bool { return strings.HasSuffix(setting, end) })
}

// inspect reports, outside development, what is wrong with the files that the
// settings name, all of them, and with the rest of the environment. Nothing is
// opened for good, and no key is made.
func (p Program) inspect(s Settings, env func(string) string) error {
	var problems []error
	for _, setting := range config.List("", &s, p.Settings) {
		if setting.Name == "create_keys" && setting.Value == true {
			problems = append(problems, errors.New("create_keys is set: outside development keys are made beforehand, once for all replicas"))
		}
		path, _ := setting.Value.(string)
		if path == "" || !strings.HasSuffix(setting.Name, "_file") {
			continue
		}
		problems = append(problems, named(setting.Name, usable(path, Secret(setting.Name))))
	}
	files := postgres.Files(s.DatabaseURL)
	for _, parameter := range slices.Sorted(maps.Keys(files)) {
		problems = append(problems, named("database_url: "+parameter, usable(files[parameter], parameter == "sslkey")))
	}
	if errors.Join(problems...) == nil { // what they say; who has no files has been told
		problems = append(problems, p.contents(s))
	}
	return errors.Join(append(problems, environment(env))...)
}

// usable reports why a file cannot be what a setting means.
func usable(path string, secret bool) error {
	if secret {
		if err := private(path); err != nil {
			return err
		}
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return file.Close()
}

// contents reports files that hold something else than they should.
func (p Program) contents(s Settings) error {
	var problems []error
	if s.Door.encrypted() {
		own, err := s.Door.certificates(p.Name, telemetry.Discard())
		problems = append(problems, err)
		if err == nil {
			caller, err := identity.OfCertificate(own.own.Leaf())
			if err != nil || caller.Kind != identity.Service || caller.ID != p.Name {
				problems = append(problems, fmt.Errorf("tls_cert_file: %s is not the certificate of %s", s.Door.TLSCertFile, identity.URI(identity.Caller{Kind: identity.Service, ID: p.Name})))
			}
		}
	}
	if !packet.Peer(p.Name).Idle() {
		for _, one := range []struct{ name, path string }{{"nats_seed_file", s.Bus.NATSSeedFile}, {"nats_admin_seed_file", s.Bus.NATSAdminSeedFile}} {
			if one.path == "" {
				continue
			}
			text, err := readSecret(one.path)
			if err == nil {
				_, err = bus.PublicKey(text)
			}
			problems = append(problems, named(one.name, err))
		}
	}
	_, err := SecretFile(s.AuditKeyFile, false)
	return errors.Join(append(problems, named("audit_key_file", err))...)
}

// environment reports what libraries would take from the environment that
// settings must not be.
func environment(env func(string) string) error {
	var problems []error
	if env("PGPASSWORD") != "" {
		problems = append(problems, errors.New("PGPASSWORD is set: name the password's file with database_password_file"))
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"} {
		if value := env(name); value != "" && egress.Sealed(value) != nil {
			problems = append(problems, fmt.Errorf("%s must be an https URL, or http on this machine: traces tell who deals with whom", name))
		}
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_INSECURE", "OTEL_EXPORTER_OTLP_TRACES_INSECURE"} {
		if strings.EqualFold(env(name), "true") {
			problems = append(problems, fmt.Errorf("%s is set: traces would leave the machine unencrypted", name))
		}
	}
	return errors.Join(problems...)
}
