package ledger

import (
	"context"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit/archive"
	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Exporter writes the log into an archive.
type Exporter struct {
	db   Querier
	out  *archive.Writer
	next int64
}

// NewExporter begins an archive at a position, which must not be after the newest
// checkpoint. public is the log's public key.
func NewExporter(ctx context.Context, db Querier, public string, from int64, w io.Writer) (*Exporter, error) {
	size, _, err := Latest(ctx, db)
	if err != nil {
		return nil, err
	}
	if from < 0 || from > size {
		return nil, fault.New(fault.Precondition, "POSITION_AHEAD", "the log holds %d signed entries; an export cannot begin at %d", size, from)
	}
	frontier, err := tree.Restore(ctx, Hashes{db}, from)
	if err != nil {
		return nil, err
	}
	out, err := archive.NewWriter(w, public, frontier)
	if err != nil {
		return nil, err
	}
	return &Exporter{db: db, out: out, next: from}, nil
}

// Advance writes all entries up to the newest checkpoint, with the checkpoints,
// and returns the position reached.
func (e *Exporter) Advance(ctx context.Context) (int64, error) {
	size, _, err := Latest(ctx, e.db)
	if err != nil {
		return e.next, err
	}
	for e.next < size {
		if err := e.span(ctx, min(size, e.next+checkSpan)); err != nil {
			return e.next, err
		}
	}
	return e.next, e.out.Flush()
}

// End closes the archive.
func (e *Exporter) End() error { return e.out.End() }

func (e *Exporter) span(ctx context.Context, to int64) error {
	rows, err := e.db.Query(ctx, `SELECT size, note FROM audit.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size`, e.next, to)
	if err != nil {
		return err
	}
	signed, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (s statement, err error) {
		err = r.Scan(&s.size, &s.note)
		return s, err
	})
	if err != nil {
		return err
	}
	before := e.next
	hashes, err := Hashes{e.db}.Nodes(ctx, 0, before, to-before)
	if err != nil {
		return err
	}
	if err := Read(ctx, e.db, e.next, to, func(r Record) error {
		header := r.Append(nil)
		for i, entry := range r.Entries {
			// The first record may begin before, the last one go on after.
			if at := r.First + int64(i); at != e.next || at >= to {
				continue
			}
			if err := e.out.Entry(hashes[e.next-before], header, entry); err != nil {
				return err
			}
			e.next++
			if len(signed) > 0 && signed[0].size == e.next {
				if err := e.out.Checkpoint(signed[0].note); err != nil {
					return err
				}
				signed = signed[1:]
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if e.next == before {
		return missing()
	}
	return nil
}
