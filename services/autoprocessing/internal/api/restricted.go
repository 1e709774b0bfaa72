package api

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/pkg/watch"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/events"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
	"github.com/noticehub/noticehub/services/internal/conflict"
)

// The time box of a lift in minutes; the database holds the longest, too.
const (
	usualLift   = 60
	longestLift = 480
)

// Restricted serves RestrictedAccessService.
type Restricted struct {
	processingv1.UnimplementedRestrictedAccessServiceServer
	q *Queue
	// views an hour by one officer before the alarm.
	views  int
	alarms prometheus.Counter
	// watched are the lists of open cases by whose they are, "" for everybody's.
	watched *watch.Poller[string, store.AccessSign]
}

// NewRestricted serves the way to restricted records; more views an hour than
// given, by one officer, raise an alarm. Watching needs Run.
func NewRestricted(q *Queue, views int) *Restricted {
	r := &Restricted{q: q, views: views, alarms: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "noticehub_restricted_view_alarms_total", Help: "Views of restricted records beyond the number an officer may make in an hour without an alarm.",
	})}
	// Registered once a process; a second service in it counts for itself.
	_ = q.p.Telemetry.Metrics.Register(r.alarms)
	r.watched = watch.New(watchEvery, r.read, func(a, b store.AccessSign) bool { return a == b }, q.p.Telemetry.Log)
	return r
}

// words refuses a text that says nothing.
func words(field, text string) error {
	if len(strings.TrimSpace(text)) < 3 {
		return fault.InvalidField(field, "say why, in a few words")
	}
	return nil
}

// because is the submission an action names, unless the words for it say nothing.
func because(field, text, submission string) (clock.ID, error) {
	if err := words(field, text); err != nil {
		return clock.ID{}, err
	}
	return parseID(submission)
}

