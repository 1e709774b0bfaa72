// Package operations shows those who keep the hub running how its services do, what
// stands still, and which events failed, and drives those again.
//
// Duty: the OperationsService over the services that run in this process, each with
// its own database role and connection to the bus: nothing is read that the service
// itself may not read.
//
// Guarantees: trouble of one service shows as that service's and hides no other;
// asking often costs as much as asking twice a second; driving events again is on
// record in the same transaction, and an event is told as resolved only after it was
// looked for and not found. No answer holds anything out of an event or names a
// customer: causes are codes and words without values (pkg/inbox).
//
// Not here: why an event failed, beyond that; who may look (services/internal/access).
package operations

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/services/internal/access"
	"github.com/noticehub/noticehub/services/internal/operations/stuck"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// Part is a service that runs in this process.
type Part struct {
	// Service is its id. What it publishes and consumes is what proto/subject says.
	Service string
	// Pool is its database, for its own work.
	Pool *pgxpool.Pool
	// Bus is its connection; nil for a service that uses no stream.
	Bus *bus.Bus
	// Audit writes its entries.
	Audit *audit.Writer
	// Detectors look for its work that stands still; may be nil.
	Detectors []stuck.Detector
}

// Watched is the Part's detectors when the service has any.
func Watched(service any) []stuck.Detector {
	if s, ok := service.(interface{ Detectors() []stuck.Detector }); ok {
		return s.Detectors()
	}
	return nil
}

func (p *Part) publishes() bool      { return len(packet.Peer(p.Service).Publishes) > 0 }
func (p *Part) consumes() []bus.Task { return packet.Peer(p.Service).Consumes }
func (p *Part) parks() bool          { return len(p.consumes()) > 0 }

func (p *Part) hasConsumer(name string) bool {
	return slices.ContainsFunc(p.consumes(), func(t bus.Task) bool { return t.Consumer == name })
}

// Deps are what the server works with; all are required.
type Deps struct {
	// Parts are the services, in the order they are shown.
	Parts []Part
	// Clock is the business clock.
	Clock clock.Clock
	// Log takes what fails.
	Log *slog.Logger
}

// Server is the API.
type Server struct {
	operationsv1.UnimplementedOperationsServiceServer
	deps   Deps
	gauges []*gauge
	stuck  memory[*operationsv1.ListStuckResponse]
}

// New makes the server; the rates are known once it runs.
func New(d Deps) *Server {
	s := &Server{deps: d}
	for i := range d.Parts {
		s.gauges = append(s.gauges, newGauge(&d.Parts[i]))
	}
	return s
}

// Register adds the service.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	operationsv1.RegisterOperationsServiceServer(r, s)
}

// Methods says who may call what.
func Methods() identity.Table {
	return access.Table(operationsv1.OperationsService_ServiceDesc.ServiceName)
}

// sampleEvery is how often the counts of events are noted, for their rates.
const sampleEvery = time.Second

// Run notes counts for the rates until ctx ends. Nothing is asked of anybody for it.
func (s *Server) Run(ctx context.Context) error {
	tick := time.NewTicker(sampleEvery)
	defer tick.Stop()
	for {
		for _, g := range s.gauges {
			g.sample(realNow())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// realNow is the machine's time: waiting and rates are no business of the calendar.
func realNow() time.Time { return clock.System().Now() }

// parts are those asked for; "" means all that keep events.
func (s *Server) parts(service string) ([]*Part, error) {
	var found []*Part
	var names []string
	for i := range s.deps.Parts {
		p := &s.deps.Parts[i]
		if names = append(names, p.Service); service == "" || service == p.Service {
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		return nil, fault.InvalidField("service", "no such service runs here; there are %s", strings.Join(names, ", "))
	}
	return found, nil
}
