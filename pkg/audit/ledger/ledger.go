// Package ledger keeps the audit log in PostgreSQL: it gives every entry of every
// record its place in the log, signs what the log is, proves it and checks it.
//
// Duty: append the records that services wrote (Sequencer), read the log (Read,
// Hashes), find the first thing that is wrong with it (Check).
//
// Guarantees: every record gets one place; places have no gaps and never change;
// any number of sequencers may run, one appends at a time, and a stopped one that
// wakes up appends nothing at a place that is taken; each append is one
// transaction, so that a killed sequencer leaves nothing half done.
//
// Not guaranteed: that positions are in the order in which transactions
// committed; that a record nobody sequenced yet is missed when a superuser
// removes it (it is a second old then), or that the loss of the log's end is seen
// without a checkpoint kept elsewhere.
package ledger

import (
	"bytes"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Querier is a pool, a connection or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Record is a record with its place.
type Record struct {
	tree.Header
	// First is the position of its first entry.
	First int64
	// Entries are the lines, without newlines.
	Entries [][]byte
}

// lines cuts the entries of a record. There is always one: a record that was
// written without any by somebody who should not shows as an empty entry.
func lines(entries []byte) [][]byte {
	return bytes.Split(bytes.TrimSuffix(entries, []byte{'\n'}), []byte{'\n'})
}

// Hashes are the stored hashes of the log.
type Hashes struct{ DB Querier }

// Nodes implements tree.Nodes.
func (h Hashes) Nodes(ctx context.Context, step int, first, count int64) ([]tlog.Hash, error) {
	if step == 0 {
		return h.leaves(ctx, first, count)
	}
	rows, err := h.DB.Query(ctx, `SELECT position, hash FROM audit.node WHERE step = $1 AND position >= $2 AND position < $2 + $3 ORDER BY position`, step, first, count)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, 0, count)
	var position int64
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&position, &hash}, func() error {
		if position != first+int64(len(hashes)) || len(hash) != tlog.HashSize {
			return missing()
		}
		hashes = append(hashes, tlog.Hash(hash))
		return nil
	})
	if err == nil && int64(len(hashes)) != count {
		err = missing()
	}
	return hashes, err
}

// leaves reads leaf hashes, from the batches that hold them. Only the part of a
// batch that is needed leaves the server.
func (h Hashes) leaves(ctx context.Context, first, count int64) ([]tlog.Hash, error) {
	rows, err := h.DB.Query(ctx, `SELECT greatest(first, $1), substr(hashes, (greatest($1 - first, 0) * 32)::int + 1, (least(first + count, $1 + $2) - greatest(first, $1))::int * 32)
		FROM audit.batch
		WHERE first >= coalesce((SELECT max(first) FROM audit.batch WHERE first <= $1), 0) AND first < $1 + $2
		ORDER BY first`, first, count)
	if err != nil {
		return nil, err
	}
	hashes := make([]tlog.Hash, 0, count)
	var from int64
	var part []byte
	_, err = pgx.ForEachRow(rows, []any{&from, &part}, func() error {
		if from != first+int64(len(hashes)) || len(part)%tlog.HashSize != 0 {
			return missing()
		}
		for ; len(part) > 0; part = part[tlog.HashSize:] {
			hashes = append(hashes, tlog.Hash(part[:tlog.HashSize]))
		}
		return nil
	})
	if err == nil && int64(len(hashes)) != count {
		err = missing()
	}
	return hashes, err
}

func missing() error {
	return fault.New(fault.Internal, "AUDIT_LOG_BROKEN", "hashes of the audit log are missing").
		WithHelp("Check the log: noticehub audit check.")
}

// Size is the number of entries that have a place.
func Size(ctx context.Context, db Querier) (size int64, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce((SELECT first + count FROM audit.batch ORDER BY first DESC LIMIT 1), 0)`).Scan(&size)
	return size, err
}

// Latest is the newest signed checkpoint; "" and 0 before the first.
func Latest(ctx context.Context, db Querier) (size int64, signed string, err error) {
	err = db.QueryRow(ctx, `SELECT coalesce(max(c.size), 0), coalesce(max(c.note), '') FROM (SELECT size, note FROM audit.checkpoint ORDER BY size DESC LIMIT 1) c`).Scan(&size, &signed)
	return size, signed, err
}

// Covering is the first signed checkpoint of more than size entries.
func Covering(ctx context.Context, db Querier, size int64) (covered int64, signed string, err error) {
	err = db.QueryRow(ctx, `SELECT size, note FROM audit.checkpoint WHERE size > $1 ORDER BY size LIMIT 1`, size).Scan(&covered, &signed)
	return covered, signed, err
}

const readColumns = `SELECT p.first, r.id, r.recorded_at, r.service, r.actor, r.method, r.session, r.trace, r.entries
	FROM audit.place p JOIN audit.record r ON r.id = p.record_id `

// Read gives the records that begin at positions from…to-1, in order, with the one
// that holds from.
func Read(ctx context.Context, db Querier, from, to int64, f func(Record) error) error {
	return read(ctx, db, f, readColumns+`WHERE p.first >= coalesce((SELECT max(first) FROM audit.place WHERE first <= $1), 0) AND p.first < $2
		ORDER BY p.first`, from, to)
}

// ReadEach gives the records that begin at the positions, the last one first.
func ReadEach(ctx context.Context, db Querier, firsts []int64, f func(Record) error) error {
	return read(ctx, db, f, readColumns+`WHERE p.first = ANY ($1) ORDER BY p.first DESC`, firsts)
}

func read(ctx context.Context, db Querier, f func(Record) error, query string, arguments ...any) error {
	rows, err := db.Query(ctx, query, arguments...)
	if err != nil {
		return err
	}
	var r Record
	var entries []byte
	_, err = pgx.ForEachRow(rows, []any{&r.First, &r.ID, &r.At, &r.Service, &r.Actor, &r.Method, &r.Session, &r.Trace, &entries}, func() error {
		r.Entries = lines(entries)
		return f(r)
	})
	return err
}

func packHashes(hashes []tlog.Hash) []byte {
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}
