package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// officer decides what needs no register change, from the queue, through
// whichever replica answers.
func (c *clients) officer(ctx context.Context) {
	var queues []processingv1.QueueServiceClient
	for _, name := range []string{"autoprocessing-1", "autoprocessing-2"} {
		conn, err := c.w.dial(name, identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer"}})
		if err != nil {
			c.wrong("dial: %v", err)
			return
		}
		defer conn.Close()
		queues = append(queues, processingv1.NewQueueServiceClient(conn))
	}
	for turn := 0; ctx.Err() == nil; turn++ {
		q := queues[turn%2]
		list, err := q.SearchSubmissions(ctx, &processingv1.SearchSubmissionsRequest{
			Statuses: []eventv1.SubmissionStatus{eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED}, PageSize: 20,
			Reasons: []eventv1.RejectionReason{eventv1.RejectionReason_REJECTION_REASON_NO_MATCH, eventv1.RejectionReason_REJECTION_REASON_DECLARATION_REQUIRED},
		})
		if err != nil || len(list.GetSubmissions()) == 0 {
			time.Sleep(200 * time.Millisecond)
			continue
		}
		for _, s := range list.GetSubmissions() {
			c.decide(ctx, queues, s)
		}
	}
}

// decide claims and records; the recording is repeated with the same action id,
// by either replica, until it is answered.
func (c *clients) decide(ctx context.Context, queues []processingv1.QueueServiceClient, s *processingv1.SubmissionSummary) {
	claimed, err := queues[0].Claim(ctx, &processingv1.ClaimRequest{SubmissionId: s.GetSubmissionId()})
	if err != nil {
		return // withdrawn meanwhile, or out of reach: it comes again
	}
	outcome := eventv1.Outcome_OUTCOME_NOT_MATCHED
	if s.GetInformationType() == eventv1.InformationType_INFORMATION_TYPE_VOLUNTARY_REFERRAL {
		outcome = eventv1.Outcome_OUTCOME_REFERRAL_NOTED
	}
	for attempt := 0; ctx.Err() == nil && attempt < 100; attempt++ {
		call, cancel := context.WithTimeout(ctx, 3*time.Second)
		_, err := queues[attempt%2].RecordOutcome(call, &processingv1.RecordOutcomeRequest{
			SubmissionId: s.GetSubmissionId(), Version: claimed.GetSubmission().GetVersion(), ActionId: fmt.Sprintf("chaos-%d", c.w.seed%1000),
			Outcome: outcome, Declaration: true, Note: "Checked by hand.",
		})
		cancel()
		switch status.Code(err) {
		case codes.OK:
			c.outcomes.Store(s.GetSubmissionId(), outcome)
			c.recorded.Add(1)
			return
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Canceled:
			time.Sleep(100 * time.Millisecond)
		default:
			return // somebody else acted: withdrawn
		}
	}
}
