package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
)

// insertSubmissions is a plain insert: an ON CONFLICT clause costs every row for
// the few that repeat. Dates travel as days since 1970, the empty CRN and lane 0
// as themselves, because plain arrays encode several times faster.
const insertSubmissions = `
INSERT INTO submission (id, authority_id, reference, crn, lane, information_type, business_function, jurisdiction,
                        earliest_report_date, lodged_at, case_worker, content_hash, signature, key_id, payload)
SELECT id, authority_id, reference, NULLIF(crn, ''), NULLIF(lane, 0), information_type, business_function, jurisdiction,
       date '1970-01-01' + report_day, lodged_at, case_worker, content_hash, signature, key_id, payload
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::smallint[], $7::smallint[], $8::smallint[],
            $9::int[], $10::timestamptz[], $11::text[], $12::bytea[], $13::bytea[], $14::text[], $15::bytea[])
  AS u(id, authority_id, reference, crn, lane, information_type, business_function, jurisdiction,
       report_day, lodged_at, case_worker, content_hash, signature, key_id, payload)`

// Batch holds the columns of one insert. It is reused from batch to batch to
// spare the collector; one goroutine at a time.
type Batch struct {
	ids                                         [][16]byte
	authorities, references, crns, workers, key []string
	lanes                                       []int64
	types, functions, jurisdictions             []int16
	reportDays                                  []int32
	lodged                                      []time.Time
	hashes, signatures, payloads                [][]byte
}

// Reset empties the batch.
func (b *Batch) Reset() {
	b.ids = b.ids[:0]
	b.authorities, b.references, b.crns = b.authorities[:0], b.references[:0], b.crns[:0]
	b.workers, b.key = b.workers[:0], b.key[:0]
	b.lanes, b.reportDays, b.lodged = b.lanes[:0], b.reportDays[:0], b.lodged[:0]
	b.types, b.functions, b.jurisdictions = b.types[:0], b.functions[:0], b.jurisdictions[:0]
	b.hashes, b.signatures, b.payloads = b.hashes[:0], b.signatures[:0], b.payloads[:0]
}

// Add appends a submission; it must not change until the batch was lodged.
func (b *Batch) Add(s *lodging.Submission) {
	b.ids = append(b.ids, s.SubmissionID)
	b.authorities = append(b.authorities, s.AuthorityID)
	b.references = append(b.references, s.Reference)
	b.crns = append(b.crns, s.CRN)
	b.lanes = append(b.lanes, s.Lane)
	b.types = append(b.types, int16(s.Type))
	b.functions = append(b.functions, int16(s.Function))
	b.jurisdictions = append(b.jurisdictions, int16(s.Jurisdiction))
	b.reportDays = append(b.reportDays, int32(s.EarliestReportDate))
	b.lodged = append(b.lodged, s.LodgedAt)
	b.workers = append(b.workers, s.CaseWorker)
	b.hashes = append(b.hashes, s.ContentHash[:])
	b.signatures = append(b.signatures, s.Signature)
	b.key = append(b.key, s.KeyID)
	b.payloads = append(b.payloads, s.Payload)
}

// Lodge writes the batch and its outbox rows in one transaction. See Taken and
// CommitUnknown for what its errors may mean.
func (s *Store) Lodge(ctx context.Context, b *Batch, rows []outbox.Row) error {
	err := postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		crashpoint.Here("intake.before-insert")
		var batch pgx.Batch
		batch.Queue(insertSubmissions, b.ids, b.authorities, b.references, b.crns, b.lanes, b.types, b.functions,
			b.jurisdictions, b.reportDays, b.lodged, b.workers, b.hashes, b.signatures, b.key, b.payloads)
		outbox.Queue(&batch, rows...)
		if err := tx.SendBatch(ctx, &batch).Close(); err != nil {
			return err
		}
		crashpoint.Here("intake.after-insert")
		crashpoint.Here("intake.before-commit")
		return nil
	})
	if err == nil {
		crashpoint.Here("intake.after-commit")
	}
	return err
}

// Lanes returns the last lane of each CRN; those without any are left out.
func (s *Store) Lanes(ctx context.Context, crns []string) (map[string]int64, error) {
	rows, err := s.pool.Query(ctx, `
SELECT c.crn, l.lane
FROM unnest($1::text[]) AS c(crn)
CROSS JOIN LATERAL (SELECT lane FROM submission WHERE crn = c.crn AND lane IS NOT NULL ORDER BY lane DESC LIMIT 1) l`, crns)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	lanes := make(map[string]int64, len(crns))
	var crn string
	var lane int64
	_, err = pgx.ForEachRow(rows, []any{&crn, &lane}, func() error {
		lanes[crn] = lane
		return nil
	})
	return lanes, postgres.Classify(err)
}

// Key is what an authority names a submission by.
type Key struct {
	// AuthorityID of the authority.
	AuthorityID string
	// Reference it gave.
	Reference string
}

// ByReference returns the receipts of those submissions that exist.
func (s *Store) ByReference(ctx context.Context, keys []Key) (map[Key]*lodging.Submission, error) {
	authorities, references := make([]string, len(keys)), make([]string, len(keys))
	for i, k := range keys {
		authorities[i], references[i] = k.AuthorityID, k.Reference
	}
	rows, err := s.pool.Query(ctx, `
SELECT s.id, s.authority_id, s.reference, s.content_hash, s.lodged_at, s.earliest_report_date - date '1970-01-01', s.signature, s.key_id
FROM unnest($1::text[], $2::text[]) AS k(authority_id, reference)
JOIN submission s USING (authority_id, reference)`, authorities, references)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	found := make(map[Key]*lodging.Submission, len(keys))
	var r receiptRow
	_, err = pgx.ForEachRow(rows, r.targets(), func() error {
		taken, err := r.receipt()
		found[Key{taken.AuthorityID, taken.Reference}] = &lodging.Submission{Receipt: taken}
		return err
	})
	return found, postgres.Classify(err)
}
