package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
)

// FeedKey names a record of a feed.
type FeedKey struct{ Feed, Reference string }

// FeedLine is what one feed tells of one customer; its records have an order.
type FeedLine struct{ Feed, CRN string }

// FeedState is what feeds have told before.
type FeedState struct {
	// Digests of the records known already, whatever became of them.
	Digests map[FeedKey]string
	// Newest is when the newest applied record of a line happened.
	Newest map[FeedLine]time.Time
}

// FeedState reads what is known of records and lines, in one round trip. The
// customers of the lines should be locked: then nobody adds to them meanwhile.
func (s *Store) FeedState(ctx context.Context, tx pgx.Tx, keys []FeedKey, lines []FeedLine) (FeedState, error) {
	state := FeedState{Digests: make(map[FeedKey]string), Newest: make(map[FeedLine]time.Time)}
	feeds, references := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		feeds[i], references[i] = k.Feed, k.Reference
	}
	lineFeeds, crns := make([]string, len(lines)), make([]string, len(lines))
	for i, l := range lines {
		lineFeeds[i], crns[i] = l.Feed, l.CRN
	}
	// Planned each time: these tables grow from nothing while a feed is taken.
	rows, err := tx.Query(ctx, `SELECT r.feed, r.reference, r.digest, NULL::timestamptz
		FROM unnest($1::text[], $2::text[]) AS k(feed, reference) JOIN feed_record r ON r.feed = k.feed AND r.reference = k.reference
		UNION ALL
		SELECT l.feed, l.crn, NULL, n.occurred_at FROM unnest($3::text[], $4::text[]) AS l(feed, crn)
		CROSS JOIN LATERAL (SELECT r.occurred_at FROM feed_record r
			WHERE r.crn = l.crn AND r.feed = l.feed AND r.state = 1 ORDER BY r.occurred_at DESC LIMIT 1) n`,
		planEachTime, feeds, references, lineFeeds, crns)
	if err != nil {
		return state, failed(err, "read the state of feeds")
	}
	var feed, name string
	var digest []byte
	var at *time.Time
	_, err = pgx.ForEachRow(rows, []any{&feed, &name, &digest, &at}, func() error {
		if at != nil {
			state.Newest[FeedLine{feed, name}] = *at
		} else {
			state.Digests[FeedKey{feed, name}] = string(digest)
		}
		return nil
	})
	return state, failed(err, "read the state of feeds")
}

// FeedRecord is a record of a feed that was taken.
type FeedRecord struct {
	FeedKey
	// Digest of its content.
	Digest string
	// CRN of the customer it names.
	CRN string
	// OccurredAt is when it happened, where the feed comes from.
	OccurredAt time.Time
	// Aside is nil when it was applied.
	Aside *Aside
}

// queueFeed writes records taken: those set aside with what keeps them.
func queueFeed(b *pgx.Batch, records []FeedRecord) {
	if len(records) == 0 {
		return
	}
	n := len(records)
	feeds, references, crns := make([]string, n), make([]string, n), make([]string, n)
	digests, times, states := make([][]byte, n), make([]time.Time, n), make([]int16, n)
	var aside []*Aside
	for i := range records {
		r := &records[i]
		feeds[i], references[i], crns[i] = r.Feed, r.Reference, r.CRN
		digests[i], times[i], states[i] = []byte(r.Digest), r.OccurredAt, feedApplied
		if r.Aside != nil {
			states[i] = feedAside
			aside = append(aside, r.Aside)
		}
	}
	// In the order of the key, so that two streams with the same records wait
	// for each other and meet what the other wrote, instead of deadlocking.
	b.Queue(`INSERT INTO feed_record (feed, reference, digest, crn, occurred_at, state)
		SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::timestamptz[], $6::smallint[])
			AS r(feed, reference) ORDER BY r.feed, r.reference`, feeds, references, digests, crns, times, states)
	queueAside(b, aside)
}

// States of a record of a feed.
const (
	feedApplied int16 = 1
	feedAside   int16 = 2
)

// WriteFeed writes the records of a batch that were taken, in one round trip.
// A record written by somebody else meanwhile fails with a unique violation. The
// entries are for the audit log; they go with those of the customers (Batch).
func (s *Store) WriteFeed(ctx context.Context, tx pgx.Tx, records []FeedRecord) ([]audit.Entry, error) {
	b := new(pgx.Batch)
	queueFeed(b, records)
	return s.ofFeeds(records), runBatch(ctx, tx, b, "write records of feeds")
}
