package api

import (
	"context"
	"strconv"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// ViewRestrictedRecord shows a restricted record once the look and its reason are
// on record.
func (s *Restricted) ViewRestrictedRecord(ctx context.Context, r *processingv1.ViewRestrictedRecordRequest) (*processingv1.ViewRestrictedRecordResponse, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	id, err := because("reason", r.GetReason(), r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	// Asked before the transaction; shown only after it.
	c, open, err := store.OpenAccess(ctx, s.q.p.Pool, id)
	if err != nil || !open {
		return nil, noCase(err)
	}
	crn, err := s.viewed(ctx, &c, r.GetCrn(), officer.Has(RestrictedOfficer))
	if err != nil {
		return nil, err
	}
	a := &acting{officer: officer}
	if err := s.mayView(&c, a, s.q.p.Moment()); err != nil {
		return nil, err
	}
	record, err := events.Record(ctx, s.q.p.Registry, crn)
	if err != nil {
		return nil, err
	}
	if record == nil {
		return nil, fault.New(fault.NotFound, "CUSTOMER_UNKNOWN", "there is no record with this CRN")
	}
	notices, err := s.look(ctx, a, id, c.ID, crn, r.GetReason())
	if err != nil {
		return nil, err
	}
	return answer(record, notices, &c, officer.ID), nil
}

func answer(record *registryv1.Customer, notices []*processingv1.Notice, c *store.Access, officer string) *processingv1.ViewRestrictedRecordResponse {
	out := &processingv1.ViewRestrictedRecordResponse{Customer: record, Notices: notices}
	if c.State == store.AccessLifted && c.Requester == officer {
		out.Until = timestamppb.New(c.Until)
	}
	return out
}

// look puts the look on record in one transaction, provided that it is allowed
// then, and reads the notices in it.
func (s *Restricted) look(ctx context.Context, a *acting, id, caseID clock.ID, crn, reason string) (notices []*processingv1.Notice, err error) {
	alarm := false
	err = s.q.p.Commit(ctx, func(tx pgx.Tx, out *events.Assembly) error {
		alarm = false
		a.tx, a.out = tx, out
		submission, known, err := store.LockSubmission(ctx, tx, id)
		if err != nil || !known {
			return orNotFound(err)
		}
		if submission.Status != term.Unprocessed {
			return noCase(nil)
		}
		a.submission, a.at = submission, s.q.p.Moment()
		c, open, err := store.OpenAccess(ctx, tx, id)
		if err != nil {
			return err
		}
		if !open || c.ID != caseID {
			return noCase(nil)
		}
		if err := s.mayView(&c, a, a.at); err != nil {
			return err
		}
		if err := noConflict(ctx, a, a.officer.ID, crn); err != nil {
			return err
		}
		c.CRN = crn // for the entry: a case may be about one of several
		if err := s.q.p.AccessStep(ctx, tx, out, &c, "viewed", a.officer.Actor(), a.at.At, reason); err != nil {
			return err
		}
		views, err := store.Views(ctx, tx, a.officer.Actor())
		if err != nil {
			return err
		}
		if alarm = views > s.views; alarm {
			e := events.Entry("access.view-alarm", id)
			e.Reason, e.Detail = "VIEWS_PER_HOUR", map[string]string{"views": strconv.Itoa(views), "limit": strconv.Itoa(s.views)}
			out.Done = append(out.Done, e)
		}
		all, err := store.Notices(ctx, tx, crn)
		notices = noticesOf(all)
		return err
	})
	if err != nil {
		return nil, postgres.Classify(err)
	}
	if alarm {
		s.alarms.Inc()
		s.q.p.Telemetry.Log.Warn("restricted records are viewed more often than usual", "officer", a.officer.ID, "limit", s.views)
	}
	return notices, nil
}

// mayView says who may look: the officer for whom access is lifted, while it is;
// Restricted Access officers once they were asked.
func (s *Restricted) mayView(c *store.Access, a *acting, at decision.Moment) error {
	switch {
	case a.officer.Has(RestrictedOfficer) && c.State >= store.AccessRequested:
		return nil
	case c.Requester == a.officer.ID && c.Live(at.At):
		return nil
	case c.Requester == a.officer.ID && c.State == store.AccessLifted:
		return LiftOverForView()
	}
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to this record is restricted").
		WithHelp("A Restricted Access officer can lift it for the officer who asked.")
}

// LiftOverForView is the refusal of a look after the lift's time.
func LiftOverForView() error {
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to this record is lifted no longer").
		WithHelp("Ask for a new risk assessment.")
}

// viewed is the CRN looked at: the case's, or a restricted candidate that a
// Restricted Access officer names while none is chosen.
func (s *Restricted) viewed(ctx context.Context, c *store.Access, asked string, restrictedOfficer bool) (string, error) {
	if c.CRN != "" {
		if asked != "" && asked != c.CRN {
			return "", fault.InvalidField("crn", "the case is about another customer")
		}
		return c.CRN, nil
	}
	if restrictedOfficer && asked != "" {
		e, _, err := store.GetEntry(ctx, s.q.p.Pool, c.SubmissionID)
		if err != nil {
			return "", postgres.Classify(err)
		}
		kept, err := keptCandidates(e.Candidates)
		if err != nil {
			return "", err
		}
		for _, k := range kept {
			if k.Restricted && k.CRN == asked {
				return asked, nil
			}
		}
	}
	return "", fault.InvalidField("crn", "name one of the restricted candidates")
}
