package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

// Person is somebody who signed in.
type Person struct {
	ID string
	// Roles at the last sign-in or renewal.
	Roles    []string
	SignedIn time.Time
	// Present says that a session of the person lives.
	Present bool
}

const (
	// peopleKept is how long after the last sign-in a person is remembered.
	peopleKept = 90 * 24 * time.Hour
	// mostPeople bounds a list of people.
	mostPeople = 500
)

// People returns who signed in lately and has any of the roles, by name;
// everybody when there are no roles.
func (s *Store) People(ctx context.Context, roles []string, l session.Lifetimes, now time.Time) ([]Person, error) {
	rows, err := s.pool.Query(ctx, `SELECT p.person, p.roles, p.signed_in_at,
			EXISTS (SELECT FROM session s WHERE s.person = p.person AND s.started_at > $3 AND s.used_at > $4)
		FROM person p WHERE p.signed_in_at > $2 AND (cardinality($1::text[]) = 0 OR p.roles && $1) ORDER BY p.person LIMIT $5`,
		append([]string{}, roles...), now.Add(-peopleKept), now.Add(-l.Absolute), now.Add(-l.Idle), mostPeople)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	people, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Person, err error) {
		err = row.Scan(&p.ID, &p.Roles, &p.SignedIn, &p.Present)
		return p, err
	})
	return people, postgres.Classify(err)
}

// signedIn remembers a person who signs in.
func signedIn(ctx context.Context, tx pgx.Tx, x session.Session) error {
	_, err := tx.Exec(ctx, `INSERT INTO person (person, roles, signed_in_at) VALUES ($1, $2, $3)
		ON CONFLICT (person) DO UPDATE SET roles = excluded.roles, signed_in_at = greatest(person.signed_in_at, excluded.signed_in_at)`, x.Person, x.Roles, x.Started)
	return err
}

// haveRoles remembers the roles a person has now.
func haveRoles(ctx context.Context, tx pgx.Tx, person string, roles []string) error {
	_, err := tx.Exec(ctx, "UPDATE person SET roles = $2 WHERE person = $1 AND roles <> $2", person, roles)
	return err
}
