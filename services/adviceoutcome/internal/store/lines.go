package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// Lines reads the lines of a closed report from the ledger in their order:
// report date, time recorded, submission id. It streams: neither side keeps or
// sorts the lines. The line given to f is reused for the next.
func (s *Store) Lines(ctx context.Context, h report.Head, f func(*report.Line) error) error {
	err := pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		// Whatever the statistics say, the order comes from the index: a sort would
		// read everything before the first line and spill to disk.
		if _, err := tx.Exec(ctx, longStatement+"; SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"); err != nil {
			return err
		}
		return lines(ctx, tx, h, f)
	})
	if err != nil {
		return fmt.Errorf("read lines of report %s: %w", h.ReportID, postgres.Classify(err))
	}
	return nil
}

// LinesQuery selects a report's lines; the benchmark copies the same rows.
const LinesQuery = `SELECT submission_id, reference, information_type, crn, outcome, lodged_at, decided_at, start_date, end_date, by_officer, note
	FROM outcome WHERE authority_id = $1 AND report_date > $2 AND report_date <= $3
	ORDER BY report_date, recorded_at, submission_id`

func lines(ctx context.Context, tx pgx.Tx, h report.Head, f func(*report.Line) error) error {
	after := calendar.DateOf(1900, 1, 1)
	if h.Previous != nil {
		after = *h.Previous
	}
	rows, err := tx.Query(ctx, LinesQuery, pgx.QueryResultFormats{pgx.BinaryFormatCode}, h.AuthorityID, after, h.Date)
	if err != nil {
		return err
	}
	defer rows.Close()
	var line report.Line
	var start, end calendar.Date
	for rows.Next() {
		// Decoded here: eleven Scan plans a row cost more than the rendering does.
		v := rows.RawValues()
		copy(line.SubmissionID[:], v[0])
		line.Reference = v[1]
		line.InformationType = term.InformationType(binary.BigEndian.Uint16(v[2]))
		line.CRN = v[3]
		line.Outcome = term.Outcome(binary.BigEndian.Uint16(v[4]))
		line.LodgedAt = timestamp(v[5])
		line.DecidedAt = timestamp(v[6])
		line.StartDate = date(v[7], &start)
		line.EndDate = date(v[8], &end)
		line.ByOfficer = v[9][0] != 0
		line.Note = v[10]
		if err := f(&line); err != nil {
			return err
		}
	}
	return rows.Err()
}

// epoch is where PostgreSQL's binary timestamps and dates begin.
var (
	epoch     = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	epochDate = calendar.DateOf(2000, 1, 1)
)

func timestamp(b []byte) time.Time {
	return time.UnixMicro(epoch.UnixMicro() + int64(binary.BigEndian.Uint64(b)))
}

func date(b []byte, into *calendar.Date) *calendar.Date {
	if b == nil {
		return nil
	}
	*into = epochDate.Add(int(int32(binary.BigEndian.Uint32(b))))
	return into
}
