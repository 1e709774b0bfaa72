package audittest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/mod/sumdb/note"

	"github.com/noticehub/noticehub/pkg/audit/ledger"
	"github.com/noticehub/noticehub/pkg/audit/tree"
)

// column of a table of the log, with the SQL of its value with one bit changed.
type column struct{ table, name, flipped string }

// Expressions for one changed bit; %[1]s is the column, %[2]d a random number.
const (
	bits    = "set_bit(%[1]s, mod(%[2]d, octet_length(%[1]s) * 8), 1 - get_bit(%[1]s, mod(%[2]d, octet_length(%[1]s) * 8)))"
	letters = "convert_from(set_bit(convert_to(%[1]s, 'UTF8'), mod(%[2]d, octet_length(%[1]s) * 8), 1 - get_bit(convert_to(%[1]s, 'UTF8'), mod(%[2]d, octet_length(%[1]s) * 8))), 'UTF8')"
	uuid    = "encode(set_bit(uuid_send(%[1]s), mod(%[2]d, 128), 1 - get_bit(uuid_send(%[1]s), mod(%[2]d, 128))), 'hex')::uuid"
	wide    = "%[1]s # (1::bigint << mod(%[2]d, 63))"
	narrow  = "%[1]s # (1 << mod(%[2]d, 31))"
	tiny    = "(%[1]s # (1 << mod(%[2]d, 14)))::smallint"
	moment  = "%[1]s + interval '1 microsecond' * (1::bigint << mod(%[2]d, 45))"
	either  = "NOT %[1]s"
)

var columns = []column{
	{"record", "id", uuid},
	{"record", "recorded_at", moment},
	{"record", "service", letters},
	{"record", "actor", letters},
	{"record", "method", letters},
	{"record", "session", letters},
	{"record", "trace", letters},
	{"record", "count", narrow},
	{"record", "entries", bits},
	{"record", "entries", bits},
	{"record", "entries", bits},
	{"record", "entries", bits},
	{"place", "first", wide},
	{"place", "record_id", uuid},
	{"place", "count", narrow},
	{"place", "recorded_at", moment},
	{"batch", "first", wide},
	{"batch", "oldest", moment},
	{"batch", "latest", moment},
	{"batch", "late", either},
	{"batch", "hashes", bits},
	{"node", "step", tiny},
	{"node", "position", wide},
	{"node", "hash", bits},
	{"checkpoint", "size", wide},
	{"checkpoint", "note", letters},
	{"term", "hash", wide},
	{"term", "first", wide},
}

// Database alters the log n times, each time in a transaction with the triggers
// off that is rolled back, and counts how often the check finds it. Everything in
// the log must have been signed before, and nobody may write meanwhile.
func Database(ctx context.Context, superuser *pgx.Conn, verifier note.Verifier, random *rand.Rand, kind Kind, n int) (Result, error) {
	var result Result
	for result.Tried < n {
		tx, err := superuser.Begin(ctx)
		if err != nil {
			return result, err
		}
		what, err := MutateDatabase(ctx, tx, random, kind)
		if err == nil && what != "" {
			var found bool
			found, err = finds(ctx, tx, verifier)
			result.count(found, what)
		}
		if err := errors.Join(err, tx.Rollback(ctx)); err != nil {
			return result, fmt.Errorf("%s: %w", what, err)
		}
	}
	return result, nil
}

func finds(ctx context.Context, tx pgx.Tx, verifier note.Verifier) (bool, error) {
	report, err := ledger.Check(ctx, tx, verifier)
	var fault *tree.Fault
	if errors.As(err, &fault) {
		return true, nil
	}
	return report.Signed < report.Entries, err
}

// MutateDatabase alters one row of the log and says how; "" when chance chose
// something that PostgreSQL does not take, such as text that is no text.
func MutateDatabase(ctx context.Context, tx pgx.Tx, random *rand.Rand, kind Kind) (string, error) {
	if _, err := tx.Exec(ctx, `SET LOCAL session_replication_role = replica`); err != nil {
		return "", err
	}
	c := columns[random.IntN(len(columns))]
	if kind == Reorder {
		c = []column{{"record", "entries", ""}, {"place", "record_id", ""}, {"node", "hash", ""}, {"checkpoint", "note", ""}}[random.IntN(4)]
	}
	var rows int
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM audit.`+c.table).Scan(&rows); err != nil || rows < 2 {
		return "", err
	}
	row := func(n int) string {
		return fmt.Sprintf(`(SELECT ctid FROM audit.%s ORDER BY ctid OFFSET %d LIMIT 1)`, c.table, n)
	}
	i := random.IntN(rows)
	what := fmt.Sprintf("%s of row %d of %s.%s", kind, i, c.table, c.name)
	var text string
	switch kind {
	case Flip:
		text = fmt.Sprintf(`UPDATE audit.%s SET %s = %s WHERE ctid = %s AND coalesce(length(%[2]s::text), 0) > 0`,
			c.table, c.name, fmt.Sprintf(c.flipped+" ", c.name, random.IntN(1<<30)), row(i))
	case Delete:
		text = fmt.Sprintf(`DELETE FROM audit.%s WHERE ctid = %s`, c.table, row(i))
	default:
		j := random.IntN(rows)
		if i == j {
			return "", nil
		}
		what = fmt.Sprintf("rows %d and %d of %s.%s swapped", i, j, c.table, c.name)
		return what, swap(ctx, tx, c, row(i), row(j))
	}
	return attempt(ctx, tx, what, text)
}

// attempt runs a statement; one that PostgreSQL refuses for its data is no
// alteration.
func attempt(ctx context.Context, tx pgx.Tx, what, text string) (string, error) {
	tag, err := tx.Exec(ctx, text)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && (pg.Code[:2] == "22" || pg.Code[:2] == "23") {
		return "", nil
	}
	if err != nil || tag.RowsAffected() == 0 {
		return "", err
	}
	return what, nil
}

// swap exchanges a column's values of two rows.
func swap(ctx context.Context, tx pgx.Tx, c column, a, b string) error {
	_, err := tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE audit.place DROP CONSTRAINT place_record_id_key; -- or no moment could have both
		UPDATE audit.%[1]s t SET %[2]s = o.%[2]s FROM audit.%[1]s o WHERE (t.ctid = %[3]s AND o.ctid = %[4]s) OR (t.ctid = %[4]s AND o.ctid = %[3]s)`, c.table, c.name, a, b))
	return err
}
