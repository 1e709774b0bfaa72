package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// epoch turns a date into the days since 1970-01-01, as dates travel.
const epoch = " - DATE '1970-01-01'"

// Found is a work item with whether access to its customer's record is restricted.
type Found struct {
	item.Item
	Restricted bool
}

// itemColumns are those of a row called w.
const itemColumns = `w.id, w.crn, w.code, w.value, w.measure, w.office, w.status, w.assignee, w.raised_at, w.due_on` + epoch + `,
	w.started_at, w.closed_at, w.component_on` + epoch + `, w.version`

// restricted tells of a customer called c in an outer join.
const restricted = "COALESCE(c.restricted, false)"

func scanFound(row pgx.CollectableRow) (f Found, err error) {
	var component *int32
	err = row.Scan((*[16]byte)(&f.ID), &f.CRN, &f.Code, &f.Value, (*int16)(&f.Measure), &f.Office, (*int16)(&f.Status), &f.Assignee, &f.RaisedAt,
		(*int32)(&f.DueOn), &f.StartedAt, &f.ClosedAt, &component, &f.Version, &f.Restricted)
	f.ComponentOn = dayOf(component)
	return f, err
}

const stepColumns = "version, action, actor, at, note, event_id"

func scanStep(row pgx.CollectableRow) (s item.Step, err error) {
	var event *[16]byte
	err = row.Scan(&s.Version, &s.Action, &s.Actor, &s.At, &s.Note, &event)
	if event != nil {
		s.EventID = *event
	}
	return s, err
}

// GetItem returns an item with its history, oldest first; false when there is none.
func (s *Store) GetItem(ctx context.Context, id clock.ID) (found Found, history []item.Step, known bool, err error) {
	b := &pgx.Batch{}
	queueFound(b, &found, &known, "SELECT "+itemColumns+", "+restricted+" FROM work_item w LEFT JOIN customer c ON c.crn = w.crn WHERE w.id = $1", id)
	b.Queue("SELECT "+stepColumns+" FROM work_item_step WHERE work_item_id = $1 ORDER BY version", [16]byte(id)).Query(func(rows pgx.Rows) (err error) {
		history, err = pgx.CollectRows(rows, scanStep)
		return err
	})
	if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
		return found, nil, false, postgres.Classify(err)
	}
	// A step taken between the two reads belongs to a version that was not read.
	for len(history) > 0 && history[len(history)-1].Version > found.Version {
		history = history[:len(history)-1]
	}
	return found, history, known, nil
}

// dayNumber is the SQL argument of a date that may be absent.
func dayNumber(d *calendar.Date) *int32 {
	if d == nil {
		return nil
	}
	n := int32(*d)
	return &n
}

func dayOf(n *int32) *calendar.Date {
	if n == nil {
		return nil
	}
	d := calendar.Date(*n)
	return &d
}

func queueFound(b *pgx.Batch, found *Found, known *bool, sql string, id clock.ID) {
	b.Queue(sql, [16]byte(id)).Query(func(rows pgx.Rows) (err error) {
		*found, err = pgx.CollectExactlyOneRow(rows, scanFound)
		if *known = err == nil; errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
}

// Action is an officer's action that takes effect once.
type Action struct {
	// ID was chosen by the caller; zero for actions that need none.
	ID        clock.ID
	OfficerID string
	// Digest of what was asked for.
	Digest []byte
}

// Locked is an item that nobody else changes until the transaction ends.
type Locked struct {
	Found
	// Last is the last step of its history.
	Last item.Step
	// Done is the action done before under the action's id, on whichever item
	// that was; nil when none.
	Done *Action
	// DoneOn is the item of it.
	DoneOn clock.ID
}

// LockItem locks an item and reads what its rules need; false when there is none.
// The statements see what was committed while the lock was waited for.
func (s *Store) LockItem(ctx context.Context, tx pgx.Tx, id, action clock.ID) (l Locked, known bool, err error) {
	b := &pgx.Batch{}
	b.Queue("SELECT 1 FROM work_item WHERE id = $1 FOR UPDATE", [16]byte(id))
	queueFound(b, &l.Found, &known, "SELECT "+itemColumns+", "+restricted+" FROM work_item w LEFT JOIN customer c ON c.crn = w.crn WHERE w.id = $1", id)
	b.Queue("SELECT "+stepColumns+" FROM work_item_step WHERE work_item_id = $1 ORDER BY version DESC LIMIT 1", [16]byte(id)).Query(func(rows pgx.Rows) error {
		steps, err := pgx.CollectRows(rows, scanStep)
		if len(steps) > 0 {
			l.Last = steps[0]
		}
		return err
	})
	if !action.IsZero() {
		b.Queue("SELECT item_id, officer_id, digest FROM action WHERE action_id = $1", [16]byte(action)).Query(func(rows pgx.Rows) error {
			a := Action{ID: action}
			_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&l.DoneOn), &a.OfficerID, &a.Digest}, func() error {
				l.Done = &a
				return nil
			})
			return err
		})
	}
	return l, known, tx.SendBatch(ctx, b).Close()
}

