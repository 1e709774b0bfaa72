// Package store reads the audit log in PostgreSQL for auditors.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/ledger"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// Store reads the log.
type Store struct {
	pool     *pgxpool.Pool
	public   string
	verifier note.Verifier
}

// New makes a store on a pool of audit.Schema.
func New(pool *pgxpool.Pool, key *tree.Key) (*Store, error) {
	verifier, err := key.Verifier()
	return &Store{pool: pool, public: key.Public, verifier: verifier}, err
}

// Entry is an entry with its place and what its record says.
type Entry struct {
	tree.Header
	Position int64
	audit.Entry
}

// entry reads a line. One that is no entry, which no service writes, shows as an
// entry without an action.
func entry(r ledger.Record, i int) Entry {
	e := Entry{Header: r.Header, Position: r.First + int64(i)}
	if json.Unmarshal(r.Entries[i], &e.Entry) != nil {
		e.Entry = audit.Entry{}
	}
	if e.Entry.Actor != "" {
		e.Header.Actor = e.Entry.Actor
	}
	return e
}

func notFound() error {
	return fault.New(fault.NotFound, "ENTRY_NOT_FOUND", "there is no such entry in the audit log").
		WithHelp("Entries get their position about a second after they were recorded.")
}

// At is the entry at a position.
func (s *Store) At(ctx context.Context, position int64) (Entry, error) {
	r, err := s.record(ctx, position)
	if err != nil {
		return Entry{}, err
	}
	return entry(r, int(position-r.First)), nil
}

func (s *Store) record(ctx context.Context, position int64) (ledger.Record, error) {
	var found ledger.Record
	err := ledger.Read(ctx, s.pool, position, position+1, func(r ledger.Record) error {
		if r.First <= position && position < r.First+int64(len(r.Entries)) {
			found = r
		}
		return nil
	})
	if err == nil && found.Entries == nil {
		err = notFound()
	}
	return found, postgres.Classify(err)
}

// OfRecord are the first entries of a record, at most limit.
func (s *Store) OfRecord(ctx context.Context, id clock.ID, limit int) ([]Entry, error) {
	var first int64
	err := s.pool.QueryRow(ctx, `SELECT first FROM audit.place WHERE record_id = $1`, id).Scan(&first)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, notFound()
	}
	if err != nil {
		return nil, postgres.Classify(err)
	}
	r, err := s.record(ctx, first)
	if err != nil {
		return nil, err
	}
	var list []Entry
	for i := range min(len(r.Entries), limit) {
		list = append(list, entry(r, i))
	}
	return list, nil
}

// Checkpoint is the newest signed one, with its size and the key for it.
func (s *Store) Checkpoint(ctx context.Context) (signed string, size int64, public string, err error) {
	size, signed, err = ledger.Latest(ctx, s.pool)
	return signed, size, s.public, postgres.Classify(err)
}

// Prove makes the proof of an entry under the newest checkpoint; older is one
// kept from before, or "".
func (s *Store) Prove(ctx context.Context, position int64, older string) (archive.Proof, error) {
	p := archive.Proof{Log: tree.Name, Position: position, Older: older}
	size, signed, err := ledger.Latest(ctx, s.pool)
	if err != nil {
		return p, postgres.Classify(err)
	}
	if position >= size {
		return p, notFound()
	}
	r, err := s.record(ctx, position)
	if err != nil {
		return p, err
	}
	p.Checkpoint, p.Header, p.Entry = signed, string(r.Append(nil)), string(r.Entries[position-r.First])
	hashes := tree.Reader(ctx, ledger.Hashes{DB: s.pool})
	if p.Hashes, err = tlog.ProveRecord(size, position, hashes); err != nil {
		return p, postgres.Classify(err)
	}
	if older != "" {
		old, err := tree.OpenCheckpoint(older, s.verifier)
		if err != nil || old.Size > size {
			return p, fault.InvalidField("older_checkpoint", "is not a checkpoint of this log, or newer than its newest")
		}
		if p.Consistency, err = tlog.ProveTree(size, old.Size, hashes); err != nil {
			return p, postgres.Classify(err)
		}
	}
	if _, err := p.Check(s.verifier); err != nil {
		return p, fault.New(fault.Internal, "AUDIT_LOG_BROKEN", "the audit log does not prove its own entry").
			WithHelp("Check the log: noticehub audit check.").Wrap(err)
	}
	return p, nil
}

// Export begins an archive at a position, or so many entries before the end.
func (s *Store) Export(ctx context.Context, from, last int64, w io.Writer) (*ledger.Exporter, error) {
	if last > 0 {
		size, _, err := ledger.Latest(ctx, s.pool)
		if err != nil {
			return nil, postgres.Classify(err)
		}
		from = max(0, size-last)
	}
	exporter, err := ledger.NewExporter(ctx, s.pool, s.public, from, w)
	return exporter, postgres.Classify(err)
}
