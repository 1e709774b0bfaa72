package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// officer works on the queue through whichever replica answers: what needs no
// look at the register is decided, notices in force are revoked, some are
// returned and some sent to automatic processing again.
type officer struct {
	*clients
	queues []processingv1.QueueServiceClient
	r      *rand.Rand
}

func (c *clients) officer(ctx context.Context) {
	o := &officer{clients: c, r: c.w.random(50)}
	for _, name := range []string{"autoprocessing-1", "autoprocessing-2"} {
		conn, err := c.w.dial(name, identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer", "officer"}})
		if err != nil {
			c.wrong("dial: %v", err)
			return
		}
		defer conn.Close()
		o.queues = append(o.queues, processingv1.NewQueueServiceClient(conn))
	}
	for ctx.Err() == nil {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		list, err := o.queues[o.r.IntN(2)].SearchSubmissions(call, &processingv1.SearchSubmissionsRequest{
			Statuses: []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED}, PageSize: 20, Unassigned: true,
			Reasons: []eventv1.RejectionReason{
				eventv1.RejectionReason_REJECTION_REASON_NO_MATCH, eventv1.RejectionReason_REJECTION_REASON_DECLARATION_REQUIRED,
				eventv1.RejectionReason_REJECTION_REASON_ACTIVE_NOTICE_NEEDS_OFFICER,
			},
		})
		cancel()
		if err != nil || len(list.GetSubmissions()) == 0 {
			if code := status.Code(err); code != codes.OK && !passing(code) {
				c.wrong("the officer's search was answered %v", err)
			}
			sleep(ctx, 200*time.Millisecond)
			continue
		}
		for _, s := range list.GetSubmissions() {
			o.act(ctx, s)
		}
	}
}

// act claims an entry and does something about it.
func (o *officer) act(ctx context.Context, s *processingv1.SubmissionSummary) {
	id := s.GetSubmissionId()
	claimed, err := o.queues[o.r.IntN(2)].Claim(ctx, &processingv1.ClaimRequest{SubmissionId: id})
	if err != nil {
		return // withdrawn meanwhile, or out of reach
	}
	version, action := claimed.GetSubmission().GetVersion(), fmt.Sprintf("chaos-%d", o.w.seed)
	switch dice := o.r.IntN(20); {
	case s.GetInformationType() == eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_REVOKE:
		o.record(ctx, o.revocation(ctx, claimed.GetSubmission(), action))
	case dice == 0:
		_, _ = o.queues[o.r.IntN(2)].Reprocess(ctx, &processingv1.ReprocessRequest{SubmissionId: id, Version: version})
	case dice == 1:
		o.insist(ctx, id, eventv1.Outcome_OUTCOME_RETURNED, func(ctx context.Context, q processingv1.QueueServiceClient) error {
			_, err := q.ReturnToAuthority(ctx, &processingv1.ReturnToAuthorityRequest{SubmissionId: id, Version: version, ActionId: action, Declaration: true, Note: "Lodge again, please."})
			return err
		})
	default:
		o.record(ctx, &processingv1.RecordOutcomeRequest{
			SubmissionId: id, Version: version, ActionId: action, Outcome: outcomeOf(s.GetInformationType()), Declaration: true, Note: "Checked by hand.",
		})
	}
}

// revocation revokes all notices of the authority that are not over.
func (o *officer) revocation(ctx context.Context, s *processingv1.SubmissionSummary, action string) *processingv1.RecordOutcomeRequest {
	detail, err := o.queues[o.r.IntN(2)].GetSubmissionDetail(ctx, &processingv1.GetSubmissionDetailRequest{SubmissionId: s.GetSubmissionId()})
	if err != nil {
		return nil
	}
	change := &processingv1.RegisterChange{}
	for _, n := range detail.GetNotices() {
		live := n.GetState() == eventv1.NoticeState_NOTICE_STATE_ACTIVE || n.GetState() == eventv1.NoticeState_NOTICE_STATE_INACTIVE
		if live && n.GetAuthorityId() == s.GetAuthorityId() {
			change.RevokeNoticeIds = append(change.RevokeNoticeIds, n.GetNoticeId())
		}
	}
	return &processingv1.RecordOutcomeRequest{
		SubmissionId: s.GetSubmissionId(), Version: s.GetVersion(), ActionId: action, Outcome: eventv1.Outcome_OUTCOME_REVOKED,
		Declaration: true, Note: "Revoked by hand.", RegisterChange: change,
	}
}

func (o *officer) record(ctx context.Context, r *processingv1.RecordOutcomeRequest) {
	if r == nil {
		return
	}
	o.insist(ctx, r.GetSubmissionId(), r.GetOutcome(), func(ctx context.Context, q processingv1.QueueServiceClient) error {
		_, err := q.RecordOutcome(ctx, r)
		return err
	})
}

// insist repeats one action, under one action id and with either replica, until
// it is answered; what it is told is recorded must be so for ever.
func (o *officer) insist(ctx context.Context, id string, outcome eventv1.Outcome, act func(context.Context, processingv1.QueueServiceClient) error) {
	for at := o.r.IntN(2); ctx.Err() == nil; at = 1 - at {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := act(call, o.queues[at])
		cancel()
		switch code := status.Code(err); {
		case code == codes.OK:
			o.outcomes.Store(id, outcome)
			o.refused.Delete(id) // a claim had run out; this one had not
			o.recorded.Add(1)
			return
		case code == codes.Unavailable, code == codes.DeadlineExceeded, code == codes.ResourceExhausted, code == codes.Canceled:
			sleep(ctx, 100*time.Millisecond)
		case code == codes.Aborted, code == codes.FailedPrecondition, code == codes.InvalidArgument:
			o.refused.Store(id, status.Convert(err).Message()) // withdrawn meanwhile, or the register is another by now
			return
		default:
			o.wrong("an officer's action was answered %v", err)
			return
		}
	}
}
