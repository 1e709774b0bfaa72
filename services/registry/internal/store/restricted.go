package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
)

// RestrictedAmong returns those of the CRNs whose records are restricted.
func (s *Store) RestrictedAmong(ctx context.Context, crns []string) ([]string, error) {
	rows, err := s.pool.Query(ctx, `SELECT crn FROM customer WHERE crn = ANY($1) AND restricted`, crns)
	if err != nil {
		return nil, failed(err, "look for restricted records")
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return found, failed(err, "look for restricted records")
}

// Refused is the audit entry of a record that was refused among others that were
// taken: the call as a whole is none that was refused.
func (s *Store) Refused(crn, reason string) audit.Entry {
	return audit.Entry{Action: "customer.changed", Object: s.audit.Customer(crn), Result: audit.Refused, Reason: reason}
}
