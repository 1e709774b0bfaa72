// Package audit keeps the record of who did what: state changes, reads of
// personal data, refusals and sign-ins.
//
// Duty: write entries in the transaction of the action they tell of (Writer),
// or in one of their own before an answer leaves (Recorder).
//
// Guarantees: an action whose entries cannot be written does not happen, because
// they share its transaction; a record refuses UPDATE, DELETE and TRUNCATE;
// entries name customers by a keyed hash only (Writer.Customer), so that an
// export holds no personal data.
//
// The entries of one transaction are one row, a record: batches of hundreds of
// decisions cost one insert. Each entry is still an entry of its own in the log,
// which package ledger builds and package tree proves.
package audit

import (
	"context"
	"errors"
	"strings"

	"github.com/noticehub/noticehub/pkg/identity"
)

// Result says how an action ended.
type Result string

// The results.
const (
	// Done is an action that took effect, or a read that was answered.
	Done Result = "done"
	// Refused is an action that was not allowed and changed nothing.
	Refused Result = "refused"
)

// Entry tells of one action. No field may hold personal data: customers are
// named by Writer.Customer, texts by their digest.
type Entry struct {
	// Action in the words of the service: "submission.lodged", "customer.read",
	// "signin"; required.
	Action string `json:"action"`
	// Object the action was about, "kind/id": "submission/0192…", "customer/c-…",
	// "report/frc/2026-11-23"; "" when there is none.
	Object string `json:"object,omitempty"`
	// Result; required.
	Result Result `json:"result"`
	// Reason of a refusal, or the one somebody gave by a code, UPPER_SNAKE.
	Reason string `json:"reason,omitempty"`
	// Actor who did it, when that is not the caller of the context.
	Actor string `json:"actor,omitempty"`
	// Version the object has after the action; 0 when it has none.
	Version int64 `json:"version,omitempty"`
	// Digest is the SHA-256 of what was written or shown; may be nil.
	Digest []byte `json:"digest,omitempty"`
	// Detail are facts without personal data: outcome, count, policy version.
	Detail map[string]string `json:"detail,omitempty"`
}

func (e *Entry) validate() error {
	switch {
	case e.Action == "" || (e.Result != Done && e.Result != Refused):
		return errors.New("audit: an entry needs an action and a result")
	case e.Object != "" && !isObject(e.Object):
		return errors.New("audit: the object of " + e.Action + " is not of the form kind/id")
	}
	return nil
}

// Where in an object a byte may stand.
const (
	kindFirst = 1 << iota
	kindRest
	idFirst
	idRest
)

var objectBytes = func() (t [256]uint8) {
	for c := range 256 {
		switch c := byte(c); {
		case c-'a' < 26 || c-'A' < 26 || c-'0' < 10:
			t[c] = kindFirst | kindRest | idFirst | idRest
		case c == '~':
			t[c] = idFirst | idRest
		case c == '_' || c == '.' || c == '-':
			t[c] = kindRest | idRest
		case c == ':':
			t[c] = idRest
		}
	}
	return t
}()

// isObject says whether s has the form
// [A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9~][A-Za-z0-9_.:~-]*)*: nothing that needs
// quoting, no spaces.
func isObject(s string) bool {
	place := uint8(kindFirst)
	for i := range len(s) {
		switch c := s[i]; {
		case objectBytes[c]&place != 0:
			if place&(kindFirst|idFirst) != 0 {
				place <<= 1
			}
		case c == '/' && place&(kindRest|idRest) != 0:
			place = idFirst
		default:
			return false
		}
	}
	return place&(kindRest|idRest) != 0
}

type methodKey struct{}

// WithMethod says which method is being called; the door sets it.
func WithMethod(ctx context.Context, full string) context.Context {
	return context.WithValue(ctx, methodKey{}, strings.TrimPrefix(full, "/"))
}

// Method is the method being called, "package.Service/Method", or "".
func Method(ctx context.Context) string {
	m, _ := ctx.Value(methodKey{}).(string)
	return m
}

// Recorder writes entries of actions that have no transaction: reads, refusals,
// sign-ins. It returns when they are durable; an error means they are not, and
// nothing may be shown then. Entries of concurrent calls share a transaction.
type Recorder interface {
	Record(ctx context.Context, entries ...Entry) error
}

// SignedIn records sign-ins that happen elsewhere, when their proof is first
// shown here; way is how, such as "token". It is what identity.TokenOptions wants.
func SignedIn(r Recorder, way string) func(context.Context, identity.Caller) error {
	return func(ctx context.Context, c identity.Caller) error {
		return r.Record(identity.With(ctx, c), Entry{Action: "signin", Result: Done, Detail: map[string]string{"by": way}})
	}
}
