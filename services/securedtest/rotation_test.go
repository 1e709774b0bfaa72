package securedtest

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// F38: certificates are replaced on the disk while authorities come and go. Nobody
// is turned away, nothing is restarted; once the old ones are revoked they let
// nobody in.
func (w *world) certificatesRotate(t *testing.T) {
	visits := w.comeAndGo(t, w.client(t, identity.Authority, "nt-spar"))
	visits.some(t, w)
	old := map[string]tlsfiles.Files{}
	rotate := func(name string, subject tlsfiles.Subject) {
		t.Helper()
		old[name] = w.copyOf(t, name)
		fresh, err := w.ca.Issue("fresh-"+name, subject)
		if err != nil {
			t.Fatal(err)
		}
		// As an operator does: first the key, then the certificate, each at once.
		for _, from := range []string{fresh.Key, fresh.Certificate} {
			if err := os.Rename(from, filepath.Join(filepath.Dir(from), name+filepath.Ext(from))); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, s := range []string{"intake", "autoprocessing", "registry"} {
		rotate("server-"+s, tlsfiles.Subject{Caller: identity.Caller{Kind: identity.Service, ID: s}, Hosts: tlsfiles.Loopback()})
	}
	rotate("authority-nt-spar", tlsfiles.Subject{Caller: identity.Caller{Kind: identity.Authority, ID: "nt-spar"}})
	for _, s := range []string{"intake", "registry"} {
		w.until(t, s+" shows its new certificate", func() bool { return w.shown(t, s) != serialOf(t, old["server-"+s]) })
	}
	visits.some(t, w)
	for _, files := range old {
		if err := w.ca.Revoke(files); err != nil {
			t.Fatal(err)
		}
	}
	certificate, err := openStore(t, old["authority-nt-spar"]).Client()
	if err != nil {
		t.Fatal(err)
	}
	w.until(t, "the old certificate lets nobody in", func() bool { return shake(w.settings["intake"]["grpc_listen"], certificate) != nil })
	visits.some(t, w)
	visits.stop()
	for _, s := range services {
		if w.running[s].ended() {
			t.Errorf("%s ended", s)
		}
	}
	// With the registry away for a moment, automatic processing has to come to it
	// anew, with the certificate it never was started with.
	w.running["registry"].stop(t)
	w.serve("registry")
	w.ready(t, "registry")
	w.decides(t, "after-rotation", 1)
	auditor := w.provider.person(t, "auditor.harper")
	w.until(t, "the refusal is on record", func() bool {
		status, text := w.https(t, "audit", http.MethodPost, "/v1/audit/entries:search", auditor, `{"action":"connection.refused","result":"RESULT_REFUSED"}`)
		return status == http.StatusOK && strings.Contains(text, "CERTIFICATE_REVOKED")
	})
}

// visits are connections of an authority that comes, calls and goes, over and over.
type visits struct {
	came atomic.Int64
	stop func()
}

func (w *world) comeAndGo(t *testing.T, certificate *tlsfiles.Store) *visits {
	ctx, cancel := context.WithCancel(t.Context())
	var v visits
	var wait sync.WaitGroup
	v.stop = func() { cancel(); wait.Wait() }
	visit := func() {
		conn, err := rpc.DialWith(w.settings["intake"]["grpc_listen"], rpc.DialOptions{Telemetry: telemetry.Discard(), TLS: certificate.Client})
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		call, done := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
		defer done()
		if _, err := intakev1.NewIntakeServiceClient(conn).ListSubmissions(call, &intakev1.ListSubmissionsRequest{}); err != nil {
			t.Errorf("turned away: %v", err)
		}
		v.came.Add(1)
	}
	for range 2 {
		wait.Go(func() {
			for ctx.Err() == nil {
				visit()
				time.Sleep(50 * time.Millisecond) // within the rate of an authority
			}
		})
	}
	t.Cleanup(v.stop)
	return &v
}

// some waits for ten more visits.
func (v *visits) some(t *testing.T, w *world) {
	t.Helper()
	enough := v.came.Load() + 10
	w.until(t, "the authority came and went", func() bool { return v.came.Load() >= enough })
}

// copyOf keeps what a certificate's files hold now.
func (w *world) copyOf(t *testing.T, name string) tlsfiles.Files {
	t.Helper()
	files := tlsfiles.Files{Authorities: w.ca.Certificate()}
	for end, to := range map[string]*string{".pem": &files.Certificate, ".key": &files.Key} {
		data, err := os.ReadFile(filepath.Join(filepath.Dir(w.ca.Certificate()), name+end))
		if err != nil {
			t.Fatal(err)
		}
		*to = filepath.Join(t.TempDir(), name+end)
		if err := os.WriteFile(*to, data, 0o400); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func serialOf(t *testing.T, files tlsfiles.Files) string {
	t.Helper()
	return openStore(t, files).Leaf().SerialNumber.String()
}

// shown is the serial number of the certificate that a service shows on both
// listeners; "" while they differ.
func (w *world) shown(t *testing.T, service string) string {
	t.Helper()
	config, err := w.client(t, identity.Authority, "qld-cp").Client()
	if err != nil {
		t.Fatal(err)
	}
	var serials []string
	for _, listener := range []string{"grpc_listen", "http_listen"} {
		conn, err := tls.Dial("tcp", w.settings[service][listener], config)
		if err != nil {
			t.Fatal(err)
		}
		serials = append(serials, conn.ConnectionState().PeerCertificates[0].SerialNumber.String())
		_ = conn.Close()
	}
	if serials[0] != serials[1] {
		return serialOf(t, w.copyOf(t, "server-"+service)) + "?"
	}
	return serials[0]
}

// decides has an authority lodge something that is decided by asking the registry.
func (w *world) decides(t *testing.T, reference string, n int) {
	t.Helper()
	intake := intakev1.NewIntakeServiceClient(w.dial(t, "intake", w.client(t, identity.Authority, "nt-spar").Client, ""))
	answer, err := intake.Submit(t.Context(), &intakev1.SubmitRequest{Submission: disclosure(reference, n), Wait: durationpb.New(8 * time.Second)})
	if err != nil || answer.GetDecision().GetOutcome() != eventv1.Outcome_OUTCOME_ELIGIBLE {
		t.Errorf("%s: decided %v, %v", reference, answer, err)
	}
}

// The database's password is changed under a service: its sessions are ended and
// it comes back with the new one.
func (w *world) passwordRotates(t *testing.T) {
	file := w.settings["intake"]["database_password_file"]
	fresh := rand.Text()
	if err := os.WriteFile(file+".new", []byte(fresh), 0o400); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	administrator := map[string]string{"migrate_url": w.database.URL(), "database_password_file": file}
	if said, err := run(t, "intake", administrator, "migrate"); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	admin, err := postgres.Open(t.Context(), w.database.URL(), postgres.Schema{Name: "intake", Role: "postgres"}, postgres.Options{MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	if _, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'noticehub_intake'"); err != nil {
		t.Fatal(err)
	}
	w.ready(t, "intake")
	w.until(t, "intake takes submissions", func() bool {
		intake := intakev1.NewIntakeServiceClient(w.dial(t, "intake", w.client(t, identity.Authority, "nt-spar").Client, ""))
		_, err := intake.Submit(t.Context(), &intakev1.SubmitRequest{Submission: search("after-password")})
		return err == nil
	})
	w.decides(t, "with-a-new-password", 2)
}
