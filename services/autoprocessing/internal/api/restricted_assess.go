package api

import (
	"context"
	"strings"

	"github.com/noticehub/noticehub/pkg/fault"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// RecordRiskAssessment decides a case: another person than its requester lifts
// access for the requester for a time, or keeps it restricted.
func (s *Restricted) RecordRiskAssessment(ctx context.Context, r *processingv1.RecordRiskAssessmentRequest) (*processingv1.RecordRiskAssessmentResponse, error) {
	id, err := because("reason", r.GetReason(), r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	c, err := s.step(ctx, request{id: id, action: r.GetActionId(), content: r}, func(a *acting) error {
		if !a.officer.Has(RestrictedOfficer) {
			return fault.New(fault.Denied, "RESTRICTED_OFFICER_REQUIRED", "only a Restricted Access officer may decide")
		}
		c, err := s.inState(ctx, a, store.AccessRequested)
		if err != nil {
			return err
		}
		if int(r.GetCaseVersion()) != c.Version {
			return movedOn(c)
		}
		if c.Requester == a.officer.ID {
			return fault.New(fault.Denied, "SECOND_PERSON_REQUIRED", "who asked for the assessment may not decide it").
				WithHelp("Leave it to another Restricted Access officer.")
		}
		crns, err := chosen(c, a, r)
		if err != nil {
			return err
		}
		if err := noConflict(ctx, a, a.officer.ID, crns...); err != nil {
			return err
		}
		c.Decider, c.DecidedAt = a.officer.ID, a.at.At
		if r.GetDecision() == processingv1.RiskDecision_RISK_DECISION_KEEP {
			if r.GetMinutes() != 0 || r.GetCrn() != "" {
				return fault.InvalidField("decision", "KEEP has neither minutes nor crn")
			}
			if err := contacted(c, a, r); err != nil {
				return err
			}
			c.State, c.EndedAt = store.AccessKept, a.at.At
			return s.q.p.AccessStep(ctx, a.tx, a.out, c, "kept", a.officer.Actor(), a.at.At, r.GetReason())
		}
		return s.lift(ctx, a, c, r)
	})
	return &processingv1.RecordRiskAssessmentResponse{Case: c}, err
}

// lift gives the requester access for a time.
func (s *Restricted) lift(ctx context.Context, a *acting, c *store.Access, r *processingv1.RecordRiskAssessmentRequest) error {
	if err := noConflict(ctx, a, c.Requester, c.CRN); err != nil {
		return err
	}
	if err := contacted(c, a, r); err != nil {
		return err
	}
	if !c.CustomerAware && c.CustomerContactedAt.IsZero() {
		return fault.New(fault.Precondition, "CUSTOMER_CONTACT_REQUIRED", "the customer does not know of the request").
			WithHelp("Contact the customer, then say when (customer_contacted_at) and how (customer_contact).").
			WithField("customer_contacted_at", "when the customer was contacted")
	}
	minutes, lasts, err := timeBox(r.GetMinutes())
	if err != nil {
		return err
	}
	c.State, c.Minutes, c.Until = store.AccessLifted, minutes, a.at.At.Add(lasts)
	if err := s.q.p.AccessStep(ctx, a.tx, a.out, c, "lifted", a.officer.Actor(), a.at.At, r.GetReason()); err != nil {
		return err
	}
	a.out.Events = append(a.out.Events, events.Lifted(c))
	return nil
}

// chosen is the CRN a decision is about: the case's, or the one of several
// restricted candidates the decider names. A decision to keep may be about all.
func chosen(c *store.Access, a *acting, r *processingv1.RecordRiskAssessmentRequest) (concerned []string, err error) {
	if c.CRN != "" {
		if r.GetCrn() != "" && r.GetCrn() != c.CRN {
			return nil, fault.InvalidField("crn", "the case is about another customer")
		}
		return []string{c.CRN}, nil
	}
	kept, err := keptCandidates(a.entry.Candidates)
	if err != nil {
		return nil, err
	}
	for _, k := range kept {
		if !k.Restricted {
			continue
		}
		if k.CRN == r.GetCrn() {
			c.CRN = k.CRN
			return []string{k.CRN}, nil
		}
		concerned = append(concerned, k.CRN)
	}
	if r.GetDecision() == processingv1.RiskDecision_RISK_DECISION_LIFT {
		return nil, fault.InvalidField("crn", "several candidates are restricted: name the one to lift access to")
	}
	return concerned, nil
}

// contacted takes over how a customer was contacted.
func contacted(c *store.Access, a *acting, r *processingv1.RecordRiskAssessmentRequest) error {
	how := strings.TrimSpace(r.GetCustomerContact())
	if r.GetCustomerContactedAt() == nil {
		if how != "" {
			return fault.InvalidField("customer_contacted_at", "say when the customer was contacted")
		}
		return nil
	}
	at := r.GetCustomerContactedAt().AsTime()
	switch {
	case at.After(a.at.At):
		return fault.InvalidField("customer_contacted_at", "it lies ahead")
	case len(how) < 3:
		return fault.InvalidField("customer_contact", "say how the customer was contacted")
	}
	c.CustomerContactedAt, c.CustomerContact = at, how
	return nil
}
