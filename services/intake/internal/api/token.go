package api

import (
	"encoding/base64"
	"encoding/binary"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// Tokens hold a position and nothing secret: every query they take part in names
// the calling authority.

func pageToken(below clock.ID) string {
	if below.IsZero() {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(below[:])
}

func parsePageToken(token string) (clock.ID, error) {
	if token == "" {
		return clock.ID{}, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		if id, err := clock.IDFromBytes(data); err == nil && !id.IsZero() {
			return id, nil
		}
	}
	return clock.ID{}, fault.InvalidField("page_token", "is not a token of an earlier answer")
}

// resumeSize is 8 bytes of transaction, 16 of submission and 4 of version.
const resumeSize = 8 + 16 + 4

func resumeToken(p store.Position) string {
	data := make([]byte, 0, resumeSize)
	data = binary.BigEndian.AppendUint64(data, p.Tx)
	data = append(data, p.SubmissionID[:]...)
	data = binary.BigEndian.AppendUint32(data, uint32(p.Version))
	return base64.RawURLEncoding.EncodeToString(data)
}

func parseResumeToken(token string) (store.Position, error) {
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(data) != resumeSize {
		return store.Position{}, fault.InvalidField("resume_token", "is not a token of an earlier answer")
	}
	p := store.Position{Tx: binary.BigEndian.Uint64(data), Version: int32(binary.BigEndian.Uint32(data[24:]))}
	copy(p.SubmissionID[:], data[8:24])
	return p, nil
}
