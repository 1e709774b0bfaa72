package events

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
	"github.com/noticehub/noticehub/services/intake/internal/trail"
)

func created(c *eventv1.SubmissionCreated) (*lodging.Submission, error) {
	id, err := clock.IDFromBytes(c.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	parent, err := clock.IDFromBytes(c.GetParentSubmissionId())
	if err != nil {
		return nil, fmt.Errorf("parent of submission %v: %w", id, err)
	}
	if c.GetReference() == "" || c.GetAuthorityId() == "" || c.GetLodgedAt() == nil {
		return nil, fmt.Errorf("submission %v was created without a reference, an authority or a time", id)
	}
	return &lodging.Submission{
		Receipt: receipt.Receipt{
			SubmissionID: id, AuthorityID: c.GetAuthorityId(), Reference: c.GetReference(),
			ContentHash: sha256.Sum256(c.GetSubmission()), LodgedAt: c.GetLodgedAt().AsTime().Truncate(time.Microsecond),
		},
		Type: term.InformationType(c.GetInformationType()), CRN: c.GetCrn(), CaseWorker: c.GetCaseWorker(),
		Payload: c.GetSubmission(), ParentID: parent,
	}, nil
}

// create keeps submissions the hub made, under the function and jurisdiction
// their authorities have now.
func (p *Projection) create(ctx context.Context, tx pgx.Tx, made []*lodging.Submission) error {
	if len(made) == 0 {
		return nil
	}
	var ids []string
	for _, m := range made {
		ids = append(ids, m.AuthorityID)
	}
	authorities, err := p.Store.AuthoritiesIn(ctx, tx, ids)
	if err != nil {
		return err
	}
	known := make(map[string]lodging.Authority, len(authorities))
	for _, a := range authorities {
		known[a.ID] = a
	}
	receipts := make([]*receipt.Receipt, len(made))
	for i, m := range made {
		a, ok := known[m.AuthorityID]
		if !ok {
			return fmt.Errorf("submission %v was created for authority %q, which is not known", m.SubmissionID, m.AuthorityID)
		}
		m.Function, m.Jurisdiction = a.Function, a.Jurisdiction
		if err := p.Issuer.Date(&m.Receipt, m.Jurisdiction.String()); err != nil {
			return fmt.Errorf("receipt of created submission %v: %w", m.SubmissionID, err)
		}
		receipts[i] = &m.Receipt
	}
	kept, err := p.Store.Create(ctx, tx, made, p.Issuer.Key.SealEach(receipts))
	if err != nil {
		return err
	}
	return p.Store.Audit(ctx, tx, trail.Sealed(nil, kept)...)
}

// erase takes the free text out of what is kept of returned submissions; the
// receipt's hash of the text as lodged stays.
func (p *Projection) erase(ctx context.Context, tx pgx.Tx, returned []store.Status) error {
	if len(returned) == 0 {
		return nil
	}
	authorities, ids := make([]string, len(returned)), make([]clock.ID, len(returned))
	for i, r := range returned {
		authorities[i], ids[i] = r.AuthorityID, r.SubmissionID
	}
	payloads, err := p.Store.Payloads(ctx, tx, authorities, ids)
	if err != nil {
		return err
	}
	var entries []audit.Entry
	for _, r := range returned {
		payload, ok := payloads[r.SubmissionID]
		if !ok {
			continue // erased before
		}
		delete(payloads, r.SubmissionID) // it may have been announced twice
		bare, err := withoutText(payload)
		if err != nil {
			return fmt.Errorf("erase the text of submission %v: %w", r.SubmissionID, err)
		}
		if err := p.Store.Erase(ctx, tx, r.AuthorityID, r.SubmissionID, bare); err != nil {
			return err
		}
		entries = append(entries, trail.TextErased(r.SubmissionID))
	}
	return p.Store.Audit(ctx, tx, entries...)
}

// withoutText empties the one free text a submission may have.
func withoutText(payload []byte) ([]byte, error) {
	var s intakev1.Submission
	if err := proto.Unmarshal(payload, &s); err != nil {
		return nil, err
	}
	switch content := s.GetContent().(type) {
	case *intakev1.Submission_NoticeToCommence:
		content.NoticeToCommence.Text = ""
	case *intakev1.Submission_NoticeToRevoke:
		content.NoticeToRevoke.Text = ""
	case *intakev1.Submission_VoluntaryReferral:
		content.VoluntaryReferral.Text = ""
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(&s)
}
