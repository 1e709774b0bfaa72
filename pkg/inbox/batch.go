package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/bus"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
)

// message is a delivery taken apart.
type message struct {
	id     string
	events []Event
	parks  []park // what goes to quarantine at once
}

// handle applies a delivered batch, in as many transactions as MaxEvents asks
// for. It returns an error only when ctx ends.
func (r *runner) handle(ctx context.Context, deliveries []bus.Delivery) error {
	crashpoint.Here("inbox.after-fetch")
	var chunk []message
	seen := make(map[string]bool, len(deliveries))
	n := 0
	for _, d := range deliveries {
		if !storable(d.ID) {
			d.ID = clock.DerivedID(clock.ID{}, d.ID).String()
		}
		if seen[d.ID] {
			continue // the same message twice in a batch
		}
		seen[d.ID] = true
		m := r.decode(d)
		if n > 0 && n+len(m.events) > r.MaxEvents {
			if err := r.settle(ctx, chunk); err != nil {
				return err
			}
			chunk, n = nil, 0
		}
		chunk = append(chunk, m)
		n += len(m.events)
	}
	return r.settle(ctx, chunk)
}

func (r *runner) decode(d bus.Delivery) message {
	events, err := r.decodeEvents(d)
	if err != nil {
		r.log.Error("message quarantined: it cannot be decoded", "message", d.ID, "error", describe(err))
		return message{id: d.ID, parks: []park{{event: wrap(d), state: stateQuarantined, cause: causeUndecodable + describe(err)}}}
	}
	m := message{id: d.ID}
	for _, e := range events {
		if e.Refused == nil {
			m.events = append(m.events, e)
			continue
		}
		r.log.Error("event quarantined: this version refuses it", "event", e.ID.String(), "error", describe(e.Refused))
		m.parks = append(m.parks, park{event: e, state: stateQuarantined, cause: causeRefused + describe(e.Refused)})
	}
	return m
}

func (r *runner) decodeEvents(d bus.Delivery) (events []Event, err error) {
	defer recovered(&err)
	if events, err = r.Decode(d); err != nil {
		return nil, err
	}
	for _, e := range events {
		if e.ID.IsZero() || !storable(e.Key) || !storable(e.Traceparent) {
			return nil, fault.New(fault.Invalid, "EVENT_INVALID", "an event has no id, or text that PostgreSQL cannot store")
		}
	}
	return events, nil
}

// storable reports whether PostgreSQL takes a text. What it does not take must
// not reach a statement about a whole batch.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// settle applies messages in one transaction. Trouble of the infrastructure
// keeps it here; it returns an error only when ctx ends.
func (r *runner) settle(ctx context.Context, messages []message) error {
	if len(messages) == 0 {
		return nil
	}
	ctx, span := r.span(ctx, messages)
	defer span.End()
	timer := prometheus.NewTimer(r.metrics.seconds)
	var (
		found findings
		w     *work
		size  int
	)
	err := r.tryOn(ctx, true, &found, func() error {
		if r.Relay != nil {
			if err := r.Relay.Room(ctx); err != nil {
				return err
			}
		}
		fresh, err := r.prepareMessages(ctx, messages, &found)
		if err != nil || len(fresh) == 0 {
			w = nil
			return err
		}
		err = postgres.InTx(ctx, r.Pool, func(tx pgx.Tx) (err error) {
			w = &work{r: r, tx: tx, found: &found}
			size, err = w.messages(ctx, fresh)
			return err
		})
		return err
	})
	if err != nil {
		return err
	}
	crashpoint.Here("inbox.after-commit")
	timer.ObserveDuration()
	r.metrics.batch.Observe(float64(size))
	if w != nil {
		r.committed(w)
	}
	return nil
}

