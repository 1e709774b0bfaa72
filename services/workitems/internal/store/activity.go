package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// Activity is one line of a customer's activity list.
type Activity struct {
	// Item is set for an INM/ACT activity; else it is a manual follow-up.
	Item *Found
	item.FollowUp
	Restricted bool
}

// Activities returns a page of a customer's activities, newest first: the work
// items and the manual follow-ups, each by its own index, merged.
func (s *Store) Activities(ctx context.Context, crn string, after Position, limit int) ([]Activity, error) {
	values := []any{crn}
	beyond := func(at string) string {
		if after.IsZero() {
			return ""
		}
		return fmt.Sprintf("AND (%s, id) < ($2, $3)", at)
	}
	if !after.IsZero() {
		values = append(values, after.At, after.ID)
	}
	rows, err := s.pool.Query(ctx, fmt.Sprintf(`WITH w AS MATERIALIZED (SELECT * FROM work_item WHERE crn = $1 %s ORDER BY raised_at DESC, id DESC LIMIT %d),
		f AS MATERIALIZED (SELECT * FROM follow_up WHERE crn = $1 %s ORDER BY created_at DESC, id DESC LIMIT %d),
		page AS (SELECT id, raised_at AS at FROM w UNION ALL SELECT id, created_at FROM f ORDER BY at DESC, id DESC LIMIT %d)
		SELECT w.id IS NOT NULL, p.id, COALESCE(w.code, ''), COALESCE(w.value, ''), COALESCE(w.status, f.status), COALESCE(f.title, ''),
			COALESCE(f.keywords, '{}'), COALESCE(w.office, f.office), COALESCE(w.due_on, f.matures_on)%s, COALESCE(f.created_by, ''), p.at,
			COALESCE(w.closed_at, f.closed_at), (SELECT %s FROM (SELECT) one LEFT JOIN customer c ON c.crn = $1)
		FROM page p LEFT JOIN w ON w.id = p.id LEFT JOIN f ON f.id = p.id ORDER BY p.at DESC, p.id DESC`,
		beyond("raised_at"), limit, beyond("created_at"), limit, limit, epoch, restricted), values...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a Activity, err error) {
		var isItem bool
		var code, value, office string
		var status int16
		f := &a.FollowUp
		if err = row.Scan(&isItem, (*[16]byte)(&f.ID), &code, &value, &status, &f.Title, &f.Keywords, &office, (*int32)(&f.MaturesOn), &f.CreatedBy,
			&f.CreatedAt, &f.ClosedAt, &a.Restricted); err != nil {
			return a, err
		}
		f.CRN, f.Office, f.Status = crn, office, item.FollowUpStatus(status)
		if isItem {
			a.Item = &Found{Restricted: a.Restricted, Item: item.Item{
				ID: f.ID, CRN: crn, Code: code, Value: value, Office: office, Status: item.Status(status), RaisedAt: f.CreatedAt, ClosedAt: f.ClosedAt, DueOn: f.MaturesOn,
			}}
		}
		return a, nil
	})
	return all, postgres.Classify(err)
}

// OfficeOf returns the office of a customer and whether access to the record is
// restricted; false when nothing was heard of the customer yet.
func (s *Store) OfficeOf(ctx context.Context, tx pgx.Tx, crn string) (office string, isRestricted, known bool, err error) {
	err = tx.QueryRow(ctx, "SELECT office, restricted FROM customer WHERE crn = $1", crn).Scan(&office, &isRestricted)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, false, nil
	}
	return office, isRestricted, err == nil, err
}

// IsItem reports whether an activity is a work item's.
func (s *Store) IsItem(ctx context.Context, tx pgx.Tx, id clock.ID) (is bool, err error) {
	err = tx.QueryRow(ctx, "SELECT EXISTS (SELECT FROM work_item WHERE id = $1)", [16]byte(id)).Scan(&is)
	return is, err
}

// AddFollowUp adds a manual follow-up; false when there is one with its id.
func (s *Store) AddFollowUp(ctx context.Context, tx pgx.Tx, f *item.FollowUp) (bool, error) {
	ct, err := tx.Exec(ctx, `INSERT INTO follow_up (id, crn, title, keywords, office, matures_on, status, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5, DATE '1970-01-01' + $6::int, $7, $8, $9) ON CONFLICT (id) DO NOTHING`,
		[16]byte(f.ID), f.CRN, f.Title, f.Keywords, f.Office, int32(f.MaturesOn), int16(f.Status), f.CreatedBy, f.CreatedAt)
	if err != nil || ct.RowsAffected() != 1 {
		return false, err
	}
	return true, s.tell(ctx, tx, s.ofFollowUp(f))
}

// LockFollowUp locks a manual follow-up; false when there is none.
func (s *Store) LockFollowUp(ctx context.Context, tx pgx.Tx, id clock.ID) (f item.FollowUp, known bool, err error) {
	f.ID = id
	var matures int32
	var closed *time.Time
	err = tx.QueryRow(ctx, `SELECT crn, title, keywords, office, matures_on`+epoch+`, status, created_by, created_at, closed_by, closed_at, note
		FROM follow_up WHERE id = $1 FOR UPDATE`, [16]byte(id)).
		Scan(&f.CRN, &f.Title, &f.Keywords, &f.Office, &matures, (*int16)(&f.Status), &f.CreatedBy, &f.CreatedAt, &f.ClosedBy, &closed, &f.Note)
	f.MaturesOn, f.ClosedAt = calendar.Date(matures), closed
	if errors.Is(err, pgx.ErrNoRows) {
		return f, false, nil
	}
	return f, err == nil, err
}

// CloseFollowUp stores how a locked follow-up ended.
func (s *Store) CloseFollowUp(ctx context.Context, tx pgx.Tx, f *item.FollowUp) error {
	_, err := tx.Exec(ctx, "UPDATE follow_up SET status = $2, closed_by = $3, closed_at = $4, note = $5 WHERE id = $1",
		[16]byte(f.ID), int16(f.Status), f.ClosedBy, f.ClosedAt, f.Note)
	if err != nil {
		return err
	}
	return s.tell(ctx, tx, s.ofFollowUp(f))
}
