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
// decisions cost one insert. Each entry is still an entry of its own in the log.
package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"regexp"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/trace"

	"github.com/noticehub/noticehub/pkg/clock"
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

// object is what Object looks like: nothing that needs quoting, no spaces.
var object = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*(/[A-Za-z0-9~][A-Za-z0-9_.:~-]*)*$`)

func (e Entry) validate() error {
	switch {
	case e.Action == "" || (e.Result != Done && e.Result != Refused):
		return errors.New("audit: an entry needs an action and a result")
	case e.Object != "" && !object.MatchString(e.Object):
		return errors.New("audit: the object of " + e.Action + " is not of the form kind/id")
	}
	return nil
}

// Writer writes the entries of one service.
type Writer struct {
	service string
	key     []byte
}

// NewWriter makes the writer of a service. The key makes customers' names in the
// log; all services share it, and at least 32 bytes are needed.
func NewWriter(service string, key []byte) (*Writer, error) {
	if service == "" || len(key) < 32 {
		return nil, errors.New("audit: a writer needs the service's name and a key of 32 bytes or more")
	}
	return &Writer{service: service, key: key}, nil
}

var customerEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// Customer is the object that stands for a customer: "customer/c-" and a keyed
// hash of the CRN. Who holds the key can find a customer's entries; nobody else
// learns a CRN from one.
func (w *Writer) Customer(crn string) string { return "customer/c-" + w.pseudonym(crn) }

func (w *Writer) pseudonym(crn string) string {
	mac := hmac.New(sha256.New, w.key)
	mac.Write([]byte("crn:" + crn))
	return customerEncoding.EncodeToString(mac.Sum(nil)[:15])
}

const insertRecord = `INSERT INTO audit.record (id, service, actor, method, session, trace, count, entries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

// Queue adds the record of the entries to a batch of the action's transaction.
// Actor, method, session and trace come from ctx. Without entries it does nothing.
func (w *Writer) Queue(ctx context.Context, b *pgx.Batch, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	arguments, err := w.arguments(ctx, entries)
	if err == nil {
		b.Queue(insertRecord, arguments...)
	}
	return err
}

// Write writes the record of the entries in the action's transaction.
func (w *Writer) Write(ctx context.Context, tx pgx.Tx, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	arguments, err := w.arguments(ctx, entries)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertRecord, arguments...)
	return err
}

func (w *Writer) arguments(ctx context.Context, entries []Entry) ([]any, error) {
	var lines []byte
	for _, e := range entries {
		if err := e.validate(); err != nil {
			return nil, err
		}
		line, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, line...), '\n')
	}
	actor, session := "service:"+w.service, ""
	if caller, ok := identity.From(ctx); ok {
		actor, session = caller.Actor(), caller.Session
	}
	var traceID string
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		traceID = span.TraceID().String()
	}
	id := clock.NewID(clock.System().Now())
	return []any{[16]byte(id), w.service, actor, Method(ctx), session, traceID, int32(len(entries)), lines}, nil
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
