package canary

import (
	"context"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
)

// watched is a caller's connection: every answer is looked at.
type watched struct {
	*grpc.ClientConn
	stage  *stage
	caller identity.Caller
}

// Invoke calls and looks at the answer.
func (w *watched) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	err := w.ClientConn.Invoke(ctx, method, args, reply, opts...)
	w.stage.answered(w.caller, method, reply, err)
	return err
}

// NewStream opens a stream whose answers are looked at.
func (w *watched) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	stream, err := w.ClientConn.NewStream(ctx, desc, method, opts...)
	w.stage.answered(w.caller, method, nil, err)
	return &watchedStream{stream, w, method}, err
}

type watchedStream struct {
	grpc.ClientStream
	w      *watched
	method string
}

func (s *watchedStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.w.stage.answered(s.w.caller, s.method, m, err)
	return err
}

// answered looks at an answer: an error holds no canary; a reply only those its
// receiver may have.
func (s *stage) answered(who identity.Caller, method string, reply any, err error) {
	s.mu.Lock()
	s.called[method] = true
	s.mu.Unlock()
	if err != nil {
		b, _ := proto.Marshal(status.Convert(err).Proto())
		s.hit("an error of "+method, s.set.Find(b)...)
		return
	}
	m, ok := reply.(proto.Message)
	if !ok {
		return
	}
	b, marshal := proto.Marshal(m)
	if marshal != nil {
		return
	}
	for _, bird := range s.set.Find(b) {
		if bird.Owner != "" && bird.Owner == who.ID {
			s.mu.Lock()
			s.owned++
			s.mu.Unlock()
		}
		switch {
		case strings.HasPrefix(method, "/noticehub.audit."):
			s.hit("the audit log's answer to "+method, bird)
		case who.Kind == identity.Authority && bird.Owner != "" && bird.Owner != who.ID:
			s.hit("a reply of "+method+" to another authority", bird)
		case who.Kind == identity.Authority && bird.Secret:
			s.hit("a reply of "+method+" to an authority of a restricted record", bird)
		case who.Kind == identity.Person && bird.Secret && !who.Has("restricted-access-officer"):
			s.hit("a reply of "+method+" to an officer of a restricted record", bird)
		}
	}
}
