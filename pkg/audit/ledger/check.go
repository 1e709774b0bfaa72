package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/clock"
)

// Report says what a check went through.
type Report struct {
	Entries, Records, Checkpoints int64
	// Signed is the number of entries a checkpoint vouches for.
	Signed int64
	// Waiting records have no place yet.
	Waiting int64
}

// checkSpan is how many positions are checked at a time.
const checkSpan = 8192

// Check goes through the whole log in the database, in one snapshot if db is a
// REPEATABLE READ transaction: every record has a place or waits for one, places
// follow each other without gap, every leaf has the stored hash, every stored node
// is that of its leaves, every checkpoint is signed and fits, and the index of
// terms says what the entries say. Checkpoints kept elsewhere show whether the log
// was rewritten or cut since. The error is a *tree.Fault that names the first
// entry for which something is wrong, or what kept the check from ending.
func Check(ctx context.Context, db Querier, verifier note.Verifier, kept ...tree.Checkpoint) (Report, error) {
	start, err := tree.NewFrontier(0, nil)
	if err != nil {
		return Report{}, err
	}
	c := &check{db: db, leaves: tree.NewChecker(start, verifier), kept: kept}
	if err := c.all(ctx); err != nil {
		return c.report, err
	}
	return c.report, nil
}

type check struct {
	db     Querier
	leaves *tree.Checker
	kept   []tree.Checkpoint
	report Report

	nodeCount, termCount int64

	signed   []statement // of sizes not reached yet
	batchEnd int64       // end of the batches read
	latest   time.Time   // as batches must say
	batch    batchRow    // the one the leaves are in
}

type batchRow struct {
	first, count   int64
	oldest, latest time.Time
	late           bool
	hashes         []byte
	// seen in the records of the batch
	seen work
}

func (c *check) all(ctx context.Context) error {
	for {
		before := c.leaves.Size()
		if err := c.span(ctx, before+checkSpan); err != nil {
			return err
		}
		if c.leaves.Size() == before {
			break
		}
	}
	if err := c.leaves.End(); err != nil {
		return err
	}
	c.report.Entries, c.report.Signed = c.leaves.Size(), c.leaves.Trusted()
	return c.rest(ctx)
}

// span checks the records that begin before position to, and all that is stored
// about them.
func (c *check) span(ctx context.Context, to int64) error {
	from := c.leaves.Size()
	records, err := c.records(ctx, from, to)
	if err != nil || len(records) == 0 {
		return err
	}
	last := records[len(records)-1]
	if err := c.statements(ctx, from, last.First+int64(len(last.Entries))); err != nil {
		return err
	}
	var nodes []tree.Node
	for _, r := range records {
		if nodes, err = c.record(ctx, r, nodes); err != nil {
			return err
		}
	}
	if c.leaves.Differs() {
		return nil // the next checkpoint tells what it is; anything else follows from it
	}
	if err := c.nodes(ctx, nodes); err != nil {
		return err
	}
	return c.terms(ctx, from, records)
}

// placed is a record with what its place says.
type placed struct {
	Record
	count, told int32
	at          time.Time
}

