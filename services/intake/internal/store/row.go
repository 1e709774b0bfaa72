package store

import (
	"bytes"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// receiptColumns are those of receiptRow, of a table or alias s.
const receiptColumns = `s.id, s.authority_id, s.reference, s.content_hash, s.lodged_at, s.earliest_report_date - date '1970-01-01',
s.receipt_batch, s.receipt_leaf`

// receiptRow takes receiptColumns.
type receiptRow struct {
	id                   [16]byte
	authority, reference string
	hash                 []byte
	lodged               time.Time
	reportDay            int32
	batch                [16]byte
	leaf                 int16
}

func (r *receiptRow) targets() []any {
	return []any{&r.id, &r.authority, &r.reference, &r.hash, &r.lodged, &r.reportDay, &r.batch, &r.leaf}
}

// receipt is the row's, without its seal; see place.
func (r *receiptRow) receipt() (receipt.Receipt, error) {
	taken := receipt.Receipt{
		SubmissionID: clock.ID(r.id), AuthorityID: r.authority, Reference: r.reference, BatchID: clock.ID(r.batch),
		LodgedAt: r.lodged.UTC(), EarliestReportDate: calendar.Date(r.reportDay),
	}
	if copy(taken.ContentHash[:], r.hash) != len(taken.ContentHash) {
		return taken, fmt.Errorf("the content hash of submission %v has %d bytes", taken.SubmissionID, len(r.hash))
	}
	return taken, nil
}

// place is where the seal of the row's receipt is.
func (r *receiptRow) place(of *receipt.Receipt) place { return place{of, r.batch, int(r.leaf)} }

// submissionColumns are those of submissionRow, of a table or alias s.
const submissionColumns = receiptColumns + `,
s.information_type, s.business_function, s.jurisdiction, coalesce(s.crn, ''), coalesce(s.lane, 0),
s.case_worker, s.payload, s.parent_id`

type submissionRow struct {
	receiptRow
	kind, function, jurisdiction int16
	crn                          string
	lane                         int64
	worker                       string
	payload                      []byte
	parent                       *[16]byte
}

func (r *submissionRow) targets() []any {
	return append(r.receiptRow.targets(), &r.kind, &r.function, &r.jurisdiction, &r.crn, &r.lane, &r.worker, &r.payload, &r.parent)
}

func (r *submissionRow) submission() (lodging.Submission, error) {
	taken, err := r.receipt()
	s := lodging.Submission{
		Receipt: taken, Type: term.InformationType(r.kind), Function: term.BusinessFunction(r.function),
		Jurisdiction: term.Jurisdiction(r.jurisdiction), CRN: r.crn, Lane: r.lane, CaseWorker: r.worker,
		Payload: bytes.Clone(r.payload),
	}
	if r.parent != nil {
		s.ParentID = clock.ID(*r.parent)
	}
	return s, err
}
