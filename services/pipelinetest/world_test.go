// Package pipelinetest runs the whole system in one test process: every service
// with embedded NATS and a PostgreSQL server of its own, behind its listeners.
package pipelinetest

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/hub"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// world is a running hub.
type world struct {
	t    *testing.T
	hub  *hub.Hub
	dir  string
	stop func()
}

// start runs a hub in a directory; several tests may each have one.
func start(t *testing.T, dir string) *world {
	t.Helper()
	h, err := hub.Open(t.Context(), hub.Options{
		Insecure: true, Unlimited: true,
		Dir: dir, GRPCListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", Zone: "Australia/Sydney", FastDisk: true,
		Telemetry: telemetry.Config{LogFormat: "text", LogLevel: "error", SampleRatio: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	stopped := false
	w := &world{t: t, hub: h, dir: dir, stop: func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the hub ended with %v", err)
		}
	}}
	t.Cleanup(w.stop)
	return w
}

// place is a directory PostgreSQL's own user can reach; t.TempDir is closed to others.
func place(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "noticehub-pipeline-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "hub")
}

// dial connects over loopback TCP, as an outsider does.
func (w *world) dial(c identity.Caller) *grpc.ClientConn {
	w.t.Helper()
	token := identity.DevelopmentToken(c)
	conn, err := rpc.Dial(w.hub.GRPC(), func() string { return token }, telemetry.Discard())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return conn
}

func (w *world) authority(id string) *grpc.ClientConn {
	return w.dial(identity.Caller{Kind: identity.Authority, ID: id})
}

func (w *world) administrator() *grpc.ClientConn {
	return w.dial(identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
}

// seed imports people and waits until intake knows the authorities.
func (w *world) seed(people int) {
	w.t.Helper()
	if _, err := synthetic.Import(w.t.Context(), registryv1.NewRegistryServiceClient(w.administrator()), 1, people); err != nil {
		w.t.Fatal(err)
	}
	for _, a := range synthetic.Authorities() {
		client := intakev1.NewIntakeServiceClient(w.authority(a.GetAuthorityId()))
		w.until("authority "+a.GetAuthorityId()+" is known", func() bool {
			_, err := client.Submit(w.t.Context(), &intakev1.SubmitRequest{Submission: search("hello", "Nobody", "1980-01-01"), Wait: durationpb.New(time.Second)})
			return err == nil
		})
	}
}

// until waits until it is so, at most 30 s.
func (w *world) until(what string, so func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for !so() {
		if time.Now().After(deadline) {
			w.t.Fatalf("waited in vain until %s", what)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func search(reference, family, born string) *intakev1.Submission {
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
		Name: &intakev1.PersonName{FamilyName: family, GivenName: "Known"}, DateOfBirth: born,
	}}}
}

func identityOf(c *registryv1.Customer) *intakev1.CustomerIdentity {
	return &intakev1.CustomerIdentity{Crn: c.GetCrn(), FamilyName: c.GetName().GetFamilyName(), DateOfBirth: c.GetDateOfBirth()}
}

// person n of the seed, moved to where the measure's area is.
func (w *world) person(n int, locality string, state eventv1.Jurisdiction) *registryv1.Customer {
	w.t.Helper()
	c := synthetic.At(synthetic.Person(1, n), locality, state)
	registry := registryv1.NewRegistryServiceClient(w.dial(identity.Caller{Kind: identity.Person, ID: "oscar", Roles: []string{"officer"}}))
	now, err := registry.GetCustomer(w.t.Context(), &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
	if err == nil {
		_, err = registry.PutCustomer(w.t.Context(), &registryv1.PutCustomerRequest{Customer: c, ExpectedVersion: now.GetCustomer().GetRecordVersion()})
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}