// RecordAuthorityContact opens a case for an entry the caller holds.
func (s *Restricted) RecordAuthorityContact(ctx context.Context, r *processingv1.RecordAuthorityContactRequest) (*processingv1.RecordAuthorityContactResponse, error) {
	id, err := because("note", r.GetNote(), r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	seen, err := s.q.concerning(ctx, id, r.GetCrn())
	if err != nil {
		return nil, err
	}
	c, err := s.step(ctx, request{id: id, version: r.GetVersion(), action: r.GetActionId(), content: r}, func(a *acting) error {
		if err := a.holding.MayDecide(a.officer.ID); err != nil {
			return err
		}
		if err := seen.still(a); err != nil {
			return err
		}
		if seen.crn != "" && seen.told {
			if err := noConflict(ctx, a, a.officer.ID, seen.crn); err != nil {
				return err
			}
		}
		if err := s.none(ctx, a); err != nil {
			return err
		}
		c := &store.Access{
			ID: clock.NewID(a.at.At), SubmissionID: id, AuthorityID: a.submission.AuthorityID, CRN: seen.crn, State: store.AccessContacted, Version: 1,
			Requester: a.officer.ID, CustomerAware: r.GetCustomerAware(), OpenedAt: a.at.At,
		}
		if err := s.q.p.AccessStep(ctx, a.tx, a.out, c, "contacted", a.officer.Actor(), a.at.At, r.GetNote()); err != nil {
			return err
		}
		if !r.GetRequestAssessment() {
			return nil
		}
		c.State = store.AccessRequested
		return s.q.p.AccessStep(ctx, a.tx, a.out, c, "requested", a.officer.Actor(), a.at.At, r.GetNote())
	})
	return &processingv1.RecordAuthorityContactResponse{Case: c}, err
}

// RequestRiskAssessment asks for the decision on the caller's own case.
func (s *Restricted) RequestRiskAssessment(ctx context.Context, r *processingv1.RequestRiskAssessmentRequest) (*processingv1.RequestRiskAssessmentResponse, error) {
	id, err := because("reason", r.GetReason(), r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	c, err := s.step(ctx, request{id: id, action: r.GetActionId(), content: r}, func(a *acting) error {
		if err := a.holding.MayDecide(a.officer.ID); err != nil {
			return err
		}
		c, err := s.inState(ctx, a, store.AccessContacted)
		if err != nil {
			return err
		}
		if c.Requester != a.officer.ID {
			return fault.New(fault.Denied, "REQUESTER_REQUIRED", "the case was opened by another officer").
				WithHelp("Ask that officer, or the Restricted Access officers to close the case.")
		}
		c.State = store.AccessRequested
		return s.q.p.AccessStep(ctx, a.tx, a.out, c, "requested", a.officer.Actor(), a.at.At, r.GetReason())
	})
	return &processingv1.RequestRiskAssessmentResponse{Case: c}, err
}

// ReinstateAccess ends a lift: by the officer it is for, whoever holds the entry,
// or a Restricted Access officer.
func (s *Restricted) ReinstateAccess(ctx context.Context, r *processingv1.ReinstateAccessRequest) (*processingv1.ReinstateAccessResponse, error) {
	id, err := because("reason", r.GetReason(), r.GetSubmissionId())
	if err != nil {
		return nil, err
	}
	c, err := s.step(ctx, request{id: id, action: r.GetActionId(), content: r, leaves: true}, func(a *acting) error {
		c, err := s.inState(ctx, a, store.AccessLifted)
		if err != nil {
			return err
		}
		if c.Requester != a.officer.ID && a.holding.HeldBy != a.officer.ID && !a.officer.Has(RestrictedOfficer) {
			return fault.New(fault.Denied, "REQUESTER_REQUIRED", "access is lifted for another officer")
		}
		return s.q.p.EndAccess(ctx, a.tx, a.out, events.Ending{Submission: id, Actor: a.officer.Actor(), At: a.at.At, Reason: r.GetReason()})
	})
	return &processingv1.ReinstateAccessResponse{Case: c}, err
}

// step is an action on a submission's case; the answer is the case after it.
func (s *Restricted) step(ctx context.Context, r request, f func(*acting) error) (*processingv1.AccessCase, error) {
	if _, err := s.q.act(ctx, r, f); err != nil {
		return nil, err
	}
	c, known, err := store.LatestAccess(ctx, s.q.p.Pool, r.id)
	if err != nil || !known {
		return nil, noCase(err)
	}
	return s.caseOf(ctx, &c)
}

// none makes sure that no case is open; a lift whose time is over ends first.
func (s *Restricted) none(ctx context.Context, a *acting) error {
	c, open, err := store.OpenAccess(ctx, a.tx, a.submission.ID)
	switch {
	case err != nil || !open:
		return err
	case c.State == store.AccessLifted && !c.Live(a.at.At):
		return s.q.p.EndAccess(ctx, a.tx, a.out, events.Ending{Submission: a.submission.ID, Actor: events.System, At: a.at.At})
	}
	return fault.New(fault.Conflict, "ACCESS_CASE_OPEN", "a case is open already, by %s", c.Requester).
		WithMeta("requester", c.Requester).WithMeta("case_version", version(&c))
}

// inState is the submission's open case, which must be in a state.
func (s *Restricted) inState(ctx context.Context, a *acting, want store.AccessState) (*store.Access, error) {
	c, open, err := store.OpenAccess(ctx, a.tx, a.submission.ID)
	switch {
	case err != nil:
		return nil, err
	case !open:
		return nil, noCase(nil)
	case c.State != want:
		return nil, movedOn(&c)
	}
	return &c, nil
}

// movedOn tells what somebody else did with the case.
func movedOn(c *store.Access) error {
	return fault.New(fault.Conflict, "ACCESS_CASE_CHANGED", "the case is %s", stateWord(c.State)).
		WithHelp("Read it again before acting.").WithMeta("case_version", version(c)).WithMeta("state", stateWord(c.State))
}

func noCase(err error) error {
	if err != nil {
		return postgres.Classify(err)
	}
	return fault.New(fault.NotFound, "ACCESS_CASE_NOT_FOUND", "the submission has no open case of restricted access").
		WithHelp("The officer who holds the entry records the contact with the authority first.")
}

// noConflict refuses records an officer must not see.
func noConflict(ctx context.Context, a *acting, officer string, crns ...string) error {
	conflicts, err := store.Conflicts(ctx, a.tx, officer)
	if err != nil {
		return err
	}
	for _, c := range conflicts {
		for _, crn := range crns {
			if c == crn {
				return conflict.RefusalOf(officer)
			}
		}
	}
	return nil
}

// timeBox is how long a lift lasts.
func timeBox(minutes int32) (int, time.Duration, error) {
	n := int(minutes)
	if n == 0 {
		n = usualLift
	}
	if n < 1 || n > longestLift {
		return 0, 0, fault.InvalidField("minutes", "must be between 1 and %d", longestLift)
	}
	return n, time.Duration(n) * time.Minute, nil
}
