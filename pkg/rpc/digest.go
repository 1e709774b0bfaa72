package rpc

import (
	"crypto/sha256"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Digest is the SHA-256 of what a message says, 32 bytes: by it a call that is
// repeated under one id is told from another call under that id. Without a
// message it is nil.
func Digest(m proto.Message) ([]byte, error) {
	if m == nil {
		return nil, nil
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		return nil, fault.New(fault.Internal, "ENCODING", "the request cannot be encoded").Wrap(err)
	}
	sum := sha256.Sum256(b)
	return sum[:], nil
}
