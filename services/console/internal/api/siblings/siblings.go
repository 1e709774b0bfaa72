// Package siblings passes on what people call of services that other processes
// run: the console's page knows one origin, and a session counts only here.
//
// Duty: it serves every method of those services that a person may call, by the
// protocols that the door takes, and calls the sibling's gRPC listener for it, in
// the name of the person (rpc.DialOptions.ForPersons).
//
// Guarantees: a call has passed the door's whole chain before it is passed on: who
// calls, by a session's cookie that counts only from the console's own pages or by
// a token, the limits, the rule of the method, the request's form; nothing of the
// caller's headers goes along. A stream ends with the session here, which is asked
// about again by the door, and so at the sibling. The sibling's own rule, limits,
// masks and records are those of the person, too. Answers and refusals pass
// unchanged; a sibling that is away is UNAVAILABLE.
//
// Not here: authorities and services call their services themselves, and so do
// people who stream requests, which browsers cannot.
package siblings

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// served are the gRPC services of each sibling. OperationsService is every
// process's, see Operations.
var served = map[string][]string{
	"intake": {intakev1.IntakeService_ServiceDesc.ServiceName},
	"autoprocessing": {
		processingv1.QueueService_ServiceDesc.ServiceName, processingv1.RegisterService_ServiceDesc.ServiceName, processingv1.DisclosureService_ServiceDesc.ServiceName,
		processingv1.RestrictedAccessService_ServiceDesc.ServiceName, processingv1.WorkloadService_ServiceDesc.ServiceName,
	},
	"adviceoutcome": {advicev1.ReportService_ServiceDesc.ServiceName},
	"registry":      {registryv1.RegistryService_ServiceDesc.ServiceName, registryv1.CircumstanceService_ServiceDesc.ServiceName},
	"workitems":     {workitemv1.WorkItemService_ServiceDesc.ServiceName},
	"audit":         {auditv1.AuditService_ServiceDesc.ServiceName},
}

// Names are the siblings, in order.
func Names() []string { return slices.Sorted(maps.Keys(served)) }

// Siblings are the services elsewhere. The zero value knows none.
type Siblings struct {
	conns map[string]grpc.ClientConnInterface
	log   *slog.Logger
}

// New knows the siblings that conns lead to, by their names. Their calls must say
// for whom they are.
func New(conns map[string]grpc.ClientConnInterface, log *slog.Logger) (*Siblings, error) {
	for name := range conns {
		if served[name] == nil {
			return nil, fmt.Errorf("siblings: none is called %s", name)
		}
	}
	return &Siblings{conns, log}, nil
}

// names are the siblings there is a way to, in order.
func (s *Siblings) names() []string { return slices.Sorted(maps.Keys(s.conns)) }

// Methods says who may call what here: people, as at the sibling, which masks its
// answers and puts reads on record, so that neither happens twice. Streams of
// requests, which no browser makes, are nobody's here.
func (s *Siblings) Methods() identity.Table {
	table := identity.Table{}
	for _, name := range s.names() {
		rules := access.Table(served[name]...)
		for _, service := range served[name] {
			methods := contract(service)
			for i := range methods.Len() {
				full := fullName(service, methods.Get(i))
				rule, here := rules[full], identity.Rule{Object: rules[full].Object}
				if slices.Contains(rule.Kinds, identity.Person) && !methods.Get(i).IsStreamingClient() {
					here.Kinds, here.Roles = []identity.Kind{identity.Person}, rule.Roles
				}
				table[full] = here
			}
		}
	}
	return table
}

// Register adds the services of the siblings.
func (s *Siblings) Register(r grpc.ServiceRegistrar) {
	for _, name := range s.names() {
		for _, service := range served[name] {
			r.RegisterService(s.passing(name, service), s)
		}
	}
}

// contract is the methods of a service. It is part of the program, so that a
// service without one is a defect of it.
func contract(service string) protoreflect.MethodDescriptors {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		panic("siblings: " + err.Error())
	}
	return found.(protoreflect.ServiceDescriptor).Methods()
}

func fullName(service string, m protoreflect.MethodDescriptor) string {
	return "/" + service + "/" + string(m.Name())
}

// passing is a service whose methods are passed on.
func (s *Siblings) passing(sibling, service string) *grpc.ServiceDesc {
	methods := contract(service)
	desc := &grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil)}
	for i := range methods.Len() {
		m := methods.Get(i)
		way := &way{
			sibling: sibling, full: fullName(service, m), conn: s.conns[sibling], log: s.log,
			input: message(m.Input()), output: message(m.Output()),
		}
		switch {
		case m.IsStreamingClient():
			desc.Streams = append(desc.Streams, grpc.StreamDesc{
				StreamName: string(m.Name()), Handler: refuse, ClientStreams: true, ServerStreams: m.IsStreamingServer(),
			})
		case m.IsStreamingServer():
			desc.Streams = append(desc.Streams, grpc.StreamDesc{StreamName: string(m.Name()), Handler: way.stream, ServerStreams: true})
		default:
			desc.Methods = append(desc.Methods, grpc.MethodDesc{MethodName: string(m.Name()), Handler: way.unary})
		}
	}
	return desc
}

func message(d protoreflect.MessageDescriptor) protoreflect.MessageType {
	found, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		panic("siblings: " + err.Error())
	}
	return found
}

// refuse is for streams of requests, should a rule ever let somebody come so far.
func refuse(any, grpc.ServerStream) error {
	return fault.New(fault.Denied, "METHOD_DENIED", "streams of requests are not passed on").WithHelp("Call the service itself.")
}

// way is how one method is passed on.
type way struct {
	sibling, full string
	input, output protoreflect.MessageType
	conn          grpc.ClientConnInterface
	log           *slog.Logger
}

func (w *way) unary(impl any, ctx context.Context, decode func(any) error, chain grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // gRPC's order
	in := w.input.New().Interface()
	if err := decode(in); err != nil {
		return nil, err
	}
	return chain(ctx, in, &grpc.UnaryServerInfo{Server: impl, FullMethod: w.full}, func(ctx context.Context, in any) (any, error) {
		out := w.output.New().Interface()
		if err := w.conn.Invoke(ctx, w.full, in, out); err != nil {
			return nil, w.told(ctx, err)
		}
		return out, nil
	})
}

func (w *way) stream(_ any, to grpc.ServerStream) error {
	in := w.input.New().Interface()
	if err := to.RecvMsg(in); err != nil {
		return err
	}
	// However this ends, so does the stream at the sibling.
	ctx, cancel := context.WithCancel(to.Context())
	defer cancel()
	from, err := w.open(ctx, in)
	if err != nil {
		return w.told(ctx, err)
	}
	for {
		out := w.output.New().Interface()
		switch err := from.RecvMsg(out); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return w.told(ctx, err)
		}
		if err := to.SendMsg(out); err != nil {
			return err
		}
	}
}

func (w *way) open(ctx context.Context, in proto.Message) (grpc.ClientStream, error) {
	from, err := w.conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, w.full)
	if err != nil {
		return nil, err
	}
	if err := from.SendMsg(in); err != nil && !errors.Is(err, io.EOF) { // io.EOF: the answer says why
		return nil, err
	}
	return from, from.CloseSend()
}

func (w *way) told(ctx context.Context, err error) error {
	return told(ctx, w.log, w.sibling, w.full, err)
}
