// Package rpc is the hub's door: it serves a contract by gRPC on one port, and
// by REST with JSON, Connect and gRPC-Web on another, and dials other services.
//
// Every call passes the same chain, whatever its protocol: recover →
// authenticate → rule of the method (denied by default) → deadline (at most
// 10 s, unary calls) → decode → validate → handler → status with google.rpc
// details. Authentication comes before decoding, so strangers cost little.
// grpc.health.v1 and, when asked for, reflection are open to all.
//
// Guarantees: callers never see a cause, a panic or a stack; INTERNAL with an
// ErrorInfo means a defect of the hub, not a malformed message; nothing of
// messages is logged; memory per unary call is bounded by MaxMessageBytes, also
// for compressed bodies.
//
// gRPC itself answers some broken transport (a truncated frame, corrupt gzip)
// with an INTERNAL without details, before the chain sees it.
//
// It does not encrypt: give it listeners that do, or a proxy before it. It sets
// no rate limits and no quotas. On the HTTP port the requests of one stream are
// bounded to 64 messages of full size in all, because net/http's transport has
// no back-pressure; bulk belongs on the gRPC port.
package rpc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Server serves the registered services. Register everything, then Serve once.
type Server struct {
	options Options
	// One server for the gRPC listeners, one behind net/http: they stop in
	// different ways.
	native, web *grpc.Server
	memory      *memory
	health      *health.Server
	ready       *readiness
	metrics     *metrics
	extra       *http.ServeMux

	methods  map[string]bool // full name → open to all
	problems []error         // found while registering, told by Serve
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
		options: o,
		native:  grpc.NewServer(o.transport()...),
		web:     grpc.NewServer(o.transport()...),
		memory:  newMemory(),
		metrics: newMetrics(o.Telemetry.Metrics),
		extra:   http.NewServeMux(),
		methods: make(map[string]bool),
	}
	s.health = health.NewServer()
	s.ready = newReadiness(o.Telemetry.Log, s.health)
	s.ending, s.end = context.WithCancel(context.Background())
	healthv1.RegisterHealthServer(public{s}, s.health)
	if o.Reflection {
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
		full := "/" + desc.ServiceName + "/" + m.MethodName
		s.methods[full] = open
		guarded.Methods[i].Handler = s.unary(full, open, m.Handler)
	}
	guarded.Streams = slices.Clone(desc.Streams)
	for i, m := range guarded.Streams {
		full := "/" + desc.ServiceName + "/" + m.StreamName
		s.methods[full] = open
		guarded.Streams[i].Handler = s.stream(full, open, m)
	}
	s.native.RegisterService(&guarded, impl)
	s.web.RegisterService(&guarded, impl)
	s.ready.cover(desc.ServiceName)
	if !open {
		s.problems = append(s.problems, compileRules(desc.ServiceName))
	}
}

// compileRules compiles the rules of a service's requests, so that a bad rule
// is found at the start and the first call is not slower than others.
func compileRules(service string) error {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	sd, ok := d.(protoreflect.ServiceDescriptor)
	if err != nil || !ok {
		return fmt.Errorf("rpc: service %s has no descriptor: %w", service, err)
	}
	var problems []error
	for i := range sd.Methods().Len() {
		if err := Validate(dynamicpb.NewMessage(sd.Methods().Get(i).Input())); fault.Is(err, fault.Internal) {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// unruled are the methods that nobody can call for want of a rule.
func (s *Server) unruled() []string {
	var list []string
	for _, full := range slices.Sorted(maps.Keys(s.methods)) {
		if _, ruled := s.options.Table[full]; !ruled && !s.methods[full] {
			list = append(list, full)
		}
	}
	return list
}
