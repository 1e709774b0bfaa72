package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

// self is the actor of what the service does by itself.
const self = "service:console"

// Object is a session as audit entries name it.
func Object(id clock.ID) string { return "session/" + id.String() }

// ended is the entry of a session's end.
func ended(x session.Session, why session.Over) audit.Entry {
	e := audit.Entry{Action: "session.ended", Object: Object(x.ID), Result: audit.Done, Reason: string(why), Detail: map[string]string{"person": x.Person}}
	switch why {
	case session.SignedOut:
		e.Action, e.Reason = "session.signed-out", ""
	case session.Idle, session.Absolute:
		e.Action, e.Actor = "session.expired", self
	case session.Refused, session.NoRoles, session.Limit:
		e.Actor = self
	}
	return e
}

// Start keeps a new session. The one it replaces ends, and the longest unused
// ones beyond the most a person may have. It returns the hashes of what ended.
func (s *Store) Start(ctx context.Context, x session.Session, token session.Hash, sealed []byte, replaces *session.Hash, most int) ([]session.Hash, error) {
	ctx = identity.With(ctx, x.Caller())
	var over []session.Hash
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		over = nil
		entries := []audit.Entry{{
			Action: "signin", Object: Object(x.ID), Result: audit.Done, Detail: map[string]string{"roles": session.JoinRoles(x.Roles)},
		}}
		// One sign-in of a person at a time, or two could both take the last place.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "console:"+x.Person); err != nil {
			return err
		}
		drop := func(why session.Over, where string, values ...any) error {
			rows, err := tx.Query(ctx, "DELETE FROM session WHERE "+where+" RETURNING "+columns+", token_hash", values...)
			if err != nil {
				return err
			}
			gone, err := pgx.CollectRows(rows, collectGone)
			for _, g := range gone {
				entries, over = append(entries, ended(g.Session, why)), append(over, g.token)
			}
			return err
		}
		if replaces != nil {
			if err := drop(session.Replaced, "token_hash = $1", replaces[:]); err != nil {
				return err
			}
		}
		if err := drop(session.Limit, "id IN (SELECT id FROM session WHERE person = $1 ORDER BY used_at DESC, id DESC OFFSET $2)", x.Person, most-1); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO session (id, token_hash, person, roles, started_at, used_at, checked_at, asking_until, tokens)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $5, $8)`, [16]byte(x.ID), token[:], x.Person, x.Roles, x.Started, x.Used, x.Checked, sealed); err != nil {
			return err
		}
		if err := signedIn(ctx, tx, x); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, entries...)
	})
	return over, err
}

type gone struct {
	session.Session
	token session.Hash
}

func collectGone(row pgx.CollectableRow) (g gone, err error) {
	var token []byte
	err = row.Scan((*[16]byte)(&g.ID), &g.Person, &g.Roles, &g.Started, &g.Used, &g.Checked, &token)
	copy(g.token[:], token)
	return g, err
}

// Slide writes down that a session was used.
func (s *Store) Slide(ctx context.Context, id clock.ID, now time.Time) error {
	_, err := s.pool.Exec(ctx, "UPDATE session SET used_at = $2 WHERE id = $1 AND used_at < $2", [16]byte(id), now)
	return postgres.Classify(err)
}

// Ask takes the right to ask the provider about a session until a time, and its
// tokens: a refresh token works once, so that replicas must not both use it.
// False when somebody else asks, or has just asked.
func (s *Store) Ask(ctx context.Context, x session.Session, now, until time.Time) (sealed []byte, mine bool, err error) {
	err = s.pool.QueryRow(ctx, "UPDATE session SET asking_until = $4 WHERE id = $1 AND checked_at <= $2 AND asking_until <= $3 RETURNING tokens",
		[16]byte(x.ID), x.Checked, now, until).Scan(&sealed)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return sealed, err == nil, postgres.Classify(err)
}

// Unconfirmed keeps the tokens after the provider could not be asked; it is not
// asked again before a time.
func (s *Store) Unconfirmed(ctx context.Context, id clock.ID, sealed []byte, until time.Time) error {
	_, err := s.pool.Exec(ctx, "UPDATE session SET tokens = $2, asking_until = $3 WHERE id = $1", [16]byte(id), sealed, until)
	return postgres.Classify(err)
}

// Confirmed notes that the provider confirmed a session at x.Checked with
// x.Roles, and when it was used last. False when it ended meanwhile.
func (s *Store) Confirmed(ctx context.Context, x session.Session, before []string, sealed []byte) (lives bool, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		ct, err := tx.Exec(ctx, "UPDATE session SET roles = $2, checked_at = $3, used_at = greatest(used_at, $5), asking_until = $3, tokens = $4 WHERE id = $1",
			[16]byte(x.ID), x.Roles, x.Checked, sealed, x.Used)
		if err != nil {
			return err
		}
		lives = ct.RowsAffected() == 1
		if !lives || slices.Equal(before, x.Roles) {
			return nil
		}
		if err := haveRoles(ctx, tx, x.Person, x.Roles); err != nil {
			return err
		}
		return s.audit.Write(ctx, tx, audit.Entry{
			Action: "session.roles-changed", Object: Object(x.ID), Result: audit.Done, Actor: self,
			Detail: map[string]string{"person": x.Person, "before": session.JoinRoles(before), "roles": session.JoinRoles(x.Roles)},
		})
	})
	return lives && err == nil, err
}

// End ends a session and returns its sealed tokens; false when it had ended.
func (s *Store) End(ctx context.Context, x session.Session, why session.Over) (sealed []byte, was bool, err error) {
	if why == session.SignedOut {
		ctx = identity.With(ctx, x.Caller())
	}
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		was = false
		err := tx.QueryRow(ctx, "DELETE FROM session WHERE id = $1 RETURNING tokens", [16]byte(x.ID)).Scan(&sealed)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		was = true
		if why == session.NoRoles {
			if err := haveRoles(ctx, tx, x.Person, []string{}); err != nil {
				return err
			}
		}
		return s.audit.Write(ctx, tx, ended(x, why))
	})
	return sealed, was && err == nil, err
}

// EndAll ends all sessions of a person for an administrator, the caller of ctx,
// and returns the hashes of their tokens.
func (s *Store) EndAll(ctx context.Context, person string) (over []session.Hash, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		over = nil
		rows, err := tx.Query(ctx, "DELETE FROM session WHERE person = $1 RETURNING "+columns+", token_hash", person)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, collectGone)
		if err != nil {
			return err
		}
		entries := []audit.Entry{{
			Action: "session.ended-all", Result: audit.Done, Detail: map[string]string{"person": person, "count": strconv.Itoa(len(list))},
		}}
		for _, g := range list {
			entries, over = append(entries, ended(g.Session, session.ByAdministrator)), append(over, g.token)
		}
		return s.audit.Write(ctx, tx, entries...)
	})
	return over, err
}

// sweepMost bounds what one transaction of a sweep ends.
const sweepMost = 500

// Sweep ends sessions that are over, and forgets sign-ins that came to nothing and
// people who were away for long.
// It returns how many sessions it ended.
func (s *Store) Sweep(ctx context.Context, l session.Lifetimes, now time.Time) (n int, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DELETE FROM attempt WHERE expires_at <= $1", now); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, "DELETE FROM person WHERE signed_in_at <= $1", now.Add(-peopleKept)); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `DELETE FROM session WHERE id IN (SELECT id FROM session WHERE started_at <= $1 OR used_at <= $2 LIMIT $3 FOR UPDATE SKIP LOCKED)
			RETURNING `+columns+", token_hash", now.Add(-l.Absolute), now.Add(-l.Idle), sweepMost)
		if err != nil {
			return err
		}
		list, err := pgx.CollectRows(rows, collectGone)
		if err != nil {
			return err
		}
		entries := make([]audit.Entry, len(list))
		for i, g := range list {
			entries[i] = ended(g.Session, l.Over(g.Session, now))
		}
		n = len(list)
		return s.audit.Write(ctx, tx, entries...)
	})
	return n, err
}