// messages does everything about messages in the transaction, and tells how many
// events were new.
func (w *work) messages(ctx context.Context, messages []message) (int, error) {
	ids := make([]string, len(messages))
	keys := make([]string, 0, len(messages))
	seen := map[string]bool{}
	for i, m := range messages {
		ids[i] = m.id
		for _, e := range m.events {
			if e.Key != "" && !seen[e.Key] {
				seen[e.Key] = true
				keys = append(keys, e.Key)
			}
		}
	}
	slices.Sort(ids) // so that replicas with the same messages wait for each other instead of locking up
	fresh, blocked, err := w.r.store.claim(ctx, w.tx, ids, keys)
	if err != nil {
		return 0, err
	}
	w.blocked = blocked
	var events []Event
	var quarantined []park
	for _, m := range messages {
		if fresh[m.id] {
			events, quarantined = append(events, m.events...), append(quarantined, m.parks...)
		} else {
			w.r.metrics.known.Inc()
		}
	}
	if err := w.run(ctx, events); err != nil {
		return 0, err
	}
	crashpoint.Here("inbox.mid-batch")
	b := &pgx.Batch{}
	w.r.store.queueParks(b, append(w.parks, quarantined...))
	if err := send(ctx, w.tx, b); err != nil {
		return 0, err
	}
	w.after = append(w.after, func() {
		w.r.metrics.events.WithLabelValues(resultQuarantined).Add(float64(len(quarantined)))
	})
	crashpoint.Here("inbox.before-commit")
	return len(events), nil
}

// prepareMessages leaves out messages that are known and runs Prepare on the
// events of the others, copies of them: whatever Prepare puts into them is made
// again for the next try. Without Prepare the transaction alone finds out.
func (r *runner) prepareMessages(ctx context.Context, messages []message, found *findings) ([]message, error) {
	if r.Prepare == nil {
		return messages, nil
	}
	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.id
	}
	known, err := r.store.known(ctx, r.Pool, ids)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	var fresh []message
	var original []Event
	for _, m := range messages {
		if known[m.id] {
			r.metrics.known.Inc()
			continue
		}
		fresh, original = append(fresh, m), append(original, m.events...)
	}
	prepared := append([]Event(nil), original...)
	if err := r.prepareRange(ctx, original, prepared, found); err != nil {
		return nil, err
	}
	for i := range fresh {
		n := len(fresh[i].events)
		fresh[i].events, prepared = prepared[:n:n], prepared[n:]
	}
	return fresh, nil
}

// prepareRange prepares events, by halves if something fails for good, and notes
// the events to blame.
func (r *runner) prepareRange(ctx context.Context, original, prepared []Event, found *findings) error {
	if len(original) == 0 {
		return nil
	}
	copy(prepared, original)
	err := r.prepare(ctx, prepared)
	if err == nil || fault.Retryable(err) || ctx.Err() != nil {
		return err
	}
	if len(original) == 1 {
		found.condemn(original[0].ID, err)
		return nil
	}
	middle := len(original) / 2
	if err := r.prepareRange(ctx, original[:middle], prepared[:middle], found); err != nil {
		return err
	}
	return r.prepareRange(ctx, original[middle:], prepared[middle:], found)
}

func (r *runner) prepare(ctx context.Context, events []Event) (err error) {
	defer recovered(&err)
	return r.Prepare(ctx, events)
}

// wrapping marks the data of a parked row as a whole message. No protobuf
// message begins with a zero byte.
const wrapping = "\x00message\n"

type wrapped struct {
	ID      string            `json:"id"`
	Subject string            `json:"subject"`
	Stream  string            `json:"stream"`
	Headers map[string]string `json:"headers,omitempty"`
	Data    []byte            `json:"data"`
}

// wrap makes an event of a whole message that could not be decoded.
func wrap(d bus.Delivery) Event {
	text, _ := json.Marshal(wrapped{d.ID, d.Subject, d.Stream, d.Headers, d.Data}) // strings and bytes always have a form
	id, err := clock.ParseID(d.ID)
	if err != nil {
		id = clock.DerivedID(clock.ID{}, d.ID)
	}
	return Event{ID: id, Data: append([]byte(wrapping), text...), Traceparent: d.Headers["traceparent"]}
}

func unwrap(data []byte) (bus.Delivery, error) {
	var w wrapped
	if err := json.Unmarshal(data[len(wrapping):], &w); err != nil {
		return bus.Delivery{}, fmt.Errorf("a quarantined message: %w", err)
	}
	return bus.Delivery{Message: bus.Message{ID: w.ID, Subject: w.Subject, Headers: w.Headers, Data: w.Data}, Stream: w.Stream}, nil
}
