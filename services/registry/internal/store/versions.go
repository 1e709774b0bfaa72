package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Version is one version of a record, as its history keeps it.
type Version struct {
	// CRN of the customer, Version of the record.
	CRN     string
	Version int64
	// RecordedAt is when (business time); it never goes back along a record's versions.
	RecordedAt time.Time
	// Actor who made it, and why; the reason may be empty.
	Actor, Reason string
	// Changed are the parts that differ from the version before.
	Changed []string
	// Body is the complete record as it travels. Not read by Versions.
	Body []byte
}

// between stands between names of parts where a list of them is one text: the
// lists of a batch have different lengths, which arrays of arrays cannot have.
const between = ","

func queueVersions(b *pgx.Batch, versions []Version) {
	if len(versions) == 0 {
		return
	}
	n := len(versions)
	crns, numbers, times := make([]string, n), make([]int64, n), make([]time.Time, n)
	actors, reasons, changed, bodies := make([]string, n), make([]string, n), make([]string, n), make([][]byte, n)
	for i := range versions {
		v := &versions[i]
		crns[i], numbers[i], times[i] = v.CRN, v.Version, v.RecordedAt
		actors[i], reasons[i], changed[i], bodies[i] = v.Actor, v.Reason, strings.Join(v.Changed, between), v.Body
	}
	b.Queue(`INSERT INTO customer_version (crn, record_version, recorded_at, actor, reason, changed, body)
		SELECT crn, version, at, actor, reason, string_to_array(changed, '`+between+`'), body
		FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bytea[])
			AS v(crn, version, at, actor, reason, changed, body)`, crns, numbers, times, actors, reasons, changed, bodies)
}

// CurrentVersions returns the present version of each of the records there are.
func (s *Store) CurrentVersions(ctx context.Context, crns []string) (map[string]int64, error) {
	rows, _ := s.pool.Query(ctx, `SELECT crn, record_version FROM customer WHERE crn = ANY($1)`, crns)
	versions := make(map[string]int64, len(crns))
	var crn string
	var version int64
	_, err := pgx.ForEachRow(rows, []any{&crn, &version}, func() error {
		versions[crn] = version
		return nil
	})
	return versions, failed(err, "read the versions of records")
}

// VersionBefore returns the last version of a record that was recorded before a
// time, complete as it travels; false when there was none.
func (s *Store) VersionBefore(ctx context.Context, crn string, before time.Time) ([]byte, bool, error) {
	var body []byte
	err := s.pool.QueryRow(ctx, `SELECT body FROM customer_version WHERE crn = $1 AND recorded_at < $2 ORDER BY record_version DESC LIMIT 1`, crn, before).Scan(&body)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, nil
	}
	return body, err == nil, failed(err, "read a version of a record")
}

// Versions returns the versions of a record below a version (0 means all),
// newest first, at most limit, without their bodies.
func (s *Store) Versions(ctx context.Context, crn string, below int64, limit int) ([]Version, error) {
	rows, err := s.pool.Query(ctx, `SELECT crn, record_version, recorded_at, actor, reason, changed FROM customer_version
		WHERE crn = $1 AND ($2 = 0 OR record_version < $2) ORDER BY record_version DESC LIMIT $3`, crn, below, limit)
	if err != nil {
		return nil, failed(err, "list versions of a record")
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v Version, err error) {
		err = row.Scan(&v.CRN, &v.Version, &v.RecordedAt, &v.Actor, &v.Reason, &v.Changed)
		return v, err
	})
	return list, failed(err, "list versions of a record")
}
