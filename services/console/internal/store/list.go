package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

// ByID returns a session by its name on record; false when it does not live.
func (s *Store) ByID(ctx context.Context, id clock.ID) (session.Session, bool, error) {
	return found(scan(s.pool.QueryRow(ctx, "SELECT "+columns+" FROM session WHERE id = $1", [16]byte(id))))
}

// List returns a page of the sessions, newest first; of one person unless person
// is "". before is the last of the page before, zero for the first.
func (s *Store) List(ctx context.Context, person string, before clock.ID, limit int) ([]session.Session, error) {
	if before.IsZero() {
		for i := range before {
			before[i] = 0xff
		}
	}
	rows, err := s.pool.Query(ctx, "SELECT "+columns+" FROM session WHERE ($1 = '' OR person = $1) AND id < $2 ORDER BY id DESC LIMIT $3", person, [16]byte(before), limit)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (session.Session, error) { return scan(row) })
	return list, postgres.Classify(err)
}
