package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/audit/ledger"
	"github.com/noticehub/noticehub/pkg/postgres"
)

const (
	// maxCandidates bounds the records one page looks at, so that a search for
	// something rare among the frequent answers soon, and goes on with the next page.
	maxCandidates = 5000
	// readRecords are read at a time.
	readRecords = 64
	// maxBytes of entries bound a page's reading, too.
	maxBytes = 64 << 20
	// slack is the lateness up to which a batch counts as in order (ledger).
	slack = time.Minute
)

// Filter of a search; zero fields let everything through.
type Filter struct {
	Actor, Action, Method string
	// Object of the entry, or the customer it names.
	Object   string
	Result   audit.Result
	From, To time.Time
	// Before is a position: only entries before it.
	Before int64
	// Limit is the most entries.
	Limit int
}

// End is after every position.
const End = math.MaxInt64

// Search gives the newest entries that the filter lets through, and the position
// before which the search goes on; 0 when it is through.
func (s *Store) Search(ctx context.Context, f Filter) (list []Entry, next int64, err error) {
	low, high, err := s.bounds(ctx, f)
	if err != nil || low >= high {
		return nil, 0, postgres.Classify(err)
	}
	candidates, err := s.candidates(ctx, f, low, high)
	if err != nil {
		return nil, 0, postgres.Classify(err)
	}
	if len(candidates) == maxCandidates {
		next = candidates[len(candidates)-1].first
	}
	var matching []int64
	for _, c := range candidates {
		if c.matches {
			matching = append(matching, c.first)
		}
	}
	for size := 0; len(matching) > 0; {
		n := min(readRecords, len(matching))
		records, err := s.read(ctx, matching[:n])
		if err != nil {
			return nil, 0, postgres.Classify(err)
		}
		for _, r := range records {
			for i := len(r.Entries) - 1; i >= 0; i-- {
				size += len(r.Entries[i])
				e, ok := f.match(r, i)
				if !ok {
					continue
				}
				if list = append(list, e); len(list) == f.Limit {
					return list, e.Position, nil
				}
			}
		}
		if size > maxBytes && n < len(matching) {
			return list, matching[n-1], nil
		}
		matching = matching[n:]
	}
	return list, next, nil
}

func (f Filter) match(r ledger.Record, i int) (Entry, bool) {
	position := r.First + int64(i)
	if position >= f.Before || (f.Object != "" && !bytes.Contains(r.Entries[i], []byte(f.Object))) {
		return Entry{}, false
	}
	if (!f.From.IsZero() && r.At.Before(f.From)) || (!f.To.IsZero() && !r.At.Before(f.To)) {
		return Entry{}, false
	}
	e := entry(r, i)
	ok := (f.Actor == "" || e.Header.Actor == f.Actor) && (f.Action == "" || e.Action == f.Action) &&
		(f.Method == "" || e.Method == f.Method) && (f.Result == "" || e.Result == f.Result) &&
		(f.Object == "" || e.Object == f.Object || e.Detail["customer"] == f.Object)
	return e, ok
}

// bounds are the positions between which all entries of the times asked for are.
func (s *Store) bounds(ctx context.Context, f Filter) (low, high int64, err error) {
	high = f.Before
	if !f.From.IsZero() {
		// All before the first batch that reaches the time are older.
		err := s.pool.QueryRow(ctx, `SELECT first FROM audit.batch WHERE latest >= $1 ORDER BY latest, first LIMIT 1`, f.From).Scan(&low)
		if errors.Is(err, pgx.ErrNoRows) {
			return 0, 0, nil
		}
		if err != nil {
			return 0, 0, err
		}
	}
	if f.To.IsZero() {
		return low, high, nil
	}
	// Batches after the first that is past the time by more than the slack hold
	// nothing older, unless they are late ones.
	var past, late int64
	err = s.pool.QueryRow(ctx, `SELECT first + count FROM audit.batch WHERE latest > $1 ORDER BY latest, first LIMIT 1`, f.To.Add(slack)).Scan(&past)
	if errors.Is(err, pgx.ErrNoRows) {
		return low, high, nil
	}
	if err != nil {
		return 0, 0, err
	}
	if err := s.pool.QueryRow(ctx, `SELECT coalesce(max(first + count), 0) FROM audit.batch WHERE late AND oldest < $1`, f.To).Scan(&late); err != nil {
		return 0, 0, err
	}
	return low, min(high, max(past, late)), nil
}

type candidate struct {
	first   int64
	matches bool
}

// candidates are the newest records with the rarest of the filter's terms, each
// with whether it has the others too.
func (s *Store) candidates(ctx context.Context, f Filter, low, high int64) ([]candidate, error) {
	var terms []ledger.Term
	if f.Object != "" {
		terms = append(terms, ledger.ObjectTerm(f.Object))
	}
	if f.Result == audit.Refused {
		terms = append(terms, ledger.RefusedTerm())
	}
	if f.Actor != "" {
		terms = append(terms, ledger.ActorTerm(f.Actor))
	}
	if f.Method != "" {
		terms = append(terms, ledger.MethodTerm(f.Method))
	}
	if f.Action != "" {
		terms = append(terms, ledger.ActionTerm(f.Action))
	}
	arguments := []any{low, high, maxCandidates}
	var query strings.Builder
	if len(terms) == 0 {
		query.WriteString(`SELECT first, true FROM audit.place WHERE first >= $1 AND first < $2 ORDER BY first DESC LIMIT $3`)
	} else {
		query.WriteString(`SELECT first, true`)
		for i, t := range terms {
			arguments = append(arguments, int64(t))
			if i > 0 {
				// Not EXISTS: the planner may read all there is of a frequent term for it.
				fmt.Fprintf(&query, ` AND (SELECT true FROM audit.term o WHERE o.hash = $%d AND o.first = t.first LIMIT 1) IS NOT NULL`, len(arguments))
			}
		}
		query.WriteString(` FROM (SELECT first FROM audit.term WHERE hash = $4 AND first >= $1 AND first < $2 ORDER BY first DESC LIMIT $3) t ORDER BY first DESC`)
	}
	rows, err := s.pool.Query(ctx, query.String(), arguments...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(r pgx.CollectableRow) (c candidate, err error) {
		err = r.Scan(&c.first, &c.matches)
		return c, err
	})
}

// read gives the records that begin at the positions, newest first.
func (s *Store) read(ctx context.Context, firsts []int64) ([]ledger.Record, error) {
	records := make([]ledger.Record, 0, len(firsts))
	err := ledger.ReadEach(ctx, s.pool, firsts, func(r ledger.Record) error {
		records = append(records, r)
		return nil
	})
	return records, err
}
