package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
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
	return view(ctx, s.of(authority), selectView+"WHERE s.authority_id = $1 AND s.id = $2", authority, [16]byte(id))
}

// GetByReference returns one of the authority's submissions by its reference, or nil.
func (s *Store) GetByReference(ctx context.Context, authority, reference string) (*View, error) {
	return view(ctx, s.of(authority), selectView+"WHERE s.authority_id = $1 AND s.reference = $2", authority, reference)
}

// Lodged reports whether the authority lodged something under the reference.
func (s *Store) Lodged(ctx context.Context, k Key) (lodged bool, err error) {
	err = s.of(k.AuthorityID)(ctx, "SELECT EXISTS (SELECT FROM submission WHERE authority_id = $1 AND reference = $2)",
		[]any{k.AuthorityID, k.Reference}, func(rows pgx.Rows) (err error) {
			lodged, err = pgx.CollectExactlyOneRow(rows, pgx.RowTo[bool])
			return err
		})
	return lodged, err
}

func view(ctx context.Context, ask asking, sql string, arguments ...any) (*View, error) {
	found, err := views(ctx, ask, sql, arguments...)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

func views(ctx context.Context, ask asking, sql string, arguments ...any) ([]View, error) {
	var found []View
	var lodged submissionRow
	var stands statusRow
	var unsealed []place
	if err := ask(ctx, sql, arguments, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, append(lodged.targets(), stands.targets()...), func() error {
			submission, err := lodged.submission()
			found = append(found, View{submission, stands.value(submission.SubmissionID, submission.AuthorityID)})
			unsealed = append(unsealed, lodged.place(nil))
			return err
		})
		return err
	}); err != nil {
		return nil, err
	}
	for i := range found { // they do not move any more
		unsealed[i].receipt = &found[i].Receipt
	}
	return found, complete(ctx, ask, unsealed)
}

// Latest returns where a submission stands; nil while PENDING or absent.
func (s *Store) Latest(ctx context.Context, authority string, id clock.ID) (*Status, error) {
	found, err := s.statuses(ctx, authority, id, " DESC LIMIT 1")
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// History returns every status of a submission after PENDING, oldest first.
func (s *Store) History(ctx context.Context, authority string, id clock.ID) ([]Status, error) {
	return s.statuses(ctx, authority, id, "")
}

func (s *Store) statuses(ctx context.Context, authority string, id clock.ID, tail string) (found []Status, err error) {
	var r statusRow
	err = s.of(authority)(ctx, "SELECT "+statusValues+` FROM status t WHERE t.submission_id = $2 AND t.authority_id = $1
ORDER BY t.version`+tail, []any{authority, [16]byte(id)}, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, r.targets(), func() error {
			found = append(found, *r.value(id, authority))
			return nil
		})
		return err
	})
	return found, err
}
