package api

import (
	"context"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// GetAccessCase returns a submission's latest case with its history. What was
// written is read by who wrote it, by Restricted Access officers, and by the
// officer for whom access is lifted.
func (s *Restricted) GetAccessCase(ctx context.Context, r *processingv1.GetAccessCaseRequest) (*processingv1.GetAccessCaseResponse, error) {
	id, err := parseID(r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	c, known, err := store.LatestAccess(ctx, s.q.p.Pool, id)
	if err != nil || !known {
		return nil, noCase(err)
	}
	out := &processingv1.GetAccessCaseResponse{}
	if out.Case, err = s.caseOf(ctx, &c); err != nil {
		return nil, err
	}
	steps, err := store.AccessSteps(ctx, s.q.p.Pool, c.ID)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	sight, err := sightOf(ctx, s.q.p)
	if err != nil {
		return nil, err
	}
	all := sight.may(c.CRN) || (c.CRN == "" && sight.everything)
	for _, step := range steps {
		shown := &processingv1.AccessStep{Step: step.Step, Actor: step.Actor, At: timestamppb.New(step.At)}
		if all || step.Actor == "officer:"+sight.officer {
			shown.Reason = step.Reason
		}
		out.Steps = append(out.Steps, shown)
	}
	return out, nil
}

// ListAccessCases lists open cases: contact officers see their own.
func (s *Restricted) ListAccessCases(ctx context.Context, r *processingv1.ListAccessCasesRequest) (*processingv1.ListAccessCasesResponse, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	limit := int(r.GetLimit())
	if limit == 0 {
		limit = defaultPage
	}
	whose := listed(officer)
	// Before the cases: what changes in between is told to those who watch.
	signs, err := store.AccessSigns(ctx, s.q.p.Pool, []string{whose})
	if err != nil {
		return nil, postgres.Classify(err)
	}
	all, err := store.Accesses(ctx, s.q.p.Pool, store.AccessState(r.GetState()), whose, limit)
	if err != nil {
		return nil, postgres.Classify(err)
	}
	out := &processingv1.ListAccessCasesResponse{Sign: signs[whose].Sign}
	for i := range all {
		c, err := s.caseOf(ctx, &all[i])
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, c)
	}
	return out, nil
}

// caseOf is a case as the caller may see it: the CRN only with a right to the
// record.
func (s *Restricted) caseOf(ctx context.Context, c *store.Access) (*processingv1.AccessCase, error) {
	sight, err := sightOf(ctx, s.q.p)
	if err != nil {
		return nil, err
	}
	out := &processingv1.AccessCase{
		CaseId: c.ID.String(), SubmissionId: c.SubmissionID.String(), State: processingv1.AccessState(c.State), Version: int32(c.Version),
		Requester: c.Requester, CustomerAware: c.CustomerAware, Decider: c.Decider, AuthorityId: c.AuthorityID, OpenedAt: timestamppb.New(c.OpenedAt),
	}
	if c.State == store.AccessLifted && !c.Live(s.q.p.Moment().At) {
		out.State = processingv1.AccessState_ACCESS_STATE_EXPIRED // the sweep writes it down
	}
	if !c.Until.IsZero() {
		out.Until = timestamppb.New(c.Until)
	}
	if sight.may(c.CRN) {
		out.Crn = c.CRN
	}
	return out, nil
}

func stateWord(s store.AccessState) string {
	return strings.TrimPrefix(processingv1.AccessState(s).String(), "ACCESS_STATE_")
}

// DeclareConflict keeps that an officer must not see a customer's record. Saying
// it again changes nothing.
func (s *Restricted) DeclareConflict(ctx context.Context, r *processingv1.DeclareConflictRequest) (*processingv1.DeclareConflictResponse, error) {
	caller, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := words("reason", r.GetReason()); err != nil {
		return nil, err
	}
	officer := r.GetOfficerId()
	if officer == "" {
		officer = caller.ID
	}
	if officer != caller.ID && !caller.Has(Supervisor) {
		return nil, fault.New(fault.Denied, "SUPERVISOR_REQUIRED", "only a supervisor may declare another officer's conflict")
	}
	err = s.q.p.Commit(ctx, func(tx pgx.Tx, out *events.Assembly) error {
		added, err := store.AddConflict(ctx, tx, store.Conflict{
			OfficerID: officer, CRN: r.GetCrn(), DeclaredBy: caller.ID, Reason: r.GetReason(), At: s.q.p.Moment().At,
		})
		if err == nil && added {
			out.Events = append(out.Events, events.ConflictDeclared(r.GetCrn(), officer, s.q.p.Moment().At))
			out.Done = append(out.Done, audit.Entry{
				Action: "access.conflict-declared", Object: s.q.p.Audit.Customer(r.GetCrn()), Result: audit.Done,
				Digest: audit.Digest(r.GetReason()), Detail: map[string]string{"officer": officer},
			})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &processingv1.DeclareConflictResponse{}, nil
}
