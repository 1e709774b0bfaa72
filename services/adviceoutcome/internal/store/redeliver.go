package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/trail"
)

// Redelivery is somebody's word that a report is offered again.
type Redelivery struct {
	// ActionID names the action; doing it again does nothing.
	ActionID string
	Actor    string
	Reason   string
	At       time.Time
}

// Redeliver offers a sealed report again, once for each action: from then on it
// counts as neither delivered nor acknowledged until the authority comes anew. The
// report itself, and what came of it before, stay as they are. An action that was
// another one is refused as ACTION_ID_REUSED.
func (s *Store) Redeliver(ctx context.Context, h report.Head, x Redelivery) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		// Two who offer it at once do so one after the other, and so get two numbers.
		if _, err := tx.Exec(ctx, "SELECT FROM report WHERE report_id = $1 FOR UPDATE", h.ReportID); err != nil {
			return err
		}
		var id clock.ID
		var actor, reason string
		err := tx.QueryRow(ctx, "SELECT report_id, actor, reason FROM redelivery WHERE action_id = $1", x.ActionID).Scan(&id, &actor, &reason)
		switch {
		case err == nil && id == h.ReportID && actor == x.Actor && reason == x.Reason:
			return nil
		case err == nil:
			return fault.ActionReused()
		case !errors.Is(err, pgx.ErrNoRows):
			return err
		}
		var offer int32
		err = tx.QueryRow(ctx, `INSERT INTO redelivery (report_id, offer, authority_id, action_id, offered_at, actor, reason, delivered_before, acknowledged_before)
			SELECT $1, n.offer + 1, $2, $3, $4, $5, $6,
				(SELECT delivered_at FROM delivery WHERE report_id = $1 AND offer = n.offer),
				(SELECT acknowledged_at FROM acknowledgement WHERE report_id = $1 AND offer = n.offer)
			FROM (SELECT coalesce(max(offer), 0) AS offer FROM redelivery WHERE report_id = $1) n
			RETURNING offer`, h.ReportID, h.AuthorityID, x.ActionID, x.At, x.Actor, x.Reason).Scan(&offer)
		if err != nil {
			return err
		}
		return s.Audit(ctx, tx, trail.Redelivered(h, offer, x.Reason))
	})
	if postgres.IsUnique(err, "redelivery_action_id_key") {
		return fault.ActionReused() // for another report, at the same moment
	}
	return err
}
