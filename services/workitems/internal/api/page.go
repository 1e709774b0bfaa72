package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// defaultPage is the page size when none is asked for.
const defaultPage = 50

// size is the page size asked for.
func size(n int32) int {
	if n == 0 {
		return defaultPage
	}
	return int(n)
}

// list identifies a list by its filters, so that a token of another list is
// refused and does not silently leave items out. It is told apart by whom, too,
// where the list is one's own.
type list uint32

func listOf(filters proto.Message, whose string) (list, error) {
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(filters)
	if err != nil {
		return 0, fault.New(fault.Internal, "ENCODING", "the request cannot be encoded").Wrap(err)
	}
	name := string(filters.ProtoReflect().Descriptor().FullName())
	return list(crc32.ChecksumIEEE(append(b, name+"/"+whose...))), nil
}

// A page token is the list and the position of the page's last row.
const tokenSize = 4 + 8 + 16

func (l list) token(at time.Time, id [16]byte) string {
	b := binary.BigEndian.AppendUint32(make([]byte, 0, tokenSize), uint32(l))
	b = binary.BigEndian.AppendUint64(b, uint64(at.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, id[:]...))
}

func (l list) position(token string) (p store.Position, err error) {
	if token == "" {
		return p, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenSize {
		return p, fault.InvalidField("page_token", "it is not a token of this list")
	}
	if list(binary.BigEndian.Uint32(b)) != l {
		return p, fault.InvalidField("page_token", "it belongs to a list with other filters")
	}
	p.At = time.UnixMicro(int64(binary.BigEndian.Uint64(b[4:]))).UTC()
	copy(p.ID[:], b[12:])
	return p, nil
}
