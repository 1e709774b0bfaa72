package api

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

const defaultPage = 50

func searchOf(r *processingv1.SearchSubmissionsRequest, at decision.Moment) (*store.Search, error) {
	s := &store.Search{
		Functions: terms[term.BusinessFunction](r.GetBusinessFunctions()), Authorities: r.GetAuthorityIds(),
		Types: terms[term.InformationType](r.GetInformationTypes()), Statuses: terms[term.Status](r.GetStatuses()),
		Reasons: terms[term.Reason](r.GetReasons()), HeldBy: r.GetAssignedTo(), Unheld: r.GetUnassigned(),
		CRN: r.GetCrn(), Reference: r.GetReference(), Newest: r.GetOrder() == processingv1.SortOrder_SORT_ORDER_NEWEST_FIRST,
		Limit: int(r.GetPageSize()), Now: at.At, Today: at.Today,
	}
	if s.HeldBy != "" && s.Unheld {
		return nil, fault.InvalidField("unassigned", "nobody's entries and an officer's exclude each other")
	}
	if s.Limit == 0 {
		s.Limit = defaultPage
	}
	if t := r.GetLodgedFrom(); t != nil {
		s.LodgedFrom = t.AsTime()
	}
	if t := r.GetLodgedBefore(); t != nil {
		s.LodgedBefore = t.AsTime()
	}
	if days := r.GetMinAgeDays(); days > 0 {
		s.EnteredBefore = at.At.AddDate(0, 0, -int(days))
	}
	only := len(s.Statuses) == 1 && s.Statuses[0] == term.Unprocessed
	s.NotOnHold = only && !r.GetIncludeHeld()
	var err error
	s.After, err = positionOf(r.GetPageToken(), s.Newest)
	return s, err
}

// terms turns the enums of the contract into the field's terms; the numbers are
// the same. Unset ones in a list mean nothing and are left out.
func terms[T ~int16, E ~int32](values []E) []T {
	var out []T
	for _, v := range values {
		if v != 0 {
			out = append(out, T(v))
		}
	}
	return out
}

// A page token is the position of the last row and the order, in 25 bytes.
const tokenSize = 1 + 8 + 16

func tokenOf(s *store.Submission, newest bool) string {
	b := make([]byte, 1, tokenSize)
	if newest {
		b[0] = 1
	}
	b = binary.BigEndian.AppendUint64(b, uint64(s.LodgedAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, s.ID[:]...))
}

func positionOf(token string, newest bool) (store.Position, error) {
	if token == "" {
		return store.Position{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenSize || b[0] > 1 {
		return store.Position{}, fault.InvalidField("page_token", "it is not a token of this search")
	}
	if (b[0] == 1) != newest {
		return store.Position{}, fault.InvalidField("page_token", "it belongs to a search in the other order")
	}
	id, err := clock.IDFromBytes(b[9:])
	return store.Position{LodgedAt: time.UnixMicro(int64(binary.BigEndian.Uint64(b[1:9]))).UTC(), ID: id}, err
}

// words is the policy of today, for descriptions.
func (q *Queue) words(at decision.Moment) (*policy.Policy, error) { return q.p.Policies.On(at.Today) }

func summaryOf(f *store.Found, at decision.Moment, words *policy.Policy) *processingv1.SubmissionSummary {
	s := &processingv1.SubmissionSummary{
		SubmissionId: f.ID.String(), AuthorityId: f.AuthorityID, BusinessFunction: eventv1.BusinessFunction(f.Function), Reference: f.Reference,
		InformationType: eventv1.InformationType(f.Type), Status: eventv1.SubmissionStatus(f.Status), Outcome: eventv1.Outcome(f.Outcome), Crn: f.CRN,
		LodgedAt: timestamppb.New(f.LodgedAt), Since: timestamppb.New(f.Since), CaseWorker: f.CaseWorker, Version: int32(f.Version),
	}
	if f.Status != term.Unprocessed {
		return s
	}
	s.Reasons = enums[eventv1.RejectionReason](f.Entry.Reasons)
	s.Description = decision.Description(words, f.Entry.Reasons)
	h := f.Entry.Holding.At(at.At, at.Today)
	s.HeldBy = h.HeldBy
	if h.HeldBy != "" && !h.Assigned {
		s.ClaimExpiresAt = timestamppb.New(h.Until)
	}
	if h.HoldUntil != nil {
		s.HoldUntil = h.HoldUntil.String()
	}
	return s
}

func enums[E ~int32, T ~int16](values []T) []E {
	var out []E
	for _, v := range values {
		out = append(out, E(v))
	}
	return out
}

// ages names the groups of CountQueue by their first day.
var ages = map[string]string{"0": "0-1", "2": "2-4", "5": "5-9", "10": "10-29", "30": "30+"}

func countsOf(c *store.Counts) *processingv1.CountQueueResponse {
	r := &processingv1.CountQueueResponse{Open: c.Open, HeldByOfficers: c.Held, OnHold: c.OnHold}
	if c.OldestSince != nil {
		r.OldestSince = timestamppb.New(*c.OldestSince)
	}
	for _, n := range c.By {
		value := n.Value
		number, _ := strconv.Atoi(value)
		switch n.Dimension {
		case "reason":
			value = term.Reason(number).String()
		case "information_type":
			value = term.InformationType(number).String()
		case "age_days":
			value = ages[value]
		}
		r.Counts = append(r.Counts, &processingv1.QueueCount{Dimension: n.Dimension, Value: value, Count: n.N})
	}
	return r
}
