package audit

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"hash"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
)

// Writer writes the entries of one service.
type Writer struct {
	service string
	macs    sync.Pool // of hash.Hash, keyed; setting one up costs more than using it
}

// NewWriter makes the writer of a service. The key makes customers' names in the
// log; all services share it, and at least 32 bytes are needed.
func NewWriter(service string, key []byte) (*Writer, error) {
	if service == "" || len(key) < 32 {
		return nil, errors.New("audit: a writer needs the service's name and a key of 32 bytes or more")
	}
	own := append([]byte(nil), key...)
	return &Writer{service: service, macs: sync.Pool{New: func() any { return hmac.New(sha256.New, own) }}}, nil
}

var customerEncoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

const (
	customerPrefix = "customer/c-"
	// pseudonymBytes of the keyed hash name a customer: 120 bits, so that no two of
	// any number of customers share a name.
	pseudonymBytes = 15
)

// Customer is the object that stands for a customer: "customer/c-" and a keyed
// hash of the CRN. Who holds the key can find a customer's entries; nobody else
// learns a CRN from one.
func (w *Writer) Customer(crn string) string {
	var in [64]byte
	return w.named(customerPrefix, append(append(in[:0], "crn:"...), crn...))
}

// Pseudonym stands for a personal particular where it is not to be told: the
// kind, "/" and a keyed hash of the values. The same values have the same one
// in every service that shares the key; nobody without the key learns them by
// trying out all there may be.
func (w *Writer) Pseudonym(kind string, values ...string) string {
	var buf [128]byte
	in := append(append(buf[:0], kind...), '/')
	for _, v := range values {
		in = append(binary.AppendUvarint(in, uint64(len(v))), v...) // "a", "bc" is not "ab", "c"
	}
	return w.named(kind+"/", in)
}

// named is a prefix and the keyed hash of what has the name.
func (w *Writer) named(prefix string, in []byte) string {
	mac := w.macs.Get().(hash.Hash) //nolint:forcetypeassert // the pool makes nothing else
	mac.Reset()
	mac.Write(in)
	var sum [sha256.Size]byte
	var out [32 + pseudonymBytes*8/5]byte
	mac.Sum(sum[:0])
	w.macs.Put(mac)
	return string(customerEncoding.AppendEncode(append(out[:0], prefix...), sum[:pseudonymBytes]))
}

// header is what the entries of a record have in common.
type header struct{ actor, method, session, trace string }

// nobody is the actor of calls at the door that did not say who makes them.
const nobody = "nobody"

func (w *Writer) header(ctx context.Context) header {
	h := header{actor: "service:" + w.service, method: Method(ctx)}
	if caller, ok := identity.From(ctx); ok {
		h.actor, h.session = caller.Actor(), caller.Session
	} else if h.method != "" {
		h.actor = nobody
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		h.trace = span.TraceID().String()
	}
	return h
}

// record is a row of the table: the entries of one transaction, a line each.
type record struct {
	id [16]byte
	header
	service string
	count   int32
	entries []byte
}

// lineGuess is a little more than the length of most entries' lines, so that the
// first allocation does.
const lineGuess = 280

func (w *Writer) record(ctx context.Context, entries []Entry) (record, error) {
	lines := make([]byte, 0, len(entries)*lineGuess)
	for i := range entries {
		if err := entries[i].validate(); err != nil {
			return record{}, err
		}
		lines = append(appendEntry(lines, &entries[i]), '\n')
	}
	r := record{
		id: clock.NewID(clock.System().Now()), header: w.header(ctx), service: w.service,
		count: int32(len(entries)), entries: lines,
	}
	// Text that PostgreSQL cannot store would fail the action, or the records of
	// other calls that share a transaction with this one.
	r.actor, r.method, r.session, r.trace = plain(r.actor), plain(r.method), plain(r.session), plain(r.trace)
	return r, nil
}

const insertRecord = `INSERT INTO audit.record (id, service, actor, method, session, trace, count, entries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`

func (r record) arguments() []any {
	return []any{r.id, r.service, r.actor, r.method, r.session, r.trace, r.count, r.entries}
}

// Queue adds the record of the entries to a batch of the action's transaction.
// Actor, method, session and trace come from ctx. Without entries it does nothing.
// A record that the database does not take fails the batch as Unwritten says.
func (w *Writer) Queue(ctx context.Context, b *pgx.Batch, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	r, err := w.record(ctx, entries)
	if err == nil {
		b.Queue(insertRecord, r.arguments()...).Fn = written
	}
	return err
}

// Write writes the record of the entries in the action's transaction; its errors
// are as Unwritten says.
func (w *Writer) Write(ctx context.Context, tx pgx.Tx, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	r, err := w.record(ctx, entries)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, insertRecord, r.arguments()...)
	return Unwritten(err)
}

// insertRecords writes records in one statement, so in one transaction.
func insertRecords(ctx context.Context, pool *pgxpool.Pool, records []record) error {
	if len(records) == 1 {
		_, err := pool.Exec(ctx, insertRecord, records[0].arguments()...)
		return err
	}
	n := len(records)
	ids, counts, entries := make([][16]byte, n), make([]int32, n), make([][]byte, n)
	services, actors, methods, sessions, traces := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, r := range records {
		ids[i], counts[i], entries[i] = r.id, r.count, r.entries
		services[i], actors[i], methods[i], sessions[i], traces[i] = r.service, r.actor, r.method, r.session, r.trace
	}
	_, err := pool.Exec(ctx, `INSERT INTO audit.record (id, service, actor, method, session, trace, count, entries)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bytea[])`,
		ids, services, actors, methods, sessions, traces, counts, entries)
	return err
}
