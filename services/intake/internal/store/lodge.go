package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// insertSubmissions is a plain insert: an ON CONFLICT clause costs every row for
// the few that repeat. Dates travel as days since 1970, the empty CRN, lane 0 and
// the zero parent as themselves, because plain arrays encode several times faster.
const insertSubmissions = `
INSERT INTO submission (id, authority_id, reference, crn, lane, information_type, business_function, jurisdiction,
                        earliest_report_date, lodged_at, parent_id, case_worker, content_hash, receipt_batch, receipt_leaf, payload)
SELECT id, authority_id, reference, NULLIF(crn, ''), NULLIF(lane, 0), information_type, business_function, jurisdiction,
       date '1970-01-01' + report_day, lodged_at, NULLIF(parent_id, '00000000-0000-0000-0000-000000000000'),
       case_worker, content_hash, receipt_batch, receipt_leaf, payload
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::smallint[], $7::smallint[], $8::smallint[],
            $9::int[], $10::timestamptz[], $11::uuid[], $12::text[], $13::bytea[], $14::uuid[], $15::smallint[], $16::bytea[])
  AS u(id, authority_id, reference, crn, lane, information_type, business_function, jurisdiction,
       report_day, lodged_at, parent_id, case_worker, content_hash, receipt_batch, receipt_leaf, payload)`

const insertReceiptBatch = `
INSERT INTO receipt_batch (id, authority_id, key_id, signature, leaves, lodged) VALUES ($1, $2, $3, $4, $5, $6)`

// Batch holds the columns of one insert. It is reused from batch to batch to
// spare the collector; one goroutine at a time.
type Batch struct {
	ids, parents, seals                    [][16]byte
	authorities, references, crns, workers []string
	lanes                                  []int64
	types, functions, jurisdictions        []int16
	leaves                                 []int16
	reportDays                             []int32
	lodged                                 []time.Time
	hashes, payloads                       [][]byte
}

// Reset empties the batch.
func (b *Batch) Reset() {
	b.ids, b.parents, b.seals = b.ids[:0], b.parents[:0], b.seals[:0]
	b.authorities, b.references = b.authorities[:0], b.references[:0]
	b.crns, b.workers = b.crns[:0], b.workers[:0]
	b.lanes, b.reportDays, b.lodged = b.lanes[:0], b.reportDays[:0], b.lodged[:0]
	b.types, b.functions, b.jurisdictions = b.types[:0], b.functions[:0], b.jurisdictions[:0]
	b.leaves, b.hashes, b.payloads = b.leaves[:0], b.hashes[:0], b.payloads[:0]
}

// Add appends a submission; it must not change until the batch was written.
func (b *Batch) Add(s *lodging.Submission) {
	b.ids = append(b.ids, s.SubmissionID)
	b.parents = append(b.parents, s.ParentID)
	b.seals = append(b.seals, s.BatchID)
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
	b.leaves = append(b.leaves, int16(s.Proof.LeafIndex))
	b.payloads = append(b.payloads, s.Payload)
}

// under are the ids of the submissions whose receipts are under a seal, one of n.
func (b *Batch) under(seal clock.ID, n int) [][16]byte {
	if n == 1 {
		return b.ids
	}
	var ids [][16]byte
	for i := range b.seals {
		if b.seals[i] == seal {
			ids = append(ids, b.ids[i])
		}
	}
	return ids
}

// arguments are those of insertSubmissions.
func (b *Batch) arguments() []any {
	return []any{
		b.ids, b.authorities, b.references, b.crns, b.lanes, b.types, b.functions, b.jurisdictions,
		b.reportDays, b.lodged, b.parents, b.workers, b.hashes, b.seals, b.leaves, b.payloads,
	}
}

// Lodging is what one transaction writes.
type Lodging struct {
	// Submissions in the order of their CRNs.
	Submissions *Batch
	// Seals of their receipts.
	Seals []receipt.Batch
	// Days are what it adds to the counts.
	Days []Day
	// Outbox rows that announce them.
	Outbox []outbox.Row
	// Entries for the audit log.
	Entries []audit.Entry
}

// authorities are those whose rows the transaction may touch.
func (l *Lodging) authorities() []string {
	all := make([]string, len(l.Seals))
	for i := range l.Seals {
		all[i] = l.Seals[i].AuthorityID
	}
	return all
}

// Lodge writes all of it in one transaction, within the rows of the authorities
// concerned, and returns what the days' counts are after it. Without its entries in
// the audit log nothing is lodged: Unavailable then. See Taken and CommitUnknown
// for what other errors may mean.
func (s *Store) Lodge(ctx context.Context, l Lodging) (counts []Day, err error) {
	err = postgres.InTx(ctx, s.pool, func(tx pgx.Tx) error {
		crashpoint.Here("intake.before-insert")
		var batch pgx.Batch
		postgres.QueueScope(&batch, l.authorities()...)
		batch.Queue(insertSubmissions, l.Submissions.arguments()...)
		for i := range l.Seals {
			seal := &l.Seals[i]
			batch.Queue(insertReceiptBatch, [16]byte(seal.ID), seal.AuthorityID, seal.KeyID, seal.Signature, seal.Leaves,
				l.Submissions.under(seal.ID, len(l.Seals)))
		}
		outbox.Queue(&batch, l.Outbox...)
		counts = queueDays(&batch, l.Days)
		if err := s.audit.Send(ctx, tx, &batch, "", l.Entries...); err != nil {
			return err
		}
		crashpoint.Here("intake.after-insert")
		crashpoint.Here("intake.before-commit")
		return nil
	})
	if err == nil {
		crashpoint.Here("intake.after-commit")
	}
	return counts, err
}

// Lanes returns the last lane of each CRN; those without any are left out.
func (s *Store) Lanes(ctx context.Context, crns []string) (map[string]int64, error) {
	lanes := make(map[string]int64, len(crns))
	err := s.all(ctx, `
SELECT c.crn, l.lane
FROM unnest($1::text[]) AS c(crn)
CROSS JOIN LATERAL (SELECT lane FROM submission WHERE crn = c.crn AND lane IS NOT NULL ORDER BY lane DESC LIMIT 1) l`,
		[]any{crns}, func(rows pgx.Rows) error {
			var crn string
			var lane int64
			_, err := pgx.ForEachRow(rows, []any{&crn, &lane}, func() error {
				lanes[crn] = lane
				return nil
			})
			return err
		})
	return lanes, err
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
	found := make(map[Key]*lodging.Submission, len(keys))
	unsealed := make([]place, 0, len(keys))
	var r receiptRow
	if err := s.all(ctx, `
SELECT `+receiptColumns+`
FROM unnest($1::text[], $2::text[]) AS k(authority_id, reference)
JOIN submission s USING (authority_id, reference)`, []any{authorities, references}, func(rows pgx.Rows) error {
		_, err := pgx.ForEachRow(rows, r.targets(), func() error {
			taken, err := r.receipt()
			known := &lodging.Submission{Receipt: taken}
			found[Key{taken.AuthorityID, taken.Reference}] = known
			unsealed = append(unsealed, r.place(&known.Receipt))
			return err
		})
		return err
	}); err != nil {
		return nil, err
	}
	return found, complete(ctx, s.all, unsealed)
}
