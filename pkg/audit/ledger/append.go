package ledger

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
)

// work is one append, before it is committed.
type work struct {
	edge   *tree.Frontier
	more   bool
	signed int64

	first  int64
	leaves []tlog.Hash
	nodes  []tree.Node
	oldest time.Time
	latest time.Time
	late   bool

	// By record.
	ids    [][16]byte
	firsts []int64
	counts []int32
	times  []time.Time

	terms []termAt
}

// termAt says that the record beginning at a position has a term.
type termAt struct {
	term  Term
	first int64
}

// take reads waiting records in the order of their ids, which is that of their
// making as far as clocks agree, and computes what they add to the log.
func (s *Sequencer) take(ctx context.Context, tx pgx.Tx) (*work, error) {
	w := &work{edge: s.edge.Clone(), first: s.edge.Size(), latest: s.latest, signed: s.signed}
	ids, err := s.choose(ctx, tx, w)
	if err != nil || len(ids) == 0 {
		return w, err
	}
	rows, err := tx.Query(ctx, `SELECT id, recorded_at, service, actor, method, session, trace, entries FROM audit.record WHERE id = ANY ($1) ORDER BY id`, ids)
	if err != nil {
		return nil, err
	}
	var hasher tree.Leaves
	var found []Term
	var entries pgtype.DriverBytes // not a copy: it counts until the next row
	for rows.Next() {
		var h tree.Header
		if err := rows.Scan(&h.ID, &h.At, &h.Service, &h.Actor, &h.Method, &h.Session, &h.Trace, &entries); err != nil {
			rows.Close()
			return nil, err
		}
		list := lines(entries)
		first := w.edge.Size()
		hasher.BeginRecord(h)
		for _, line := range list {
			leaf := hasher.Hash(line)
			w.leaves = append(w.leaves, leaf)
			w.nodes = w.edge.Add(leaf, w.nodes)
		}
		found = terms(found, h.Actor, h.Method, list)
		for _, t := range found {
			w.terms = append(w.terms, termAt{t, first})
		}
		w.ids, w.firsts, w.times = append(w.ids, h.ID), append(w.firsts, first), append(w.times, h.At)
		w.counts = append(w.counts, int32(len(list)))
		w.note(h.At)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(w.ids) != len(ids) {
		// They cannot have a place; the others must not wait for them.
		s.measures.failures.Inc()
		s.options.Log.Error("records that waited for a place in the audit log are gone", "count", len(ids)-len(w.ids))
	}
	return w, nil
}

// note keeps the times by which positions are found; before w.latest is what the
// log had.
func (w *work) note(at time.Time) {
	if len(w.ids) == 1 || at.Before(w.oldest) {
		w.oldest = at
	}
	if at.Before(w.latest.Add(-lateness)) {
		w.late = true
	}
	if at.After(w.latest) {
		w.latest = at
	}
}

// choose names the records of this append.
func (s *Sequencer) choose(ctx context.Context, tx pgx.Tx, w *work) ([][16]byte, error) {
	rows, err := tx.Query(ctx, `SELECT record_id, count, bytes FROM audit.waiting ORDER BY record_id LIMIT $1`, appendRecords)
	if err != nil {
		return nil, err
	}
	var ids [][16]byte
	var id [16]byte
	var count, size, entries, total int
	_, err = pgx.ForEachRow(rows, []any{&id, &count, &size}, func() error {
		if w.more || (len(ids) > 0 && (entries+count > s.batchSize || total+size > appendBytes)) {
			w.more = true
			return nil
		}
		ids, entries, total = append(ids, id), entries+count, total+size
		return nil
	})
	w.more = w.more || len(ids) == appendRecords
	return ids, err
}

// write stores an append, with a checkpoint when nothing more is waiting or the
// last one is old.
func (s *Sequencer) write(ctx context.Context, tx pgx.Tx, w *work) error {
	var b pgx.Batch
	if len(w.ids) > 0 {
		b.Queue(`INSERT INTO audit.batch (first, count, oldest, latest, late, hashes) VALUES ($1, $2, $3, $4, $5, $6)`,
			w.first, len(w.leaves), w.oldest, w.latest, w.late, packHashes(w.leaves))
		b.Queue(`INSERT INTO audit.place (first, record_id, count, recorded_at) SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::int[], $4::timestamptz[])`,
			w.firsts, w.ids, w.counts, w.times)
		if err := w.copyTerms(ctx, tx); err != nil {
			return err
		}
		// Whoever else deleted one of them appended it too.
		b.Queue(`DELETE FROM audit.waiting WHERE record_id = ANY ($1)`, w.ids)
	}
	if len(w.nodes) > 0 {
		steps, positions, hashes := make([]int16, len(w.nodes)), make([]int64, len(w.nodes)), make([][]byte, len(w.nodes))
		for i, n := range w.nodes {
			steps[i], positions[i], hashes[i] = int16(n.Step), n.Position, n.Hash[:]
		}
		b.Queue(`INSERT INTO audit.node (step, position, hash) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])`, steps, positions, hashes)
	}
	if now := clock.System().Now(); w.edge.Size() > w.signed && (!w.more || now.Sub(s.signedAt) >= s.options.Every) {
		signed, err := tree.Checkpoint{Size: w.edge.Size(), Root: w.edge.Root(), At: now, Previous: w.signed}.Sign(s.key.Signer)
		if err != nil {
			return err
		}
		b.Queue(`INSERT INTO audit.checkpoint (size, note) VALUES ($1, $2)`, w.edge.Size(), signed)
		w.signed, s.signedAt = w.edge.Size(), now
	}
	if b.Len() == 0 {
		return nil
	}
	results := tx.SendBatch(ctx, &b)
	for i := range b.Len() {
		tag, err := results.Exec()
		if err == nil && i == 2 && len(w.ids) > 0 && tag.RowsAffected() != int64(len(w.ids)) {
			err = fault.New(fault.Conflict, "AUDIT_LOG_CONTESTED", "somebody else took records that were being appended to the audit log")
		}
		if err != nil {
			_ = results.Close() // the first error counts
			return err
		}
	}
	return results.Close()
}

// copyTerms is the bulk of what is stored, hence COPY; in order, so that rows for
// the same page of the index come together.
func (w *work) copyTerms(ctx context.Context, tx pgx.Tx) error {
	slices.SortFunc(w.terms, func(a, b termAt) int { return cmp.Or(cmp.Compare(a.term, b.term), cmp.Compare(a.first, b.first)) })
	i := 0
	row := make([]any, 2)
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"audit", "term"}, []string{"hash", "first"}, pgx.CopyFromFunc(func() ([]any, error) {
		if i == len(w.terms) {
			return nil, nil
		}
		row[0], row[1] = int64(w.terms[i].term), w.terms[i].first
		i++
		return row, nil
	}))
	return err
}
