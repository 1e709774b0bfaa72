package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

// What a follow-on is about.
const (
	// Refresh brings a record in line with what it repeats of others.
	Refresh = "refresh"
	// Spread refreshes all records that name a customer.
	Spread = "spread"
	// ForProvider refreshes all records whose expenses name a provider.
	ForProvider = "provider"
)

// FollowOn is what a change means for other records.
type FollowOn struct {
	// What it is about.
	What string
	// CRN of the record to refresh, or of the customer named by others.
	CRN string
	// Payload is the provider.
	Payload string
	// Later puts it off until a transaction that began before has ended.
	Later bool
}

// later is longer than a transaction lasts (a call has 10 seconds, a statement
// 30): what was being written unseen when a follow-on was first tried is there then.
const later = `interval '1 minute'`

func queueFollowOns(b *pgx.Batch, list []FollowOn) {
	if len(list) == 0 {
		return
	}
	n := len(list)
	whats, crns, payloads, put := make([]string, n), make([]string, n), make([]string, n), make([]bool, n)
	for i, f := range list {
		whats[i], crns[i], payloads[i], put[i] = f.What, f.CRN, f.Payload, f.Later
	}
	b.Queue(`INSERT INTO follow_on (what, crn, payload, again, due_at)
		SELECT what, crn, payload, later, CASE WHEN later THEN now() + `+later+` ELSE now() END
		FROM unnest($1::text[], $2::text[], $3::text[], $4::boolean[]) AS f(what, crn, payload, later)`, whats, crns, payloads, put)
}

// queueAwaited refreshes what was waiting for records that are new: those that
// name them, and themselves when they are nominees.
func queueAwaited(b *pgx.Batch, created []Write) {
	if len(created) == 0 {
		return
	}
	crns := make([]string, len(created))
	for i := range created {
		crns[i] = created[i].CRN
	}
	b.Queue(`INSERT INTO follow_on (what, crn)
		SELECT 'refresh', crn FROM customer WHERE partner_crn = ANY($1) AND crn <> ALL($1)
		UNION SELECT 'refresh', unnest(ARRAY[crn, nominee_crn]) FROM customer WHERE nominee_crn = ANY($1)`, crns)
}

// spreadBatch is how many records one statement has refreshed: each costs a small row.
const spreadBatch = 5000

// ExpandFollowOns turns what concerns many records into refreshes of each, one
// step in a transaction of its own; it reports whether there was anything to do.
func (s *Store) ExpandFollowOns(ctx context.Context) (bool, error) {
	var done bool
	err := s.InTx(ctx, func(tx pgx.Tx) error {
		b := new(pgx.Batch)
		// Each step takes what comes after the last record reached, and remembers
		// in the row how far it came; a row whose step was not full is done with.
		step := func(what, names, column string) {
			b.Queue(`WITH task AS (SELECT id, crn, payload FROM follow_on WHERE what = '`+what+`' AND due_at <= now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED),
				hit AS (SELECT n.crn FROM task, LATERAL (`+names+`) n),
				new AS (INSERT INTO follow_on (what, crn) SELECT 'refresh', crn FROM hit),
				moved AS (UPDATE follow_on f SET `+column+` = (SELECT max(crn) FROM hit) FROM task
					WHERE f.id = task.id AND (SELECT count(*) FROM hit) = $1),
				gone AS (DELETE FROM follow_on f USING task WHERE f.id = task.id AND (SELECT count(*) FROM hit) < $1)
				SELECT count(*) > 0 FROM task`, spreadBatch).QueryRow(func(r pgx.Row) error {
				var found bool
				err := r.Scan(&found)
				done = done || found
				return err
			})
		}
		done = false
		step(Spread, `SELECT crn FROM (
			(SELECT crn FROM customer WHERE partner_crn = task.crn AND crn > task.payload ORDER BY crn LIMIT $1)
			UNION (SELECT crn FROM customer WHERE nominee_crn = task.crn AND crn > task.payload ORDER BY crn LIMIT $1)) u ORDER BY crn LIMIT $1`, "payload")
		step(ForProvider, `SELECT crn FROM customer_provider WHERE provider_id = task.payload AND crn > task.crn ORDER BY crn LIMIT $1`, "crn")
		return runBatch(ctx, tx, b, "expand follow-ons")
	})
	return done, err
}

// TakeRefreshes takes the records that are due to be refreshed, at most limit,
// in order and each once. Taken rows are gone when tx commits. again is true
// for those that were put off before.
func (s *Store) TakeRefreshes(ctx context.Context, tx pgx.Tx, limit int) (crns []string, again map[string]bool, err error) {
	rows, err := tx.Query(ctx, `WITH due AS (SELECT id FROM follow_on WHERE what = 'refresh' AND due_at <= now() ORDER BY due_at, id LIMIT $1 FOR UPDATE SKIP LOCKED),
		gone AS (DELETE FROM follow_on f USING due WHERE f.id = due.id RETURNING f.crn, f.again)
		SELECT crn, bool_and(again) FROM gone GROUP BY crn ORDER BY crn`, limit)
	if err != nil {
		return nil, nil, failed(err, "take follow-ons")
	}
	again = make(map[string]bool)
	var crn string
	var before bool
	_, err = pgx.ForEachRow(rows, []any{&crn, &before}, func() error {
		crns = append(crns, crn)
		again[crn] = before
		return nil
	})
	return crns, again, failed(err, "take follow-ons")
}
