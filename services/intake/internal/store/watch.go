package store

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// Position is a place in the order of all status changes: by transaction, then
// by submission and version.
type Position struct {
	// Tx is the transaction that wrote the change (xid8).
	Tx uint64
	// SubmissionID and Version name the change within it.
	SubmissionID clock.ID
	Version      int32
}

// Change is one status change in its place.
type Change struct {
	Position
	// Reference of the submission.
	Reference string
	// Status it changed to.
	Status Status
}

// Here is the position before everything that is not yet visible to watchers.
func (s *Store) Here(ctx context.Context) (Position, error) {
	var oldest uint64
	err := s.door.QueryRow(ctx, "SELECT pg_snapshot_xmin(pg_current_snapshot())").Scan(&oldest)
	return Position{Tx: oldest - 1, SubmissionID: lastID, Version: math.MaxInt32}, postgres.Classify(err)
}

// Ahead reports whether the position lies beyond everything that happened, as
// happens with a database put back to an earlier time.
func (s *Store) Ahead(ctx context.Context, p Position) (bool, error) {
	var next uint64
	err := s.door.QueryRow(ctx, "SELECT pg_snapshot_xmax(pg_current_snapshot())").Scan(&next)
	return p.Tx >= next, postgres.Classify(err)
}

// selectChanges reads strictly below the oldest transaction still running: all
// below it are over, so nothing can appear there later. Reading by commit order
// or by a sequence would skip what a slow transaction commits after a quick one.
// The price is that one long transaction that writes, anywhere in the cluster,
// holds watchers up (never loses anything for them).
const selectChanges = `
SELECT t.tx, t.submission_id, coalesce(s.reference, ''), ` + statusValues + `
FROM status t LEFT JOIN submission s ON s.authority_id = t.authority_id AND s.id = t.submission_id
WHERE t.authority_id = $1 AND (t.tx, t.submission_id, t.version) > ($2::xid8, $3::uuid, $4::int)
  AND t.tx < pg_snapshot_xmin(pg_current_snapshot())`

const changeOrder = " ORDER BY t.tx, t.submission_id, t.version LIMIT $5"

// Changes returns up to limit changes of the authority's submissions after a
// position, in order; of one submission when only is set.
func (s *Store) Changes(ctx context.Context, authority string, only clock.ID, after Position, limit int) ([]Change, error) {
	sql, arguments := selectChanges+changeOrder, []any{authority, after.Tx, [16]byte(after.SubmissionID), after.Version, limit}
	if !only.IsZero() {
		sql = selectChanges + " AND t.submission_id = $6" + changeOrder
		arguments = append(arguments, [16]byte(only))
	}
	var changes []Change
	var tx uint64
	var id [16]byte
	var reference string
	var r statusRow
	err := s.of(authority)(ctx, sql, arguments, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, append([]any{&tx, &id, &reference}, r.targets()...), func() error {
			status := r.value(clock.ID(id), authority)
			changes = append(changes, Change{Position{tx, clock.ID(id), status.Version}, reference, *status})
			return nil
		})
		return err
	})
	return changes, err
}
