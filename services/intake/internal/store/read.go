package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
)

// View is a submission with where it stands.
type View struct {
	lodging.Submission
	// Latest status; nil while PENDING.
	Latest *Status
}

const latestStatus = "(SELECT * FROM status WHERE submission_id = s.id AND authority_id = s.authority_id ORDER BY version DESC LIMIT 1)"

const selectView = "SELECT " + submissionColumns + ", " + statusValues + " FROM submission s LEFT JOIN LATERAL " + latestStatus + " t ON true "

// Get returns one of the authority's submissions by its id, or nil.
func (s *Store) Get(ctx context.Context, authority string, id clock.ID) (*View, error) {
	return s.view(ctx, selectView+"WHERE s.authority_id = $1 AND s.id = $2", authority, [16]byte(id))
}

// GetByReference returns one of the authority's submissions by its reference, or nil.
func (s *Store) GetByReference(ctx context.Context, authority, reference string) (*View, error) {
	return s.view(ctx, selectView+"WHERE s.authority_id = $1 AND s.reference = $2", authority, reference)
}

func (s *Store) view(ctx context.Context, sql string, arguments ...any) (*View, error) {
	views, err := s.views(ctx, sql, arguments...)
	if err != nil || len(views) == 0 {
		return nil, err
	}
	return &views[0], nil
}

func (s *Store) views(ctx context.Context, sql string, arguments ...any) ([]View, error) {
	rows, err := s.pool.Query(ctx, sql, arguments...)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	var views []View
	var lodged submissionRow
	var stands statusRow
	var unsealed []place
	if _, err = pgx.ForEachRow(rows, append(lodged.targets(), stands.targets()...), func() error {
		submission, err := lodged.submission()
		views = append(views, View{submission, stands.value(submission.SubmissionID, submission.AuthorityID)})
		unsealed = append(unsealed, lodged.place(nil))
		return err
	}); err != nil {
		return nil, postgres.Classify(err)
	}
	for i := range views { // they do not move any more
		unsealed[i].receipt = &views[i].Receipt
	}
	return views, s.complete(ctx, unsealed)
}

// Latest returns where a submission stands; nil while PENDING or absent.
func (s *Store) Latest(ctx context.Context, authority string, id clock.ID) (*Status, error) {
	return s.statusOf(ctx, "SELECT "+statusValues+` FROM status t WHERE t.submission_id = $2 AND t.authority_id = $1
ORDER BY t.version DESC LIMIT 1`, authority, id)
}

func (s *Store) statusOf(ctx context.Context, sql, authority string, id clock.ID) (*Status, error) {
	var r statusRow
	err := s.pool.QueryRow(ctx, sql, authority, [16]byte(id)).Scan(r.targets()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, postgres.Classify(err)
	}
	return r.value(id, authority), nil
}

// History returns every status of a submission after PENDING, oldest first.
func (s *Store) History(ctx context.Context, authority string, id clock.ID) ([]Status, error) {
	rows, err := s.pool.Query(ctx, "SELECT "+statusValues+` FROM status t WHERE t.submission_id = $2 AND t.authority_id = $1
ORDER BY t.version`, authority, [16]byte(id))
	if err != nil {
		return nil, postgres.Classify(err)
	}
	var history []Status
	var r statusRow
	_, err = pgx.ForEachRow(rows, r.targets(), func() error {
		history = append(history, *r.value(id, authority))
		return nil
	})
	return history, postgres.Classify(err)
}
