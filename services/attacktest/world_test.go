//go:build attack

package attacktest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/telemetry/telemetrytest"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/hub"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// world is a running hub with people, authorities and an attacker.
type world struct {
	hub *hub.Hub
	dir string
	log *telemetrytest.Log
	ca  *tlsfiles.CA
	db  *pgxpool.Pool // the superuser's
	// victim is a customer of authority qld-cp's, hidden a restricted one.
	victim, hidden *registryv1.Customer
	// neighbour is a customer whom the attacker knows, too.
	neighbour *registryv1.Customer
	// theirs is a submission of qld-cp about the victim, secret one about the hidden customer.
	theirs, secret *intakev1.Receipt

	mu    sync.Mutex
	conns map[string]*grpc.ClientConn
}

// The words that must not reach an attacker: they stand in the records of qld-cp
// and of the restricted customer.
const (
	victimWord = "Kanarvictim"
	hiddenWord = "Kanarhidden"
)

var (
	admin      = identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}}
	officer    = identity.Caller{Kind: identity.Person, ID: "oscar", Roles: []string{"officer"}}
	keyholder  = identity.Caller{Kind: identity.Person, ID: "rita", Roles: []string{"restricted-access-officer"}}
	contact    = identity.Caller{Kind: identity.Person, ID: "alice", Roles: []string{"contact-officer"}}
	supervisor = identity.Caller{Kind: identity.Person, ID: "sam", Roles: []string{"supervisor"}}
	auditor    = identity.Caller{Kind: identity.Person, ID: "harper", Roles: []string{"auditor"}}
	attacker   = authority("nt-cp")
	owner      = authority("qld-cp")
)

func authority(id string) identity.Caller {
	return identity.Caller{Kind: identity.Authority, ID: id}
}

func service(id string) identity.Caller { return identity.Caller{Kind: identity.Service, ID: id} }

// place is a directory PostgreSQL's own user can reach, in memory when there is room.
func place(t testing.TB) string {
	t.Helper()
	base := ""
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		base = "/dev/shm"
	}
	dir, err := os.MkdirTemp(base, "noticehub-attack-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "hub")
}

