package store

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

const (
	// listWindow bounds the rows one query looks at, so that a rare status deep
	// in history cannot run into the statement timeout.
	listWindow = 20_000
	// listWindows bounds the queries of one call; an empty page with a token for
	// the rest is the answer then.
	listWindows = 10
)

// Filter says which submissions to list; zero values mean all.
type Filter struct {
	// Types it may have.
	Types []term.InformationType
	// Statuses it may be in now.
	Statuses []term.Status
	// CRN it names.
	CRN string
	// From and Before bound when it was lodged: at or after, before.
	From, Before *time.Time
}

// ids made later sort after this one; every id sorts before it.
var lastID = clock.ID{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

const listTail = `
WHERE ($4::smallint[] IS NULL OR s.information_type = ANY ($4))
  AND ($5::smallint[] IS NULL OR coalesce(t.status, 1) = ANY ($5))
  AND ($6::timestamptz IS NULL OR s.lodged_at >= $6)
  AND ($7::timestamptz IS NULL OR s.lodged_at < $7)
ORDER BY s.id DESC LIMIT $8`

// List returns up to limit of the authority's submissions with ids below the
// one given (zero: from the newest), newest first, and the id to go on from;
// zero when there are no more. A page may be short or even empty although more
// follow, when few submissions fit the filter.
func (s *Store) List(ctx context.Context, authority string, f Filter, below clock.ID, limit int) ([]View, clock.ID, error) {
	if below.IsZero() {
		below = lastID
	}
	for range listWindows {
		views, err := s.window(ctx, authority, f, below, limit+1)
		if err != nil {
			return nil, clock.ID{}, err
		}
		if len(views) > limit {
			return views[:limit], views[limit-1].SubmissionID, nil
		}
		next, err := s.nextWindow(ctx, authority, f, below)
		if err != nil || len(views) > 0 || next.IsZero() {
			return views, next, err
		}
		below = next
	}
	return nil, below, nil
}

// window lists within the next listWindow rows. A CRN names few rows, which
// have an index of their own. Ids of lodged submissions are never behind their
// lodged time, so lodged_from bounds them too; those the hub created carry their
// parent's time and are looked for by themselves.
func (s *Store) window(ctx context.Context, authority string, f Filter, below clock.ID, limit int) ([]View, error) {
	arguments := []any{authority, [16]byte(below), nil, codes(f.Types), codes(f.Statuses), f.From, f.Before, limit}
	rows := `SELECT * FROM submission WHERE authority_id = $1 AND id < $2 AND ($3::uuid IS NULL OR id >= $3) ORDER BY id DESC LIMIT ` + windowText
	switch {
	case f.CRN != "":
		rows = `SELECT * FROM submission WHERE authority_id = $1 AND id < $2 AND crn = $3::text`
		arguments[2] = f.CRN
	case f.From != nil && below.String() > floor(*f.From).String():
		arguments[2] = [16]byte(floor(*f.From))
	case f.From != nil:
		rows = `SELECT * FROM submission WHERE authority_id = $1 AND id < $2 AND $3::uuid IS NULL AND parent_id IS NOT NULL ORDER BY id DESC LIMIT ` + windowText
	}
	return views(ctx, s.of(authority), "SELECT "+submissionColumns+", "+statusValues+" FROM ("+rows+") s LEFT JOIN LATERAL "+latestStatus+" t ON true"+listTail, arguments...)
}

const windowText = "20000" // listWindow, as part of the text so that the planner knows it

// nextWindow is where the window below an id ends, or zero when nothing follows.
func (s *Store) nextWindow(ctx context.Context, authority string, f Filter, below clock.ID) (clock.ID, error) {
	sql := "SELECT id FROM submission WHERE authority_id = $1 AND id < $2 ORDER BY id DESC OFFSET $3 LIMIT 1"
	switch {
	case f.CRN != "":
		return clock.ID{}, nil
	case f.From != nil && below.String() > floor(*f.From).String():
		sql = "SELECT id FROM submission WHERE authority_id = $1 AND id < $2 AND id >= $4 ORDER BY id DESC OFFSET $3 LIMIT 1"
		next, err := s.id(ctx, authority, sql, [16]byte(below), listWindow-1, [16]byte(floor(*f.From)))
		if next.IsZero() && err == nil {
			return floor(*f.From), nil // go on with what the hub created below it
		}
		return next, err
	case f.From != nil:
		sql = "SELECT id FROM submission WHERE authority_id = $1 AND id < $2 AND parent_id IS NOT NULL ORDER BY id DESC OFFSET $3 LIMIT 1"
	}
	return s.id(ctx, authority, sql, [16]byte(below), listWindow-1)
}

// id asks for one id; authority is the first of the statement's arguments.
func (s *Store) id(ctx context.Context, authority, sql string, arguments ...any) (found clock.ID, err error) {
	err = s.of(authority)(ctx, sql, append([]any{authority}, arguments...), func(rows pgx.Rows) error {
		var id [16]byte
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error {
			found = clock.ID(id)
			return nil
		})
		return err
	})
	return found, err
}

// floor sorts before every id made at or after a time.
func floor(at time.Time) clock.ID {
	var id clock.ID
	var head [8]byte
	binary.BigEndian.PutUint64(head[:], uint64(max(at.UnixMilli(), 0))<<16)
	copy(id[:6], head[:6])
	return id
}

func codes[T ~int16](terms []T) []int16 {
	if len(terms) == 0 {
		return nil
	}
	numbers := make([]int16, len(terms))
	for i, t := range terms {
		numbers[i] = int16(t)
	}
	return numbers
}
