package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/proto/term"
)

// NewItem is an item to be raised.
type NewItem struct {
	Key
	ID clock.ID
	// Value of the title's "####".
	Value    string
	Measure  term.Measure
	Office   string
	RaisedAt time.Time
	DueOn    calendar.Date
	// EventID is the event that raised it; zero for date triggers.
	EventID clock.ID
	// Closed: a later event of the same batch closed it; ClosedBy is that event.
	Closed   bool
	ClosedBy clock.ID
}

// Closing is an open item whose related activity was completed.
type Closing struct {
	ID clock.ID
	// EventID is the event that closes it.
	EventID clock.ID
}

// Move is an open item that goes along with its customer's record to another
// office.
type Move struct {
	ID       clock.ID
	From, To string
	EventID  clock.ID
}

// Work is what a batch leaves.
type Work struct {
	// At is the business time of all of it.
	At       time.Time
	Records  []Record
	Closings []Closing
	Moves    []Move
	Items    []NewItem
	// Covered are occurrences that raised nothing because an item of their cause
	// was open.
	Covered []Key
	Notices []Notice
}

// Write stores a batch in one round trip. It returns the items that were closed:
// an officer may have completed one meanwhile, which then stays as it is. The
// customers must be locked.
func (s *Store) Write(ctx context.Context, tx pgx.Tx, w *Work) (closed map[clock.ID]bool, err error) {
	b := &pgx.Batch{}
	closed = make(map[clock.ID]bool, len(w.Closings))
	var ended, moved []touched
	queueClosings(b, w, &ended)
	queueMoves(b, w, &moved)
	raised := make(map[clock.ID]bool, len(w.Items))
	queueItems(b, w.At, w.Items, raised)
	queueCovered(b, w.Covered)
	queueNotices(b, w.Notices)
	queueRecords(b, w.Records)
	// Which items were closed or moved is known only afterwards: then the entries
	// are, too. A batch that only raises takes no second round trip.
	entries, later := s.ofRaised(w.Items, nil), len(w.Closings)+len(w.Moves) > 0
	if !later {
		if err := s.audit.Queue(ctx, b, entries...); err != nil {
			return nil, err
		}
	}
	if err := runBatch(ctx, tx, b, "store a batch"); err != nil {
		return nil, err
	}
	for _, t := range ended {
		closed[t.id] = true
		entries = append(entries, s.ofItem("workitem.closed", t))
	}
	for _, t := range moved {
		entries = append(entries, s.ofItem("workitem.reassigned", t))
	}
	if later {
		if err := s.tell(ctx, tx, entries...); err != nil {
			return nil, err
		}
	}
	if len(raised) != len(w.Items) {
		// The customers were locked and looked at, so there was no such item.
		return nil, fault.New(fault.Internal, "ITEM_CLASH", "a work item was there that had not been seen")
	}
	return closed, nil
}

func queueClosings(b *pgx.Batch, w *Work, ended *[]touched) {
	if len(w.Closings) == 0 {
		return
	}
	ids, events := make([][16]byte, len(w.Closings)), make([][16]byte, len(w.Closings))
	for i, c := range w.Closings {
		ids[i], events[i] = c.ID, c.EventID
	}
	b.Queue(`WITH u AS (SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS u (id, event_id)),
		done AS (UPDATE work_item w SET status = 4, closed_at = `+fmt.Sprintf(notBefore, "$3")+`, version = version + 1 FROM u WHERE w.id = u.id AND w.status <= 2
			RETURNING w.id, w.crn, w.code, w.version, w.closed_at, w.started_at, w.assignee, u.event_id),
		steps AS (INSERT INTO work_item_step (work_item_id, version, action, actor, at, note, event_id)
			SELECT id, version, 'closed', 'system', closed_at,
				CASE WHEN started_at IS NOT NULL AND assignee <> '' THEN 'closed by a related activity while ' || assignee || ' investigated' ELSE '' END,
				event_id FROM done)
		SELECT id, crn, code, version, '' FROM done`, ids, events, w.At).Query(func(rows pgx.Rows) error { return collectTouched(rows, ended) })
}

// notBefore is a time for the next step of item w: no earlier than the steps
// there are, whose officers' clocks may differ a little from this one. The time
// given was taken before the item was waited for; when the investigation began
// is read again after that.
const notBefore = `greatest(%s::timestamptz, w.started_at, (SELECT max(s.at) FROM work_item_step s WHERE s.work_item_id = w.id))`

