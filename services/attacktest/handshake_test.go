//go:build attack

package attacktest

import (
	"context"
	"crypto/tls"
	"path/filepath"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// handshakes are cases 1 to 6: who does not get in, and who gets in as another.
// A refused handshake is no call: it leaves the entry connection.refused, a line
// in the log and a metric.
func handshakes() []attack {
	return []attack{
		{number: 1, name: "no client certificate", record: "connection.refused CERTIFICATE_MISSING", run: func(a *attempt) {
			a.knock("without", func(c *tls.Config) { c.Certificates, c.GetClientCertificate = nil, nil })
		}},
		{number: 2, name: "certificate of another authority", record: "connection.refused CERTIFICATE_UNTRUSTED", run: func(a *attempt) {
			other, err := tlsfiles.DevelopmentCA(a.TempDir(), nil)
			if err != nil {
				a.Fatal(err)
			}
			files, err := other.Client(attacker)
			if err != nil {
				a.Fatal(err)
			}
			a.knockWith("another CA's", files)
		}},
		{number: 3, name: "expired certificate", record: "connection.refused CERTIFICATE_EXPIRED", run: func(a *attempt) {
			a.knockWith("expired", a.issuedAt("attack-expired", time.Now().Add(-60*24*time.Hour)))
		}},
		{number: 3, name: "future certificate", record: "connection.refused CERTIFICATE_EXPIRED", run: func(a *attempt) {
			a.knockWith("future", a.issuedAt("attack-future", time.Now().Add(2*24*time.Hour)))
		}},
		{number: 3, name: "revoked certificate", record: "connection.refused CERTIFICATE_REVOKED", run: func(a *attempt) {
			files := a.issuedAt("attack-revoked", time.Now())
			if err := a.ca.Revoke(files); err != nil {
				a.Fatal(err)
			}
			time.Sleep(3 * time.Second) // the list is looked at each second, later when the machine is busy
			a.knockWith("revoked", files)
		}},
		{number: 3, name: "TLS 1.2", noRecord: "a version is no attempt to get in: log and metric only", run: func(a *attempt) {
			a.knock("TLS 1.2", func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS12, tls.VersionTLS12 })
		}},
		{number: 4, name: "a service calls what another may", record: "call.refused METHOD_DENIED", run: otherService},
		{number: 6, name: "another authority's name in message, metadata and token", record: "call.refused AUTHORITY_MISMATCH, call.refused CASE_WORKER_MISMATCH", run: otherName},
	}
}

// issuedAt is the attacker's certificate made by the hub's authority at some time.
func (a *attempt) issuedAt(name string, at time.Time) tlsfiles.Files {
	a.Helper()
	ca, err := tlsfiles.DevelopmentCA(filepath.Join(a.dir, hub.CertificateDir), clock.NewFake(at))
	if err != nil {
		a.Fatal(err)
	}
	files, err := ca.Issue(name, tlsfiles.Subject{Caller: attacker})
	if err != nil {
		a.Fatal(err)
	}
	return files
}

// config is how the attacker connects honestly.
func (a *attempt) config() *tls.Config {
	a.Helper()
	files, err := a.ca.Client(attacker)
	if err != nil {
		a.Fatal(err)
	}
	s, err := a.store(files)
	if err != nil {
		a.Fatal(err)
	}
	c, err := s.Client()
	if err != nil {
		a.Fatal(err)
	}
	return c.Clone()
}

func (a *attempt) knockWith(what string, files tlsfiles.Files) {
	a.Helper()
	pair, err := tls.LoadX509KeyPair(files.Certificate, files.Key)
	if err != nil {
		a.Fatal(err)
	}
	a.knock(what, func(c *tls.Config) {
		c.Certificates, c.GetClientCertificate = nil, func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	})
}