// open runs a hub until the test ends.
func open(t testing.TB, change func(*hub.Options)) *world {
	t.Helper()
	w := &world{dir: place(t), log: &telemetrytest.Log{}, conns: map[string]*grpc.ClientConn{}}
	o := hub.Options{
		Dir: w.dir, GRPCListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", Zone: "Australia/Sydney", FastDisk: true,
		Authorities: synthetic.AuthorityIDs(),
		Telemetry:   telemetry.Config{LogFormat: "json", LogLevel: "info", SampleRatio: 1, Output: w.log},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if w.hub, err = hub.Open(context.Background(), o); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.hub.Run(ctx) }()
	t.Cleanup(func() {
		for _, c := range w.conns {
			_ = c.Close()
		}
		w.db.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the hub ended with %v", err)
		}
	})
	if w.db, err = pgxpool.New(context.Background(), w.hub.DatabaseURL()); err != nil {
		t.Fatal(err)
	}
	if !o.Insecure {
		// The same authority as the hub's: its files are there.
		if w.ca, err = tlsfiles.DevelopmentCA(filepath.Join(w.dir, hub.CertificateDir), nil); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if answer, err := http.Get("http://" + w.hub.HTTP() + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return w
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the hub does not get ready")
	return nil
}

// store keeps a caller's certificate.
func (w *world) store(files tlsfiles.Files) (*tlsfiles.Store, error) {
	return tlsfiles.Open(files, tlsfiles.Options{Name: "attack", Log: telemetry.Discard().Log})
}

// as is a connection of a caller: by certificate over gRPC; people come by HTTP/2
// on the HTTP port, with a development token, as do all on a hub without TLS.
func (w *world) as(c identity.Caller) (*grpc.ClientConn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := c.Actor() + strings.Join(c.Roles, "+")
	if conn := w.conns[key]; conn != nil {
		return conn, nil
	}
	token := identity.DevelopmentToken(c)
	o := rpc.DialOptions{Telemetry: telemetry.Discard(), Token: func() string { return token }}
	to := w.hub.HTTP()
	switch {
	case w.ca == nil:
		to = w.hub.GRPC()
	case c.Kind != identity.Person:
		s, err := w.ca.Calling(c)
		if err != nil {
			return nil, err
		}
		o.TLS, o.Token, to = s.Client, nil, w.hub.GRPC()
	}
	conn, err := rpc.DialWith(to, o)
	if err == nil {
		w.conns[key] = conn
	}
	return conn, err
}

// must is as for preparations.
func (w *world) must(t testing.TB, c identity.Caller) *grpc.ClientConn {
	t.Helper()
	conn, err := w.as(c)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// people brings in synthetic customers and authorities, and waits until intake
// knows the authorities.
func (w *world) people(t testing.TB, n int) {
	t.Helper()
	if _, err := synthetic.Import(context.Background(), registryv1.NewRegistryServiceClient(w.must(t, admin)), 1, n); err != nil {
		t.Fatal(err)
	}
	for _, id := range synthetic.AuthorityIDs() {
		client := intakev1.NewIntakeServiceClient(w.must(t, authority(id)))
		until(t, "authority "+id+" is known", func() error {
			_, err := client.Submit(context.Background(), &intakev1.SubmitRequest{Submission: lookFor("hello", "Nobody", "1980-01-01")})
			return err
		})
	}
}

// plant makes the victim and the restricted customer, and what qld-cp lodged.
func (w *world) plant(t testing.TB) {
	t.Helper()
	registry := registryv1.NewRegistryServiceClient(w.must(t, service("feeder")))
	put := func(n int, word string, restricted bool) *registryv1.Customer {
		c := synthetic.At(synthetic.Person(1, n), "Cairns", eventv1.Jurisdiction_JURISDICTION_QLD)
		c.Name.FamilyName, c.Name.GivenName, c.Addresses[0].Street = word, word+"given", "1 "+word+"street"
		c.RestrictedAccess = restricted
		stream, err := registry.ImportCustomers(context.Background())
		if err == nil {
			err = stream.Send(&registryv1.ImportCustomersRequest{Customer: c})
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stream.CloseAndRecv(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	w.victim, w.hidden, w.neighbour = put(900_001, victimWord, false), put(900_002, hiddenWord, true), put(900_003, "Neighbour", false)
	client := intakev1.NewIntakeServiceClient(w.must(t, owner))
	lodge := func(s *intakev1.Submission) *intakev1.Receipt {
		s.CaseWorker = victimWord + "worker"
		reply, err := client.Submit(context.Background(), &intakev1.SubmitRequest{Submission: s, Wait: durationpb.New(8 * time.Second)})
		if err != nil || reply.GetDecision() == nil {
			t.Fatalf("%s: %v, %v", s.GetReference(), reply, err)
		}
		return reply.GetReceipt()
	}
	w.theirs = lodge(disclosure(victimWord+"-1", w.victim))
	w.secret = lodge(disclosure(victimWord+"-2", w.hidden))
}

func identityOf(c *registryv1.Customer) *intakev1.CustomerIdentity {
	return &intakev1.CustomerIdentity{Crn: c.GetCrn(), FamilyName: c.GetName().GetFamilyName(), DateOfBirth: c.GetDateOfBirth()}
}

func disclosure(reference string, c *registryv1.Customer) *intakev1.Submission {
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{Customer: identityOf(c)}}}
}

func lookFor(reference, family, born string) *intakev1.Submission {
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_FindMutualClient{FindMutualClient: &intakev1.FindMutualClient{
		Name: &intakev1.PersonName{FamilyName: family, GivenName: "Una"}, DateOfBirth: born,
	}}}
}

// until tries until it works, at most 30 s.
func until(t testing.TB, what string, try func() error) {
	t.Helper()
	deadline := time.Now().Add(30 * time.Second)
	for {
		err := try()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s: %v", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// today is the agency's date.
func today() string {
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		panic(err) // the hub would not have started
	}
	return time.Now().In(zone).Format(time.DateOnly)
}

var errNotYet = errors.New("not yet")

// url of a path on the HTTP port.
func (w *world) url(format string, a ...any) string {
	return "http://" + w.hub.HTTP() + fmt.Sprintf(format, a...)
}
