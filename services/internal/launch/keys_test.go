package launch

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/config"
)

// Keys that are missing are made, others stay; only public halves are told.
func TestMakeKeys(t *testing.T) {
	t.Parallel()
	settings := sound(t)
	dir := filepath.Join(t.TempDir(), "keys")
	for _, name := range []string{"audit_key_file", "database_password_file", "nats_seed_file", "signing_key_file"} {
		settings[name] = filepath.Join(dir, name)
	}
	kept, err := os.ReadFile(settings["tls_key_file"])
	if err != nil {
		t.Fatal(err)
	}
	p := Program{Name: "intake", Settings: new(own), Keys: map[string]NewKey{"signing_key_file": SigningKey}}
	s, err := p.Load(config.Options{Env: func(variable string) (string, bool) {
		v, ok := settings[strings.ToLower(strings.TrimPrefix(variable, "NOTICEHUB_"))]
		return v, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.makeKeys(s, &out); err != nil {
		t.Fatal(err)
	}
	told := out.String()
	for _, name := range []string{"audit_key_file", "database_password_file", "nats_seed_file", "signing_key_file"} {
		secret, err := readSecret(settings[name])
		if err != nil {
			t.Error(err)
		}
		for line := range strings.SplitSeq(secret, "\n") {
			if strings.Contains(told, line) && !strings.HasPrefix(line, "-----") {
				t.Errorf("the secret of %s is told", name)
			}
		}
		if !strings.Contains(told, name+": made "+settings[name]) {
			t.Errorf("%s is not told:\n%s", name, told)
		}
	}
	seed, err := readSecret(settings["nats_seed_file"])
	if err != nil {
		t.Fatal(err)
	}
	if public, err := bus.PublicKey(seed); err != nil || !strings.Contains(told, public) {
		t.Errorf("the server is not told whom to let in: %v", err)
	}
	if now, err := os.ReadFile(settings["tls_key_file"]); err != nil || !bytes.Equal(now, kept) {
		t.Errorf("a key was replaced: %v", err)
	}
	if err := p.inspect(s, os.Getenv); err != nil {
		t.Errorf("what was made is not fit: %v", err)
	}
	out.Reset()
	if err := p.makeKeys(s, &out); err != nil || out.Len() > 0 {
		t.Errorf("made again: %s, %v", out.String(), err)
	}
}

// The name decides, in every service, whose file is a secret.
func TestSecretSettings(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"tls_key_file": true, "nats_seed_file": true, "oidc_client_secret_file": true, "database_password_file": true, "tls_cert_file": false, "tls_ca_file": false,
	} {
		if Secret(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}
