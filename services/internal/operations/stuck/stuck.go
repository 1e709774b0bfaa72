// Package stuck is how services say what of their work stands still, in words for
// those who keep the hub running.
//
// A detector looks at facts: it keeps nothing between looks, changes nothing, and
// reads only what an index leads to or a bound ends. What it finds names no
// customer.
package stuck

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
)

// Kinds of what examples name, in the contract's words.
const (
	Submission = "submission"
	Report     = "report"
	WorkItem   = "work item"
	Event      = "event"
	Nothing    = "" // there are no examples
)

const (
	// Examples is the most ids a detector names.
	Examples = 20
	// Most is how far a detector counts: beyond it the number helps nobody.
	Most = 10_000
)

// Found is what stands still.
type Found struct {
	// Count of it, up to Most where the detector is bounded by it.
	Count int64
	// Oldest is since when the oldest stands still; zero when nothing does.
	Oldest time.Time
	// Examples are ids of the oldest ones, at most Examples, never customers'.
	Examples []string
}

// Detector looks for one kind of work that stands still.
type Detector struct {
	// Name is unique in the hub, such as "submissions-undecided".
	Name string
	// Title says what stands still, Fix what to do, both in plain words.
	Title, Fix string
	// Kind is what an example is.
	Kind string
	// Look looks now.
	Look func(ctx context.Context) (Found, error)
}

// Querier is a pool or a transaction.
type Querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Query looks by a SELECT of two columns: an id as text, NULL where it is not to be
// named, and since when it stands still. The SELECT bounds itself by LIMIT Most or
// by what there can be.
func Query(ctx context.Context, q Querier, selected string, args ...any) (Found, error) {
	rows, err := q.Query(ctx, `
WITH found (id, since) AS MATERIALIZED (`+selected+`)
SELECT count(*), min(since), ARRAY(SELECT id FROM found WHERE id IS NOT NULL ORDER BY since, id LIMIT 20) FROM found`, args...)
	if err != nil {
		return Found{}, postgres.Classify(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (f Found, err error) {
		var oldest *time.Time
		if err = row.Scan(&f.Count, &oldest, &f.Examples); err == nil && oldest != nil {
			f.Oldest = *oldest
		}
		return f, err
	})
	return found, postgres.Classify(err)
}
