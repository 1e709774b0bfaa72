package store

import (
	"context"
	"errors"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/console/internal/view"
)

// viewColumns of a saved view, as scanView reads them.
const viewColumns = "id, screen, name, query, shared, owner, version, changed_by, changed_at"

func scanView(row pgx.CollectableRow) (v view.View, err error) {
	err = row.Scan((*[16]byte)(&v.ID), (*int16)(&v.Screen), &v.Name, &v.Query, &v.Shared, &v.Owner, &v.Version, &v.ChangedBy, &v.ChangedAt)
	return v, err
}

// mostShared bounds the views of others that a screen shows.
const mostShared = 500

// Views returns a person's views of a screen and those others share, by name.
func (s *Store) Views(ctx context.Context, person string, screen view.Screen) ([]view.View, error) {
	rows, err := s.pool.Query(ctx, `SELECT * FROM (
			SELECT `+viewColumns+` FROM saved_view WHERE owner = $1 AND screen = $2
			UNION ALL
			(SELECT `+viewColumns+` FROM saved_view WHERE shared AND screen = $2 AND owner <> $1 ORDER BY name, id LIMIT $3)) v
		ORDER BY lower(name), name, id`, person, int16(screen), mostShared)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	views, err := pgx.CollectRows(rows, scanView)
	return views, postgres.Classify(err)
}

// lockView reads a view that nobody else changes until the transaction ends; nil
// when there is none.
func lockView(ctx context.Context, tx pgx.Tx, id clock.ID) (*view.View, error) {
	rows, err := tx.Query(ctx, "SELECT "+viewColumns+" FROM saved_view WHERE id = $1 FOR UPDATE", [16]byte(id))
	if err != nil {
		return nil, err
	}
	v, err := pgx.CollectExactlyOneRow(rows, scanView)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &v, err
}

// PutView keeps what the rules make of a view that person asks for.
func (s *Store) PutView(ctx context.Context, person string, id clock.ID, rules func(before *view.View) (after view.View, changed bool, err error)) (after view.View, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// One at a time of a person, or two could both take the last place.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "console.views:"+person); err != nil {
			return err
		}
		before, err := lockView(ctx, tx, id)
		if err != nil {
			return err
		}
		var changed bool
		if after, changed, err = rules(before); err != nil || !changed {
			return err
		}
		if before == nil {
			err = addView(ctx, tx, after)
		} else {
			_, err = tx.Exec(ctx, "UPDATE saved_view SET name = $2, query = $3, shared = $4, version = $5, changed_by = $6, changed_at = $7 WHERE id = $1",
				[16]byte(id), after.Name, after.Query, after.Shared, after.Version, after.ChangedBy, after.ChangedAt)
		}
		if err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, ofView(audit.Entry{Action: "view.put", Version: int64(after.Version)}, after))
	})
	switch {
	case postgres.IsUnique(err, "saved_view_name"):
		return after, view.Taken(after.Name)
	case postgres.IsUnique(err, "saved_view_pkey"): // somebody else's of this moment
		return after, view.Reused()
	}
	return after, err
}

func addView(ctx context.Context, tx pgx.Tx, v view.View) error {
	var has int
	if err := tx.QueryRow(ctx, "SELECT count(*) FROM saved_view WHERE owner = $1", v.Owner).Scan(&has); err != nil {
		return err
	}
	if has >= view.MostOwn {
		return view.TooMany()
	}
	_, err := tx.Exec(ctx, "INSERT INTO saved_view ("+viewColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		[16]byte(v.ID), int16(v.Screen), v.Name, v.Query, v.Shared, v.Owner, v.Version, v.ChangedBy, v.ChangedAt)
	return err
}

// DeleteView deletes a view unless the rules say that there is nothing to delete.
func (s *Store) DeleteView(ctx context.Context, id clock.ID, rules func(before *view.View) (gone bool, err error)) error {
	return postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		before, err := lockView(ctx, tx, id)
		if err != nil {
			return err
		}
		if gone, err := rules(before); err != nil || gone {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM saved_view WHERE id = $1", [16]byte(id)); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, ofView(audit.Entry{Action: "view.deleted", Version: int64(before.Version)}, *before))
	})
}

// ofView fills an entry about a view. What people wrote is there as a digest.
func ofView(e audit.Entry, v view.View) audit.Entry {
	e.Object, e.Result = "view/"+v.ID.String(), audit.Done
	e.Digest = audit.Digest(v.Screen.String() + "\n" + v.Name + "\n" + v.Query + "\n" + strconv.FormatBool(v.Shared))
	e.Detail = map[string]string{"screen": v.Screen.String(), "shared": strconv.FormatBool(v.Shared), "owner": v.Owner}
	return e
}
