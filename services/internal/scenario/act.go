package scenario

import (
	"context"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// act does what a case has an authority or an officer do once automatic
// processing is through. What the hub refuses is a mismatch, not an error.
func (p *player) act(ctx context.Context, l *Lodging) error {
	if l.then.withdraw {
		_, err := p.intake[l.Authority.ID].WithdrawSubmission(ctx, &intakev1.WithdrawSubmissionRequest{Reference: l.Submission.GetReference(), Note: "lodged by mistake"})
		return err
	}
	err := p.record(ctx, l)
	switch fault.KindOf(rpc.Fault(err)) {
	case fault.Invalid, fault.Precondition, fault.Denied, fault.NotFound, fault.Exists, fault.Conflict:
		p.mu.Lock()
		defer p.mu.Unlock()
		p.failed[l] = true
		p.result.differ(l.Scene, l.Submission.GetReference(), "officer's action", l.then.record.String(), err.Error())
		return nil
	}
	return err
}

// record claims a submission and records its outcome, as a contact officer does.
func (p *player) record(ctx context.Context, l *Lodging) error {
	id := p.view(l).GetReceipt().GetSubmissionId()
	claimed, err := p.queue.Claim(ctx, &processingv1.ClaimRequest{SubmissionId: id})
	if err != nil {
		return err
	}
	version, action := claimed.GetSubmission().GetVersion(), "act-"+l.Submission.GetReference()
	const note = "Checked and decided by hand."
	if l.then.record == sentBack {
		_, err := p.queue.ReturnToAuthority(ctx, &processingv1.ReturnToAuthorityRequest{
			SubmissionId: id, Version: version, ActionId: action, Declaration: true, Note: note, NoteForAuthority: "Please lodge again without the reasons.",
		})
		return err
	}
	request := &processingv1.RecordOutcomeRequest{SubmissionId: id, Version: version, ActionId: action, Outcome: l.then.record, Declaration: true, Note: note}
	if l.then.record == matched {
		request.Crn = l.Scene.Person.GetCrn()
	}
	if l.then.tooSoon {
		early := &processingv1.RecordOutcomeRequest{SubmissionId: id, Version: version, ActionId: action + "-early", Outcome: l.then.record, Declaration: true, Note: note}
		if _, err := p.queue.RecordOutcome(ctx, early); err == nil {
			return fault.New(fault.Precondition, "TOO_SOON", "an outcome was recorded that was not true on the register")
		}
	}
	if len(l.then.revoke) > 0 {
		if request.RegisterChange, err = p.coded(ctx, l); err != nil {
			return err
		}
	}
	_, err = p.queue.RecordOutcome(ctx, request)
	return err
}

// coded finds the notices an officer codes as revoked.
func (p *player) coded(ctx context.Context, l *Lodging) (*processingv1.RegisterChange, error) {
	list, err := p.register.ListNotices(ctx, &processingv1.ListNoticesRequest{Crn: l.Scene.Person.GetCrn()})
	if err != nil {
		return nil, err
	}
	change := &processingv1.RegisterChange{}
	for _, which := range l.then.revoke {
		for _, n := range list.GetNotices() {
			if n.GetStartDate() == l.Scene.Notices[which].Start.String() {
				change.RevokeNoticeIds = append(change.RevokeNoticeIds, n.GetNoticeId())
			}
		}
	}
	if len(change.GetRevokeNoticeIds()) != len(l.then.revoke) {
		return nil, fault.New(fault.NotFound, "NOTICE_MISSING", "the register has %d of the %d notices to revoke", len(change.GetRevokeNoticeIds()), len(l.then.revoke))
	}
	return change, nil
}