// knock makes a call over a connection that must be refused.
func (a *attempt) knock(what string, change func(*tls.Config)) {
	a.Helper()
	c := a.config()
	change(c)
	conn, err := rpc.DialWith(a.hub.GRPC(), rpc.DialOptions{Telemetry: telemetry.Discard(), TLS: func() (*tls.Config, error) { return c, nil }})
	if err != nil {
		a.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(a.ctx, 5*time.Second)
	defer cancel()
	_, err = intakev1.NewIntakeServiceClient(&listening{conn, a}).Submit(ctx, &intakev1.SubmitRequest{Submission: lookFor("knock", "Knock", "1980-01-01")})
	if code := status.Code(err); code != codes.Unavailable && code != codes.DeadlineExceeded {
		a.Errorf("%s: %v", what, err)
	}
}

func otherService(a *attempt) {
	for _, id := range []string{"intake", "adviceoutcome", "workitems", "console", "audit", "feeder", "ghost"} {
		_, err := registryv1.NewRegistryServiceClient(a.hostile(service(id))).ResolveCustomers(a.ctx, &registryv1.ResolveCustomersRequest{
			Queries: []*registryv1.CustomerQuery{{Crn: a.victim.GetCrn()}},
		})
		a.refused(id+" resolves customers", err, codes.PermissionDenied, "METHOD_DENIED")
	}
	_, err := intakev1.NewIntakeServiceClient(a.hostile(service("autoprocessing"))).Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("x", "X", "1980-01-01")})
	a.refused("a service lodges", err, codes.PermissionDenied, "METHOD_DENIED")
	_, err = registryv1.NewRegistryServiceClient(a.hostile(attacker)).GetCustomer(a.ctx, &registryv1.GetCustomerRequest{Crn: a.victim.GetCrn()})
	a.refused("an authority reads the registry", err, codes.PermissionDenied, "METHOD_DENIED")
}

func otherName(a *attempt) {
	reports := advicev1.NewReportServiceClient(a.hostile(attacker))
	_, err := reports.ListReports(a.ctx, &advicev1.ListReportsRequest{AuthorityId: "qld-cp"})
	a.refused("in the message", err, codes.PermissionDenied, "AUTHORITY_MISMATCH")
	_, err = reports.ListReports(a.ctx, &advicev1.ListReportsRequest{AuthorityId: "no-such-one"})
	a.refused("of nobody in the message", err, codes.PermissionDenied, "AUTHORITY_MISMATCH")
	// What metadata says is not heard: the submission is not found.
	ctx := metadata.AppendToOutgoingContext(a.ctx, "x-authority-id", "qld-cp", "authority_id", "qld-cp", "x-forwarded-client-cert", "URI=noticehub://authority/qld-cp")
	_, err = intakev1.NewIntakeServiceClient(a.hostile(attacker)).GetSubmission(ctx, &intakev1.GetSubmissionRequest{SubmissionId: a.theirs.GetSubmissionId()})
	a.refused("in metadata", err, codes.NotFound, "")
	with := func(o rpc.DialOptions) grpc.ClientConnInterface {
		o.Telemetry, o.TLS = telemetry.Discard(), func() (*tls.Config, error) { return a.config(), nil }
		conn, err := rpc.DialWith(a.hub.GRPC(), o)
		if err != nil {
			a.Fatal(err)
		}
		a.Cleanup(func() { _ = conn.Close() })
		return &listening{conn, a}
	}
	token := with(rpc.DialOptions{Token: func() string { return identity.DevelopmentToken(owner) }})
	_, err = intakev1.NewIntakeServiceClient(token).GetSubmission(a.ctx, &intakev1.GetSubmissionRequest{SubmissionId: a.theirs.GetSubmissionId()})
	a.refused("a token of another beside the certificate", err, codes.Unauthenticated, "")
	// A case worker whom the certificate's holder asserts decides over the message.
	files, err := a.ca.Client(attacker)
	if err != nil {
		a.Fatal(err)
	}
	s, err := a.store(files)
	if err != nil {
		a.Fatal(err)
	}
	key, err := s.Key()
	if err != nil {
		a.Fatal(err)
	}
	asserting := with(rpc.DialOptions{CaseWorker: func() (string, error) { return identity.SignCaseWorker(key, "honest.worker", time.Now(), time.Minute) }})
	submission := lookFor("case-worker", "Nobody", "1980-01-01")
	submission.CaseWorker = "another.worker"
	_, err = intakev1.NewIntakeServiceClient(asserting).Submit(a.ctx, &intakev1.SubmitRequest{Submission: submission})
	a.refused("another case worker in the message", err, codes.PermissionDenied, "CASE_WORKER_MISMATCH")
	forged := with(rpc.DialOptions{CaseWorker: func() (string, error) { return "e30.e30.AAAA", nil }})
	_, err = intakev1.NewIntakeServiceClient(forged).Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("forged", "Nobody", "1980-01-01")})
	a.refused("a forged assertion", err, codes.Unauthenticated, "")
}
