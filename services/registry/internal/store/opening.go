package store

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Opening is that a Restricted Access officer opened a restricted record.
type Opening struct {
	// Officer who opened it, and for whom alone it is open.
	Officer string
	// ActionID names the action; doing it again does nothing.
	ActionID string
	CRN      string
	// Reason in the officer's own words.
	Reason string
	// At and Until are the time box (business time).
	At, Until time.Time
}

// OpenRecord keeps an opening, once for each action, and returns until when it is
// or was. restricted is false, and nothing is kept, when the record is none that
// has to be opened. An action that was another one is refused as ACTION_ID_REUSED.
func (s *Store) OpenRecord(ctx context.Context, o Opening) (until time.Time, restricted bool, err error) {
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		var crn, reason string
		err := tx.QueryRow(ctx, `SELECT crn, reason, until FROM opening WHERE officer_id = $1 AND action_id = $2`, o.Officer, o.ActionID).
			Scan(&crn, &reason, &until)
		switch {
		case err == nil && crn == o.CRN && reason == o.Reason:
			restricted = true
			return nil
		case err == nil:
			return fault.ActionReused()
		case !errors.Is(err, pgx.ErrNoRows):
			return failed(err, "look for an opening")
		}
		done, err := tx.Exec(ctx, `INSERT INTO opening (officer_id, action_id, crn, reason, opened_at, until)
			SELECT $1, $2, $3, $4, $5, $6 FROM customer WHERE crn = $3 AND restricted FOR SHARE`, o.Officer, o.ActionID, o.CRN, o.Reason, o.At, o.Until)
		if err != nil {
			return failed(err, "open a restricted record")
		}
		until, restricted = o.Until, done.RowsAffected() == 1
		if !restricted {
			return nil
		}
		return s.Tell(ctx, tx, s.ofOpening(o))
	})
	return until, restricted, err
}

func (s *Store) ofOpening(o Opening) audit.Entry {
	return audit.Entry{
		Action: "access.opened", Object: s.audit.Customer(o.CRN), Result: audit.Done, Digest: audit.Digest(o.Reason),
		Detail: map[string]string{"minutes": strconv.Itoa(int(o.Until.Sub(o.At).Minutes()))},
	}
}

// Opened returns the CRNs of the records an officer has open at a business time.
func (s *Store) Opened(ctx context.Context, officer string, now time.Time) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT DISTINCT crn FROM opening WHERE officer_id = $1 AND until > $2 AND opened_at <= $2
		AND clock_timestamp() < received_at + (until - opened_at)`, officer, now)
	if err != nil {
		return nil, failed(err, "look for opened records")
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, failed(err, "look for opened records")
}
