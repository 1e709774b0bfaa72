package securedtest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A service whose settings are not fit for machines others can reach does not
// start, and says all that is wrong at once, without a secret.
func TestInsecureServicesDoNotStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed := filepath.Join(dir, "nats.seed")
	if err := os.WriteFile(seed, []byte("SUAMYSEEDTHATALLCANREAD"), 0o644); err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{
		"database_url": "postgres://noticehub_autoprocessing:hush-hush@db.example/noticehub?sslmode=disable", "migrate_url": "postgres://postgres@127.0.0.1/noticehub",
		"nats_url": "nats://bus.example:4222", "nats_seed_file": seed, "ops_listen": "0.0.0.0:9090", "token_issuer": "http://sign-in.example",
		"calls_per_second": "0", "messages_per_second": "0", "calls_in_flight": "0", "sandbox_clock": filepath.Join(dir, "clock.json"),
		"audit_key_file": filepath.Join(dir, "audit.key"), "PGPASSWORD": "hush-hush",
	}
	for _, arguments := range [][]string{nil, {"check"}} {
		said, err := run(t, "autoprocessing", settings, arguments...)
		if err == nil {
			t.Fatalf("it started:\n%s", said)
		}
		for _, want := range []string{
			"database_url: the database on db.example would be reached without proof", "database_url: a password is part", "migrate_url is set", "sandbox_clock is set",
			"no CA is named", "no client certificate is named", "nats_seed_file: others than its owner can use " + seed,
			"tls_cert_file is missing", "tls_key_file is missing", "tls_ca_file is missing", "tls_revoked_file is missing", "ops_listen is 0.0.0.0:9090",
			"calls_per_second sets no limit", "messages_per_second sets no limit", "calls_in_flight sets no limit", "token_issuer: ", "registry_address is missing",
			"audit_key_file: ", "PGPASSWORD is set",
		} {
			if !strings.Contains(said, want) {
				t.Errorf("%v does not say %q:\n%s", arguments, want, said)
			}
		}
		if strings.Contains(said, "hush-hush") || strings.Contains(said, "SUAMYSEED") {
			t.Errorf("a secret is told:\n%s", said)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "audit.key")); err == nil {
		t.Error("a key was made")
	}
}

// Without any settings each service says what it needs.
func TestServicesSayWhatIsMissing(t *testing.T) {
	t.Parallel()
	for _, s := range services {
		said, err := run(t, s, nil)
		if err == nil || !strings.HasPrefix(said, s+": ") {
			t.Errorf("%s: %v\n%s", s, err, said)
		}
		needed := []string{"database_url is missing", "tls_cert_file is missing", "ops_listen is missing"}
		if s == "console" {
			needed = append(needed, "intake_address is missing", "autoprocessing_address is missing", "adviceoutcome_address is missing", "registry_address is missing", "workitems_address is missing", "audit_address is missing")
		}
		for _, want := range needed {
			if !strings.Contains(said, want) {
				t.Errorf("%s does not say %q:\n%s", s, want, said)
			}
		}
		if said, err := run(t, s, nil, "dance"); err == nil || !strings.Contains(said, "'"+s+" check'") {
			t.Errorf("%s dances: %v\n%s", s, err, said)
		}
	}
}
