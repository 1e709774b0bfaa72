package pipelinetest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/noticehub/noticehub/pkg/config"
	"github.com/noticehub/noticehub/services/internal/launch"
)

var update = flag.Bool("update", false, "write deploy/SETTINGS.md instead of comparing it")

const settingsHead = `# Settings

Made from the services' configuration; do not edit. Regenerate with
` + "`go test ./services/pipelinetest -run Settings -update`" + `; a test compares.

Each service takes its settings from the YAML file that NOTICEHUB_CONFIG names and
from the environment, which wins. "<service> keys" makes the key and password files
that are missing and prints the public halves that others need; certificates and their
keys are the CA's. "<service> migrate" brings the database up to date (postgresql.md).
"<service> check" says what is wrong with the settings, all at once, without starting.

Outside development a service does not start unless its settings are fit for machines
others can reach: database and bus are reached by TLS that proves both sides (or on the
same machine), the service logs in as itself, with a certificate that names it, knows
whose certificates are revoked, has limits, and shows health and metrics inside only.

**Secrets are never settings.** Files marked *secret* hold them: they exist beforehand,
and only their owner may use them (mode 0400 or 0600). The certificates, their keys and
revocation lists, and the database's password are read again when they change, so
that rotation needs no restart; a changed nkey seed, signing key or key of sessions
counts after a restart. audit_key_file stays for good: with another key customers
get other names in the audit log.
`

// deploy/SETTINGS.md says what the code says.
func TestSettingsAreDocumented(t *testing.T) {
	t.Parallel()
	const path = "../../deploy/SETTINGS.md"
	var b strings.Builder
	b.WriteString(settingsHead)
	section(&b, "Every service", new(launch.Settings))
	for _, p := range programs() {
		section(&b, p.Name, p.Settings)
	}
	section(&b, "migrate", new(launch.MigrateSettings))
	b.WriteString("\n\"<service> migrate\" takes these from the environment alone; postgresql.md shows it.\n")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != b.String() {
		t.Errorf("%s is not what the settings are (%v): run this test with -update", path, err)
	}
}

func section(b *strings.Builder, title string, of any) {
	fmt.Fprintf(b, "\n## %s\n\n| setting | default | what it is |\n|---|---|---|\n", title)
	for _, s := range config.List("", of) {
		doc, standard := strings.ReplaceAll(s.Doc, "|", `\|`), ""
		if launch.Secret(s.Name) {
			doc = "*secret* – " + doc
		}
		if s.Default != "" {
			standard = "`" + s.Default + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", s.Name, standard, doc)
	}
}

// Each setting has a name that says whether its file holds a secret, and a text
// that says what it is; no service hides one of the settings all have.
func TestSettingsAreNamedAlike(t *testing.T) {
	t.Parallel()
	open := map[string]bool{
		"nats_ca_file": true, "nats_cert_file": true, "tls_cert_file": true, "tls_ca_file": true, "tls_revoked_file": true, "tls_http_cert_file": true,
		"token_ca_file": true, "oidc_ca_file": true,
	}
	for _, p := range programs() {
		seen := map[string]bool{}
		for _, s := range config.List("", new(launch.Settings), p.Settings) {
			if seen[s.Name] {
				t.Errorf("%s: %s is there twice", p.Name, s.Name)
			}
			seen[s.Name] = true
			if s.Doc == "" || strings.ContainsAny(s.Doc, "\n") {
				t.Errorf("%s: %s is not documented in a line", p.Name, s.Name)
			}
			if strings.HasSuffix(s.Name, "_file") && launch.Secret(s.Name) == open[s.Name] {
				t.Errorf("%s: is the file of %s a secret?", p.Name, s.Name)
			}
			for _, word := range []string{"password", "secret", "seed", "token_value", "private"} {
				if strings.Contains(s.Name, word) && !strings.HasSuffix(s.Name, "_file") {
					t.Errorf("%s: %s may be a secret itself", p.Name, s.Name)
				}
			}
		}
	}
}