func queueMoves(b *pgx.Batch, w *Work, went *[]touched) {
	if len(w.Moves) == 0 {
		return
	}
	n := len(w.Moves)
	ids, from, to, events := make([][16]byte, n), make([]string, n), make([]string, n), make([][16]byte, n)
	for i, m := range w.Moves {
		ids[i], from[i], to[i], events[i] = m.ID, m.From, m.To, m.EventID
	}
	// A supervisor may have given one elsewhere meanwhile: that stays.
	b.Queue(`WITH u AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) AS u (id, source, target, event_id)),
		moved AS (UPDATE work_item w SET office = u.target, version = version + 1 FROM u
			WHERE w.id = u.id AND w.status <= 2 AND w.office = u.source
			RETURNING w.id, w.crn, w.code, w.version, w.office, `+fmt.Sprintf(notBefore, "$5")+` AS at, u.event_id),
		steps AS (INSERT INTO work_item_step (work_item_id, version, action, actor, at, note, event_id)
			SELECT id, version, 'reassigned', 'system', at, 'the record of the customer went to another office', event_id FROM moved)
		SELECT id, crn, code, version, office FROM moved`,
		ids, from, to, events, w.At).Query(func(rows pgx.Rows) error { return collectTouched(rows, went) })
}

// queueItems inserts items that are not there, with their steps, and notes which.
func queueItems(b *pgx.Batch, at time.Time, items []NewItem, raised map[clock.ID]bool) {
	if len(items) == 0 {
		return
	}
	n := len(items)
	keys := make([]Key, n)
	ids, events, closers := make([][16]byte, n), make([]*[16]byte, n), make([]*[16]byte, n)
	values, offices, measures, due := make([]string, n), make([]string, n), make([]int16, n), make([]int32, n)
	anyClosed := false
	for i := range items {
		it := &items[i]
		keys[i], ids[i], values[i], offices[i], measures[i], due[i] = it.Key, it.ID, it.Value, it.Office, int16(it.Measure), int32(it.DueOn)
		events[i] = optional(it.EventID)
		if it.Closed {
			id := [16]byte(it.ClosedBy)
			closers[i], anyClosed = &id, true
		}
	}
	crns, codes, causes, occurrences := keyColumns(keys)
	b.Queue(`WITH u AS (SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::smallint[], $8::text[], $9::int[],
				$10::uuid[], $11::uuid[]) AS u (id, crn, code, cause, occurrence, value, measure, office, due, event_id, closer)),
		done AS (INSERT INTO work_item (id, crn, code, cause, occurrence, value, measure, office, status, raised_at, due_on, closed_at, version)
			SELECT id, crn, code, cause, occurrence, value, measure, office, CASE WHEN closer IS NULL THEN 1 ELSE 4 END, $12,
				DATE '1970-01-01' + due, CASE WHEN closer IS NOT NULL THEN $12::timestamptz END, CASE WHEN closer IS NULL THEN 1 ELSE 2 END
			FROM u ON CONFLICT DO NOTHING RETURNING id),
		steps AS (INSERT INTO work_item_step (work_item_id, version, action, actor, at, event_id)
			SELECT id, 1, 'raised', 'system', $12, event_id FROM done JOIN u USING (id))
		SELECT id FROM done`, ids, crns, codes, causes, occurrences, values, measures, offices, due, events, closers, at).
		Query(func(rows pgx.Rows) error { return collect(rows, raised) })
	if anyClosed {
		b.Queue(`INSERT INTO work_item_step (work_item_id, version, action, actor, at, event_id)
			SELECT id, 2, 'closed', 'system', $3, closer FROM unnest($1::uuid[], $2::uuid[]) AS u (id, closer) WHERE closer IS NOT NULL`, ids, closers, at)
	}
}

func queueCovered(b *pgx.Batch, keys []Key) {
	if len(keys) == 0 {
		return
	}
	crns, codes, causes, occurrences := keyColumns(keys)
	b.Queue(`INSERT INTO covered (crn, code, cause, occurrence) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
		ON CONFLICT DO NOTHING`, crns, codes, causes, occurrences)
}

// collect notes the ids that a statement returns.
func collect(rows pgx.Rows, into map[clock.ID]bool) error {
	var id [16]byte
	_, err := pgx.ForEachRow(rows, []any{&id}, func() error { into[id] = true; return nil })
	return err
}

// optional is an id as an argument; the zero id is NULL.
func optional(id clock.ID) *[16]byte {
	if id.IsZero() {
		return nil
	}
	raw := [16]byte(id)
	return &raw
}
