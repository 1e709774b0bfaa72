package rpc_test

import (
	"context"
	"testing"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate" // linked for its rules
	_ "google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/noticehub/noticehub/pkg/identity"
)

// A contract of the tests' own, as text, so that no generated code is needed.
const contract = `
name: "rpctest/v1/echo.proto" package: "rpctest.v1" syntax: "proto3"
dependency: "buf/validate/validate.proto" dependency: "google/api/annotations.proto"
message_type {
  name: "Item"
  field { name: "family_name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL options { [buf.validate.field] { string { max_len: 8 } } } }
  field { name: "percent" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL options { [buf.validate.field] { int32 { gte: 0 lte: 100 } } } }
  field { name: "inner" number: 3 type: TYPE_MESSAGE type_name: ".rpctest.v1.Item" label: LABEL_OPTIONAL }
  field { name: "item_id" number: 4 type: TYPE_STRING label: LABEL_OPTIONAL }
}
message_type {
  name: "EchoRequest"
  field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "item" number: 2 type: TYPE_MESSAGE type_name: ".rpctest.v1.Item" label: LABEL_OPTIONAL }
  field { name: "more" number: 3 type: TYPE_MESSAGE type_name: ".rpctest.v1.Item" label: LABEL_REPEATED }
  field { name: "by_name" number: 4 type: TYPE_MESSAGE type_name: ".rpctest.v1.EchoRequest.ByNameEntry" label: LABEL_REPEATED }
  field { name: "crn" number: 5 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "submission_id" number: 6 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "authority_id" number: 7 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "report_date" number: 8 type: TYPE_STRING label: LABEL_OPTIONAL }
  nested_type {
    name: "ByNameEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".rpctest.v1.Item" label: LABEL_OPTIONAL }
  }
}
message_type {
  name: "EchoResponse"
  field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "caller" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
  field { name: "items" number: 3 type: TYPE_MESSAGE type_name: ".rpctest.v1.Item" label: LABEL_REPEATED }
  field { name: "by_name" number: 4 type: TYPE_MESSAGE type_name: ".rpctest.v1.EchoResponse.ByNameEntry" label: LABEL_REPEATED }
  nested_type {
    name: "ByNameEntry" options { map_entry: true }
    field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "value" number: 2 type: TYPE_MESSAGE type_name: ".rpctest.v1.Item" label: LABEL_OPTIONAL }
  }
}
service {
  name: "EchoService"
  method { name: "Echo" input_type: ".rpctest.v1.EchoRequest" output_type: ".rpctest.v1.EchoResponse"
    options { [google.api.http] { post: "/v1/echo" body: "*" additional_bindings { get: "/v1/echo/{text}" } } } }
  method { name: "Named" input_type: ".rpctest.v1.EchoRequest" output_type: ".rpctest.v1.EchoResponse"
    options { [google.api.http] { post: "/v1/named/{text}:echo" body: "*" } } }
  method { name: "Unruled" input_type: ".rpctest.v1.EchoRequest" output_type: ".rpctest.v1.EchoResponse" }
  method { name: "Watch" input_type: ".rpctest.v1.EchoRequest" output_type: ".rpctest.v1.EchoResponse" server_streaming: true }
  method { name: "Chat" input_type: ".rpctest.v1.EchoRequest" output_type: ".rpctest.v1.EchoResponse" client_streaming: true server_streaming: true }
}`

var (
	requestType, responseType protoreflect.MessageType
	service                   = "rpctest.v1.EchoService"
	echoMethod                = "/" + service + "/Echo"
	namedMethod               = "/" + service + "/Named"
	watchMethod               = "/" + service + "/Watch"
	chatMethod                = "/" + service + "/Chat"
)

func init() {
	var file descriptorpb.FileDescriptorProto
	if err := prototext.Unmarshal([]byte(contract), &file); err != nil {
		panic(err)
	}
	d, err := protodesc.NewFile(&file, protoregistry.GlobalFiles)
	if err == nil {
		err = protoregistry.GlobalFiles.RegisterFile(d)
	}
	if err != nil {
		panic(err)
	}
	requestType = dynamicpb.NewMessageType(d.Messages().ByName("EchoRequest"))
	responseType = dynamicpb.NewMessageType(d.Messages().ByName("EchoResponse"))
}

// request makes an EchoRequest from text format.
func request(t testing.TB, text string) proto.Message {
	t.Helper()
	m := requestType.New().Interface()
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

// answer makes an EchoResponse from text format.
func answer(t testing.TB, text string) proto.Message {
	t.Helper()
	m := responseType.New().Interface()
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

func field(m proto.Message, name string) string {
	r := m.ProtoReflect()
	return r.Get(r.Descriptor().Fields().ByName(protoreflect.Name(name))).String()
}

func response(ctx context.Context, text string) proto.Message {
	m := responseType.New()
	caller, _ := identity.From(ctx)
	m.Set(responseType.Descriptor().Fields().ByName("text"), protoreflect.ValueOfString(text))
	m.Set(responseType.Descriptor().Fields().ByName("caller"), protoreflect.ValueOfString(caller.Actor()))
	return m.Interface()
}

// echo is the service; each test brings what its methods do.
type echo struct {
	unary  func(ctx context.Context, m proto.Message) (proto.Message, error)
	stream func(first proto.Message, ss grpc.ServerStream) error
}

// desc is what protoc-gen-go-grpc would have generated.
func desc() *grpc.ServiceDesc {
	unary := func(impl any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		in := requestType.New().Interface()
		if err := decode(in); err != nil {
			return nil, err
		}
		handler := func(ctx context.Context, m any) (any, error) { return impl.(*echo).unary(ctx, m.(proto.Message)) }
		return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: impl, FullMethod: echoMethod}, handler)
	}
	return &grpc.ServiceDesc{
		ServiceName: service, HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Echo", Handler: unary}, {MethodName: "Named", Handler: unary}, {MethodName: "Unruled", Handler: unary}},
		Streams: []grpc.StreamDesc{
			{StreamName: "Watch", ServerStreams: true, Handler: func(impl any, ss grpc.ServerStream) error {
				in := requestType.New().Interface()
				if err := ss.RecvMsg(in); err != nil {
					return err
				}
				return impl.(*echo).stream(in, ss)
			}},
			{StreamName: "Chat", ServerStreams: true, ClientStreams: true, Handler: func(impl any, ss grpc.ServerStream) error {
				return impl.(*echo).stream(nil, ss)
			}},
		},
	}
}

func textOf(s string) protoreflect.Value { return protoreflect.ValueOfString(s) }
