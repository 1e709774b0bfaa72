// Package rpc is the hub's door: it serves a contract by gRPC on one port, and
// by REST with JSON, Connect and gRPC-Web on another, and dials other services.
//
// Every call passes the same chain, whatever its protocol: recover → deadline
// (at most 10 s, unary calls) → calls under way → authenticate → rate → rule of
// the method (denied by default) → decode → validate → the request's authority
// is the caller's → handler → mask → record of the read → status with
// google.rpc details, refusals on record. Authentication comes before decoding,
// so strangers cost little; of unary requests on the HTTP port it comes before
// anything of the body is read, because translating them needs all of it. Who has
// a stream is asked for again every Options.Recheck. grpc.health.v1 and, in
// development, reflection are open to all.
//
// Guarantees: callers never see a cause, a panic or a stack; INTERNAL with an
// ErrorInfo means a defect of the hub, not a malformed message; nothing of
// messages is logged; memory per unary call is bounded by MaxMessageBytes, also
// for compressed bodies; a reply that must be on record leaves after its entry
// is durable or not at all (of a stream that holds for the first message, and
// what the later ones show is on record before it is 100 records or 10 s old);
// handlers see no credentials; listeners take TLS 1.3 only, outside development.
//
// Not guaranteed: gRPC itself answers some broken transport (a truncated frame,
// corrupt gzip) with an INTERNAL without details, before the chain sees it. Rates
// and connections are limited per process, not over replicas. On the HTTP port the
// requests of one stream are bounded to 64 messages of full size in all, because
// net/http's transport has no back-pressure; bulk belongs on the gRPC port.
package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rate"
)

// Server serves the registered services. Register everything, then Serve once.
type Server struct {
	options Options
	// One server for the gRPC listener, one behind net/http, one for siblings in
	// the process: their limits differ, and they stop in different ways.
	native, web, inside *grpc.Server
	memory              *memory
	health              *health.Server
	ready               *readiness
	metrics             *metrics
	limits              *limits
	// handshakeLog and refusalLog keep floods out of the log.
	handshakeLog, refusalLog *rate.Keyed
	// opened are the streams of methods that are open to all.
	opened chan struct{}
	extra  *http.ServeMux

	methods  map[string]*method // by full name
	problems []error            // found while registering, told by Serve
	served   atomic.Bool

	// ending is cancelled when streams must end.
	ending  context.Context
	end     context.CancelFunc
	streams sync.WaitGroup
}

// NewServer makes a server; the error names every mistake in the options.
func NewServer(o Options) (*Server, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		options:      o,
		web:          grpc.NewServer(o.transport()...),
		inside:       grpc.NewServer(o.inside()...),
		memory:       newMemory(),
		metrics:      newMetrics(o.Telemetry.Metrics),
		limits:       newLimits(o.Limits),
		handshakeLog: newHandshakeLog(),
		refusalLog:   rate.NewKeyed(10, 50, 16),
		opened:       make(chan struct{}, maxOpen),
		extra:        http.NewServeMux(),
		methods:      make(map[string]*method),
	}
	native := o.transport()
	if o.TLS.GRPC != nil {
		native = append(native, grpc.Creds(noisy{
			credentials.NewTLS(serverTLS(o.TLS.GRPC, tls.RequireAndVerifyClientCert)),
			func(from net.Addr, err error) { s.handshakeFailed("grpc", host(from.String()), err.Error()) },
		}))
	}
	s.native = grpc.NewServer(native...)
	s.health = health.NewServer()
	s.ready = newReadiness(o.Telemetry.Log, s.health)
	s.ending, s.end = context.WithCancel(context.Background())
	healthv1.RegisterHealthServer(public{s}, s.health)
	if o.Development {
		reflection.Register(public{s})
	}
	return s, nil
}

// RegisterService adds a service (grpc.ServiceRegistrar). The validation rules
// of its requests are compiled now; one that does not compile makes Serve fail.
func (s *Server) RegisterService(desc *grpc.ServiceDesc, impl any) { s.register(desc, impl, false) }

// Ready adds a check that must pass for the server to be ready, such as that
// the database answers. It is asked about once a second and has 2 s.
func (s *Server) Ready(name string, check func(context.Context) error) { s.ready.add(name, check) }

// Handle adds a handler to the HTTP port; patterns are those of http.ServeMux,
// which panics on conflicts. It comes before the services, except for the
// pattern "/", which gets what nothing else takes, with bodies of at most
// MaxMessageBytes. Its requests are cancelled when streams end. It is not
// authenticated here.
func (s *Server) Handle(pattern string, h http.Handler) { s.extra.Handle(pattern, s.endingWith(h)) }

// public registers services that are open to all.
type public struct{ *Server }

func (p public) RegisterService(desc *grpc.ServiceDesc, impl any) { p.register(desc, impl, true) }

func (p public) GetServiceInfo() map[string]grpc.ServiceInfo { return p.native.GetServiceInfo() }

func (s *Server) register(desc *grpc.ServiceDesc, impl any, open bool) {
	guarded := *desc
	guarded.Methods = slices.Clone(desc.Methods)
	for i, m := range guarded.Methods {
		guarded.Methods[i].Handler = s.unary(s.method(desc, m.MethodName, open), m.Handler)
	}
	guarded.Streams = slices.Clone(desc.Streams)
	for i, m := range guarded.Streams {
		guarded.Streams[i].Handler = s.stream(s.method(desc, m.StreamName, open), m)
	}
	for _, server := range []*grpc.Server{s.native, s.web, s.inside} {
		server.RegisterService(&guarded, impl)
	}
	s.ready.cover(desc.ServiceName)
	if !open {
		s.problems = append(s.problems, s.describe(desc.ServiceName))
	}
}

func (s *Server) method(desc *grpc.ServiceDesc, name string, open bool) *method {
	m := &method{full: "/" + desc.ServiceName + "/" + name, open: open}
	s.methods[m.full] = m
	return m
}

// describe looks the methods of a service up in its contract and compiles the
// rules of their requests, so that a bad rule is found at the start and the
// first call is not slower than others.
func (s *Server) describe(service string) error {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if err != nil || !ok {
		return fmt.Errorf("rpc: service %s has no descriptor: %w", service, err)
	}
	var problems []error
	for i := range sd.Methods().Len() {
		md := sd.Methods().Get(i)
		if m := s.methods["/"+service+"/"+string(md.Name())]; m != nil {
			m.describe(md)
		}
		if err := Validate(dynamicpb.NewMessage(md.Input())); fault.Is(err, fault.Internal) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// obey makes the methods follow the table; the error names every path in it that
// the contract does not have. Methods that nobody can call for want of a rule
// are told in the log.
func (s *Server) obey() error {
	var unruled []string
	problems := slices.Clone(s.problems)
	for _, full := range slices.Sorted(maps.Keys(s.methods)) {
		m := s.methods[full]
		rule, ruled := s.options.Table[full]
		switch {
		case m.open:
		case !ruled:
			unruled = append(unruled, full)
		case m.input != nil:
			problems = append(problems, m.obey(rule))
		}
	}
	if len(unruled) > 0 {
		s.options.Telemetry.Log.Warn("methods without a rule are denied to all", "methods", strings.Join(unruled, " "))
	}
	return errors.Join(problems...)
}
