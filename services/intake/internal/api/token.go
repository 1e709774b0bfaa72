package api

import (
	"encoding/binary"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

// tokens are bound to the authority they were made for. They are sealed because
// the place of a watch holds the number of a transaction, from which an authority
// could work out how much others lodge.
type tokens struct{ pages, watches *pagetoken.Tokens }

func newTokens(secret []byte) (tokens, error) {
	pages, err := pagetoken.New(secret, "submissions")
	if err != nil {
		return tokens{}, err
	}
	watches, err := pagetoken.New(secret, "changes")
	return tokens{pages, watches}, err
}

func (t tokens) page(authority string, below clock.ID) string {
	if below.IsZero() {
		return ""
	}
	return t.pages.Seal(authority, below[:])
}

func (t tokens) parsePage(authority, token string) (clock.ID, error) {
	if token == "" {
		return clock.ID{}, nil
	}
	if place, ok := t.pages.Open(authority, token); ok {
		if id, err := clock.IDFromBytes(place); err == nil {
			return id, nil
		}
	}
	return clock.ID{}, badToken("page_token")
}

// resumeSize is 8 bytes of transaction, 16 of submission and 4 of version.
const resumeSize = 8 + 16 + 4

func (t tokens) resume(authority string, p store.Position) string {
	data := make([]byte, 0, resumeSize)
	data = binary.BigEndian.AppendUint64(data, p.Tx)
	data = append(data, p.SubmissionID[:]...)
	data = binary.BigEndian.AppendUint32(data, uint32(p.Version))
	return t.watches.Seal(authority, data)
}

func (t tokens) parseResume(authority, token string) (store.Position, error) {
	data, ok := t.watches.Open(authority, token)
	if !ok || len(data) != resumeSize {
		return store.Position{}, badToken("resume_token").WithHelp("List your submissions, then watch without a token.")
	}
	p := store.Position{Tx: binary.BigEndian.Uint64(data), Version: int32(binary.BigEndian.Uint32(data[24:]))}
	copy(p.SubmissionID[:], data[8:24])
	return p, nil
}

func badToken(path string) *fault.Error {
	return fault.InvalidField(path, "is not a token of an earlier answer to you")
}
