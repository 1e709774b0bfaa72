package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Document is a DOC on a customer's record.
type Document struct {
	// ID is derived from what the document is about.
	ID clock.ID
	// CRN of the customer.
	CRN string
	// Title and Text.
	Title, Text string
	// Submission it is about; zero when none.
	Submission clock.ID
	// Officer who caused it; empty when automatic.
	Officer string
	// CreatedAt is when it was placed (business time).
	CreatedAt time.Time
}

// queueDocuments places documents; those that were not there before are noted in
// the map returned.
func queueDocuments(b *pgx.Batch, documents []Document) (placed map[clock.ID]bool) {
	if len(documents) == 0 {
		return nil
	}
	placed = make(map[clock.ID]bool)
	var ids, submissions []clock.ID
	var crns, titles, texts, officers []string
	var times []time.Time
	for _, d := range documents {
		ids, submissions = append(ids, d.ID), append(submissions, d.Submission)
		crns, titles, texts = append(crns, d.CRN), append(titles, d.Title), append(texts, d.Text)
		officers, times = append(officers, d.Officer), append(times, d.CreatedAt)
	}
	b.Queue(`INSERT INTO document (document_id, crn, title, body, submission_id, officer_id, created_at)
		SELECT id, crn, title, body, nullif(submission, '00000000-0000-0000-0000-000000000000'), officer, at
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::timestamptz[])
			AS d(id, crn, title, body, submission, officer, at) ORDER BY id
		ON CONFLICT (document_id) DO NOTHING RETURNING document_id`, ids, crns, titles, texts, submissions, officers, times).Query(func(rows pgx.Rows) error {
		var id clock.ID
		_, err := pgx.ForEachRow(rows, []any{&id}, func() error { placed[id] = true; return nil })
		return err
	})
	return placed
}

const documentColumns = `document_id, crn, title, body, coalesce(submission_id, '00000000-0000-0000-0000-000000000000'), officer_id, created_at`

func scanDocument(row pgx.CollectableRow) (d Document, err error) {
	err = row.Scan(&d.ID, &d.CRN, &d.Title, &d.Text, &d.Submission, &d.Officer, &d.CreatedAt)
	return d, err
}

// PlaceDocument places a document unless there is one with its id, and returns
// the one that is there.
func (s *Store) PlaceDocument(ctx context.Context, d Document) (kept Document, err error) {
	err = s.InTx(ctx, func(tx pgx.Tx) error {
		b := new(pgx.Batch)
		placed := queueDocuments(b, []Document{d})
		b.Queue(`SELECT `+documentColumns+` FROM document WHERE document_id = $1`, d.ID).Query(func(rows pgx.Rows) error {
			var err error
			kept, err = pgx.CollectExactlyOneRow(rows, scanDocument)
			return err
		})
		if err := runBatch(ctx, tx, b, "place a document"); err != nil {
			return err
		}
		return s.Tell(ctx, tx, s.ofDocuments(ctx, []Document{d}, placed)...)
	})
	return kept, err
}

// Position is where a page of documents ends: the next one continues after it.
type Position struct {
	// CreatedAt and ID of the last document of the page.
	CreatedAt time.Time
	ID        clock.ID
}

// Documents returns a customer's documents, newest first, at most limit, from
// after the position when there is one.
func (s *Store) Documents(ctx context.Context, crn string, after *Position, limit int) ([]Document, error) {
	var at *time.Time
	var id *clock.ID
	if after != nil {
		at, id = &after.CreatedAt, &after.ID
	}
	rows, err := s.pool.Query(ctx, `SELECT `+documentColumns+` FROM document WHERE crn = $1 AND ($2::timestamptz IS NULL OR (created_at, document_id) < ($2, $3::uuid))
		ORDER BY created_at DESC, document_id DESC LIMIT $4`, crn, at, id, limit)
	if err != nil {
		return nil, failed(err, "list documents")
	}
	documents, err := pgx.CollectRows(rows, scanDocument)
	return documents, failed(err, "list documents")
}
