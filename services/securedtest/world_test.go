package securedtest

import (
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/bus/bustest"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// world is everything the services run on, and the services.
type world struct {
	t        *testing.T // of all steps: what is started lives as long
	dir      string
	ca       *tlsfiles.CA
	database *postgres.Local
	bus      *bustest.Apart
	provider *provider
	settings map[string]map[string]string // of each service
	running  map[string]*process
}

// start makes a world whose services are ready.
func start(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), settings: map[string]map[string]string{}, running: map[string]*process{}}
	var err error
	if w.ca, err = tlsfiles.DevelopmentCA(filepath.Join(w.dir, "ca"), nil); err != nil {
		t.Fatal(err)
	}
	w.startDatabase(t)
	ports := freePorts(t, 3*len(services))
	w.provider = startProvider(t, w.ca, "https://"+ports[3*slices.Index(services, "console")+1])
	for i, s := range services {
		w.settings[s] = w.settingsOf(t, s, ports[3*i:])
	}
	for _, s := range services {
		w.settings[s]["registry_address"] = w.settings["registry"]["grpc_listen"]
		if s != "console" && s != "registry" {
			w.settings["console"][s+"_address"] = w.settings[s]["grpc_listen"]
		}
	}
	w.makeKeys(t)
	w.startBus(t)
	w.migrate(t)
	for _, s := range services {
		w.serve(s)
	}
	for _, s := range services {
		w.ready(t, s)
	}
	return w
}

// serve starts a service, for as long as the world is there.
func (w *world) serve(service string) { w.running[service] = serve(w.t, service, w.settings[service]) }

// ready waits until a service says on its operations listener that it is.
func (w *world) ready(t *testing.T, service string) {
	t.Helper()
	p := w.running[service]
	w.until(t, service+" is ready", func() bool {
		if p.ended() {
			t.Fatalf("%s ended: %v\n%s", service, p.err, p.said)
		}
		status, _, err := get(t, "http://"+w.settings[service]["ops_listen"]+"/readyz")
		return err == nil && status == http.StatusOK
	})
}

func (w *world) startDatabase(t *testing.T) {
	t.Helper()
	// PostgreSQL's own user must be able to pass through; t.TempDir is closed to others.
	dir, err := os.MkdirTemp("", "noticehub-secured-db-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if w.database, err = postgres.StartLocal(t.Context(), postgres.LocalOptions{Dir: filepath.Join(dir, "postgres"), NoSync: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.database.Kill)
}

// settingsOf are a service's, as an operator would write them.
func (w *world) settingsOf(t *testing.T, service string, ports []string) map[string]string {
	t.Helper()
	files, err := w.ca.Server(service)
	if err != nil {
		t.Fatal(err)
	}
	database, err := url.Parse(w.database.URL())
	if err != nil {
		t.Fatal(err)
	}
	database.User = url.User("noticehub_" + service)
	own := func(name string) string { return filepath.Join(w.dir, service, name) }
	s := map[string]string{
		"database_url": database.String(), "database_password_file": own("database.password"),
		"tls_cert_file": files.Certificate, "tls_key_file": files.Key, "tls_ca_file": files.Authorities, "tls_revoked_file": files.Revoked,
		"grpc_listen": ports[0], "http_listen": ports[1], "ops_listen": ports[2],
		"token_issuer": w.provider.url, "token_ca_file": files.Authorities, "audit_key_file": filepath.Join(w.dir, "audit.key"),
		"log_format": "json",
	}
	if !packet.Peer(service).Idle() {
		s["nats_seed_file"], s["nats_ca_file"], s["nats_cert_file"], s["nats_key_file"] = own("nats.seed"), files.Authorities, files.Certificate, files.Key
	}
	switch service {
	case "registry":
		s["nats_admin_seed_file"] = own("courier.seed")
	case "intake":
		s["receipt_key_file"], s["customer_burst"] = own("receipt.pem"), "1000"
	case "adviceoutcome":
		s["signing_key_file"] = own("report.pem")
	case "audit":
		s["log_key_file"] = own("log.key")
	case "console":
		s["console_origin"], s["oidc_issuer"], s["oidc_ca_file"] = "https://"+ports[1], w.provider.url, files.Authorities
		s["session_key_file"] = own("session.key")
	}
	return s
}

// makeKeys has each service make its keys, as at an installation.
func (w *world) makeKeys(t *testing.T) {
	t.Helper()
	for _, s := range services {
		if said, err := run(t, s, w.settings[s], "keys"); err != nil {
			t.Fatalf("keys of %s: %v\n%s", s, err, said)
		}
	}
}

// startBus starts a server from the sample in deploy/, with this world's paths and
// the public halves of the services' keys.
func (w *world) startBus(t *testing.T) {
	t.Helper()
	files, err := w.ca.Issue("nats", tlsfiles.Subject{Hosts: tlsfiles.Loopback()})
	if err != nil {
		t.Fatal(err)
	}
	sample, err := os.ReadFile("../../deploy/nats-server.conf")
	if err != nil {
		t.Fatal(err)
	}
	replace := []string{
		"/etc/nats/tls/server.pem", files.Certificate, "/etc/nats/tls/server-key.pem", files.Key, "/etc/nats/tls/ca.pem", files.Authorities,
		"/var/lib/nats", filepath.Join(w.dir, "nats"), "0.0.0.0:4222", "127.0.0.1:-1", "127.0.0.1:8222", "127.0.0.1:-1", "$NATS_STORE_KEY", rand.Text(),
	}
	for _, peer := range packet.Peers() {
		file := filepath.Join(w.dir, peer.Name, "nats.seed")
		if peer.Name == subject.Courier {
			file = filepath.Join(w.dir, "registry", "courier.seed")
		}
		seed, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		public, err := bus.PublicKey(strings.TrimSpace(string(seed)))
		if err != nil {
			t.Fatal(err)
		}
		replace = append(replace, "$"+bus.KeyVariable(peer.Name)+"\n", public+"\n")
	}
	w.bus = bustest.FromFile(t, strings.NewReplacer(replace...).Replace(string(sample)))
	for _, s := range services {
		w.settings[s]["nats_url"] = w.bus.URL
	}
}

// migrate has an administrator prepare the database for each service.
func (w *world) migrate(t *testing.T) {
	t.Helper()
	for _, s := range services {
		said, err := run(t, s, map[string]string{"migrate_url": w.database.URL(), "database_password_file": w.settings[s]["database_password_file"]}, "migrate")
		if err != nil {
			t.Fatalf("migrate %s: %v\n%s", s, err, said)
		}
	}
}

// client is a certificate of somebody who calls, from files that may change.
func (w *world) client(t *testing.T, kind identity.Kind, id string) *tlsfiles.Store {
	t.Helper()
	files, err := w.ca.Client(identity.Caller{Kind: kind, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return openStore(t, files)
}

// until waits until it is so, at most 90 s: the machine may be busy.
func (w *world) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for !so() {
		if time.Now().After(deadline) {
			for _, p := range w.running {
				t.Logf("%s said:\n%s", p.name, p.said)
			}
			t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func freePorts(t *testing.T, n int) []string {
	t.Helper()
	var ports []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, fmt.Sprint(l.Addr()))
	}
	return ports
}