// SaveStep stores an item after a step, with the action, its audit entry and the
// events that tell of it. The item must be locked.
func (s *Store) SaveStep(ctx context.Context, tx pgx.Tx, after *item.Item, step item.Step, a Action, rows []outbox.Row) error {
	b := &pgx.Batch{}
	id := [16]byte(after.ID)
	b.Queue(`UPDATE work_item SET status = $3, assignee = $4, office = $5, started_at = $6, closed_at = $7,
			component_on = DATE '1970-01-01' + $8::int, version = $2 WHERE id = $1 AND version = $2 - 1`,
		id, after.Version, int16(after.Status), after.Assignee, after.Office, after.StartedAt, after.ClosedAt, dayNumber(after.ComponentOn)).
		Exec(func(ct pgconn.CommandTag) error {
			if ct.RowsAffected() != 1 {
				return fault.New(fault.Internal, "ITEM_NOT_LOCKED", "the work item was not locked before it was changed")
			}
			return nil
		})
	b.Queue("INSERT INTO work_item_step (work_item_id, version, action, actor, at, note) VALUES ($1, $2, $3, $4, $5, $6)",
		id, step.Version, step.Action, step.Actor, step.At, step.Note)
	if !a.ID.IsZero() {
		b.Queue("INSERT INTO action (action_id, item_id, officer_id, digest) VALUES ($1, $2, $3, $4)", [16]byte(a.ID), id, a.OfficerID, a.Digest)
	}
	if err := s.audit.Queue(ctx, b, s.ofStep(after, step)); err != nil {
		return err
	}
	outbox.Queue(b, rows...)
	return tx.SendBatch(ctx, b).Close()
}

// ActionTaken reports whether err says that an action id was used meanwhile.
func ActionTaken(err error) bool { return postgres.IsUnique(err, "action_pkey") }

// Words returns what an officer wrote with one action since a time, once for
// each other item, and keeps the officer's own further actions waiting until the
// transaction ends, so that words are counted one after the other.
func (s *Store) Words(ctx context.Context, tx pgx.Tx, actor, action string, since time.Time, but clock.ID) (words []string, err error) {
	b := &pgx.Batch{}
	b.Queue("SELECT pg_advisory_xact_lock(hashtextextended('noticehub.workitems.words/' || $1::text, 0))", actor)
	b.Queue(`SELECT DISTINCT work_item_id, note FROM work_item_step
		WHERE actor = $1 AND action IN ('completed', 'reassigned') AND action = $2 AND at > $3 AND work_item_id <> $4`,
		actor, action, since, [16]byte(but)).Query(func(rows pgx.Rows) error {
		var id [16]byte
		var note string
		_, err := pgx.ForEachRow(rows, []any{&id, &note}, func() error {
			words = append(words, note)
			return nil
		})
		return err
	})
	return words, tx.SendBatch(ctx, b).Close()
}
