package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
)

// list identifies a search by its filters, so that a token of another one is
// refused and does not silently leave entries out.
type list uint32

func listOf(req *auditv1.SearchEntriesRequest) (list, error) {
	filters := proto.CloneOf(req)
	filters.PageSize, filters.PageToken = 0, ""
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(filters)
	if err != nil {
		return 0, fault.New(fault.Internal, "ENCODING", "the request cannot be encoded").Wrap(err)
	}
	return list(crc32.ChecksumIEEE(b)), nil
}

// A page token is the list and the position before which it goes on.
const tokenSize = 4 + 8

func (l list) token(before int64) string {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, tokenSize), uint32(l))
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(b, uint64(before)))
}

func (l list) position(token string) (int64, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(b) != tokenSize {
		return 0, fault.InvalidField("page_token", "it is not a token of this list")
	}
	if list(binary.BigEndian.Uint32(b)) != l {
		return 0, fault.InvalidField("page_token", "it belongs to a list with other filters")
	}
	position := int64(binary.BigEndian.Uint64(b[4:]))
	if position <= 0 {
		return 0, fault.InvalidField("page_token", "it is not a token of this list")
	}
	return position, nil
}
