package ledger

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit/tree"
	"github.com/noticehub/noticehub/pkg/clock"
)

// statement is a signed checkpoint as it is stored.
type statement struct {
	size int64
	note string
}

// statements reads the checkpoints of from+1…to entries.
func (c *check) statements(ctx context.Context, from, to int64) error {
	rows, err := c.db.Query(ctx, `SELECT size, note FROM audit.checkpoint WHERE size > $1 AND size <= $2 ORDER BY size`, from, to)
	if err != nil {
		return err
	}
	c.signed = c.signed[:0]
	var s statement
	_, err = pgx.ForEachRow(rows, []any{&s.size, &s.note}, func() error {
		c.signed = append(c.signed, s)
		return nil
	})
	return err
}

// signatures takes the checkpoints of the size reached, stored ones and kept ones.
func (c *check) signatures() error {
	if len(c.signed) > 0 && c.signed[0].size == c.leaves.Size() {
		if _, err := c.leaves.Checkpoint(c.signed[0].note); err != nil {
			return err
		}
		c.signed = c.signed[1:]
		c.report.Checkpoints++
	}
	for _, kept := range c.kept {
		if err := c.leaves.Anchor(kept); err != nil {
			return err
		}
	}
	return nil
}

// nodes compares stored hashes above the leaves with computed ones.
func (c *check) nodes(ctx context.Context, nodes []tree.Node) error {
	slices.SortFunc(nodes, func(a, b tree.Node) int {
		return cmp.Or(cmp.Compare(a.Step, b.Step), cmp.Compare(a.Position, b.Position))
	})
	for len(nodes) > 0 {
		n := 1
		for n < len(nodes) && nodes[n].Step == nodes[0].Step {
			n++
		}
		c.nodeCount += int64(n)
		stored := make(map[int64]string, n)
		rows, err := c.db.Query(ctx, `SELECT position, hash FROM audit.node WHERE step = $1 AND position BETWEEN $2 AND $3`, nodes[0].Step, nodes[0].Position, nodes[n-1].Position)
		if err != nil {
			return err
		}
		var position int64
		var hash []byte
		if _, err := pgx.ForEachRow(rows, []any{&position, &hash}, func() error {
			stored[position] = string(hash)
			return nil
		}); err != nil {
			return err
		}
		for _, node := range nodes[:n] {
			if stored[node.Position] != string(node.Hash[:]) {
				span := int64(1) << (tree.Height * node.Step)
				return &tree.Fault{Position: node.Position * span, What: fmt.Sprintf("the stored hash of the %d entries from here is altered or missing", span)}
			}
		}
		nodes = nodes[n:]
	}
	return nil
}

// terms compares the index with what the entries say.
func (c *check) terms(ctx context.Context, from int64, records []placed) error {
	type row struct {
		first int64
		term  Term
	}
	var expected []row
	var found []Term
	for _, r := range records {
		found = terms(found, r.Actor, r.Method, r.Entries)
		for _, t := range found {
			expected = append(expected, row{r.First, t})
		}
	}
	c.termCount += int64(len(expected))
	rows, err := c.db.Query(ctx, `SELECT first, hash FROM audit.term WHERE first >= $1 AND first < $2 ORDER BY first, hash`, from, c.leaves.Size())
	if err != nil {
		return err
	}
	stored, err := pgx.CollectRows(rows, func(r pgx.CollectableRow) (v row, err error) {
		err = r.Scan(&v.first, &v.term)
		return v, err
	})
	if err != nil {
		return err
	}
	for i, e := range expected {
		if i < len(stored) && stored[i] == e {
			continue
		}
		at := e.first
		if i < len(stored) {
			at = min(at, stored[i].first)
		}
		return &tree.Fault{Position: at, What: "the index by which it is found is altered"}
	}
	if len(stored) > len(expected) {
		return &tree.Fault{Position: stored[len(expected)].first, What: "the index by which it is found is altered"}
	}
	return nil
}

// rest looks for what belongs to no entry of the log.
func (c *check) rest(ctx context.Context) error {
	end := c.leaves.Size()
	for _, k := range c.kept {
		if k.Size > end {
			return &tree.Fault{Position: end, What: fmt.Sprintf("the end of the log is missing: a checkpoint of %d entries was kept", k.Size)}
		}
	}
	var beyond, nodeCount, termCount int64
	if err := c.db.QueryRow(ctx, `SELECT (SELECT count(*) FROM audit.checkpoint WHERE size > $1 OR size <= 0) + (SELECT count(*) FROM audit.batch WHERE first >= $1 OR first < 0) + (SELECT count(*) FROM audit.place WHERE first < 0),
		(SELECT count(*) FROM audit.node), (SELECT count(*) FROM audit.term), (SELECT count(*) FROM audit.waiting)`, end).
		Scan(&beyond, &nodeCount, &termCount, &c.report.Waiting); err != nil {
		return err
	}
	switch {
	case beyond > 0 || c.batchEnd > end:
		return &tree.Fault{Position: end, What: "the end of the log is missing: hashes or checkpoints go on after it"}
	case nodeCount != c.nodeCount:
		return &tree.Fault{Position: end, What: "there are hashes that belong to no entry"}
	case termCount != c.termCount:
		return &tree.Fault{Position: end, What: "the index holds rows that belong to no entry"}
	}
	return c.placeless(ctx, end)
}

func (c *check) placeless(ctx context.Context, end int64) error {
	for _, q := range []struct{ what, query string }{
		{"the record has no place in the log and waits for none", `SELECT id FROM audit.record r
			WHERE NOT EXISTS (SELECT FROM audit.place p WHERE p.record_id = r.id) AND NOT EXISTS (SELECT FROM audit.waiting w WHERE w.record_id = r.id) ORDER BY id LIMIT 1`},
		{"the record waits for a place but is missing", `SELECT record_id FROM audit.waiting w
			WHERE NOT EXISTS (SELECT FROM audit.record r WHERE r.id = w.record_id) ORDER BY record_id LIMIT 1`},
		{"the record waits for a place but has one", `SELECT record_id FROM audit.waiting w
			WHERE EXISTS (SELECT FROM audit.place p WHERE p.record_id = w.record_id) ORDER BY record_id LIMIT 1`},
	} {
		rows, err := c.db.Query(ctx, q.query)
		if err != nil {
			return err
		}
		ids, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			return &tree.Fault{Position: end, Record: clock.ID(ids[0]).String(), What: q.what}
		}
	}
	return nil
}
