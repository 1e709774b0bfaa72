//go:build attack

package attacktest

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/access"
)

// methods are all methods of the contract, sorted.
func methods() (list []protoreflect.MethodDescriptor) {
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		if strings.HasPrefix(string(f.Package()), "noticehub.") {
			for i := range f.Services().Len() {
				for j := range f.Services().Get(i).Methods().Len() {
					list = append(list, f.Services().Get(i).Methods().Get(j))
				}
			}
		}
		return true
	})
	slices.SortFunc(list, func(a, b protoreflect.MethodDescriptor) int {
		return strings.Compare(string(a.FullName()), string(b.FullName()))
	})
	return list
}

func pathOf(m protoreflect.MethodDescriptor) string {
	return "/" + string(m.Parent().FullName()) + "/" + string(m.Name())
}

// fresh is a new message of the type that the program has for a descriptor.
func fresh(d protoreflect.MessageDescriptor) proto.Message {
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		panic(err) // the contract is linked
	}
	return t.New().Interface()
}

// everyRole are all roles there are.
func everyRole(t testing.TB) (roles []string) {
	t.Helper()
	book, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range book.Roles {
		roles = append(roles, r.Name)
	}
	return roles
}

// callers of a method who are let in, by preference an authority.
func letIn(t testing.TB, m protoreflect.MethodDescriptor, person string) (c identity.Caller, writes, ok bool) {
	t.Helper()
	book, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	row, found := book.Row(pathOf(m))
	if !found {
		return c, false, false
	}
	for _, c := range []identity.Caller{
		{Kind: identity.Person, ID: person, Roles: everyRole(t)}, attacker, service("autoprocessing"), service("feeder"),
	} {
		if row.Rule().Allows(c) {
			return c, row.Writes, true
		}
	}
	return c, row.Writes, false
}

// call makes a call of any kind with the given requests and returns the replies,
// at most a few.
func call(ctx context.Context, conn grpc.ClientConnInterface, m protoreflect.MethodDescriptor, requests ...proto.Message) (replies []proto.Message, err error) {
	if !m.IsStreamingClient() && !m.IsStreamingServer() {
		reply := fresh(m.Output())
		if err := conn.Invoke(ctx, pathOf(m), requests[0], reply); err != nil {
			return nil, err
		}
		return []proto.Message{reply}, nil
	}
	s, err := conn.NewStream(ctx, &grpc.StreamDesc{ClientStreams: m.IsStreamingClient(), ServerStreams: m.IsStreamingServer()}, pathOf(m))
	if err != nil {
		return nil, err
	}
	for _, r := range requests {
		if err := s.SendMsg(r); err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if !m.IsStreamingClient() {
			break
		}
	}
	if err := s.CloseSend(); err != nil {
		return nil, err
	}
	for range 8 {
		reply := fresh(m.Output())
		if err := s.RecvMsg(reply); err != nil {
			if errors.Is(err, io.EOF) {
				return replies, nil
			}
			return replies, err
		}
		replies = append(replies, reply)
	}
	return replies, nil
}