func (c *check) records(ctx context.Context, from, to int64) ([]placed, error) {
	rows, err := c.db.Query(ctx, `SELECT p.first, p.count, p.recorded_at, p.record_id, r.id IS NULL,
			coalesce(r.recorded_at, p.recorded_at), coalesce(r.service, ''), coalesce(r.actor, ''), coalesce(r.method, ''), coalesce(r.session, ''), coalesce(r.trace, ''), coalesce(r.count, 0), coalesce(r.entries, '')
		FROM audit.place p LEFT JOIN audit.record r ON r.id = p.record_id
		WHERE p.first >= $1 AND p.first < $2 ORDER BY p.first`, from, to)
	if err != nil {
		return nil, err
	}
	var list []placed
	var p placed
	var entries []byte
	var gone bool
	next := from
	_, err = pgx.ForEachRow(rows, []any{&p.First, &p.count, &p.at, &p.ID, &gone, &p.At, &p.Service, &p.Actor, &p.Method, &p.Session, &p.Trace, &p.told, &entries}, func() error {
		id := clock.ID(p.ID).String()
		if p.First != next {
			return &tree.Fault{Position: next, What: fmt.Sprintf("its place is missing or moved: the next one begins at %d", p.First)}
		}
		if gone {
			return &tree.Fault{Position: next, Record: id, What: "its record is missing"}
		}
		p.Entries = lines(entries)
		next += int64(len(p.Entries))
		list = append(list, p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, c.gap(ctx, from)
	}
	return list, nil
}

// gap tells the end of the log from a hole in it.
func (c *check) gap(ctx context.Context, from int64) error {
	var next *int64
	if err := c.db.QueryRow(ctx, `SELECT min(first) FROM audit.place WHERE first >= $1`, from).Scan(&next); err != nil {
		return err
	}
	if next != nil {
		return &tree.Fault{Position: from, What: fmt.Sprintf("its place is missing: the next one begins at %d", *next)}
	}
	return nil
}

// record checks one record's entries against the batch that holds their hashes.
func (c *check) record(ctx context.Context, r placed, nodes []tree.Node) ([]tree.Node, error) {
	id := clock.ID(r.ID).String()
	bad := func(what string) error { return &tree.Fault{Position: r.First, Record: id, What: what} }
	n := int32(len(r.Entries))
	switch {
	case r.count != n || r.told != n:
		return nil, bad(fmt.Sprintf("the record has %d entries, its count says %d, its place %d", n, r.told, r.count))
	case !r.at.Equal(r.At):
		return nil, bad("the time of recording is altered")
	}
	if c.leaves.Size() == c.batchEnd {
		if err := c.nextBatch(ctx, id); err != nil {
			return nil, err
		}
	}
	if r.First+int64(n) > c.batchEnd {
		return nil, bad("its hashes are in two batches")
	}
	var hasher tree.Leaves
	hasher.BeginRecord(r.Header)
	for _, line := range r.Entries {
		at := (c.leaves.Size() - c.batch.first) * tlog.HashSize
		nodes = c.leaves.Add(hasher.Hash(line), tlog.Hash(c.batch.hashes[at:at+tlog.HashSize]), id, nodes)
		if err := c.signatures(); err != nil {
			return nil, err
		}
	}
	c.report.Records++
	c.batch.seen.ids = append(c.batch.seen.ids, r.ID)
	c.batch.seen.note(r.At)
	if c.leaves.Size() == c.batchEnd {
		return nodes, c.endBatch()
	}
	return nodes, nil
}

func (c *check) nextBatch(ctx context.Context, record string) error {
	position := c.leaves.Size()
	b := batchRow{seen: work{latest: c.latest}}
	err := c.db.QueryRow(ctx, `SELECT first, count, oldest, latest, late, hashes FROM audit.batch WHERE first >= $1 ORDER BY first LIMIT 1`, position).
		Scan(&b.first, &b.count, &b.oldest, &b.latest, &b.late, &b.hashes)
	if errors.Is(err, pgx.ErrNoRows) || (err == nil && b.first != position) {
		return &tree.Fault{Position: position, Record: record, What: "the batch with its hash is missing or moved"}
	}
	if err != nil {
		return err
	}
	if int64(len(b.hashes)) != b.count*tlog.HashSize {
		return &tree.Fault{Position: position, Record: record, What: "the batch with its hash has another count of hashes"}
	}
	c.batch, c.batchEnd = b, b.first+b.count
	return nil
}

func (c *check) endBatch() error {
	b := &c.batch
	if !b.oldest.Equal(b.seen.oldest) || !b.latest.Equal(b.seen.latest) || b.late != b.seen.late {
		return &tree.Fault{Position: b.first, What: "the times of its batch are altered"}
	}
	c.latest = b.seen.latest
	return nil
}
