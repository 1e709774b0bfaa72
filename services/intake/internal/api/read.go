package api

import (
	"context"
	"regexp"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

const defaultPage = 50

// reference is what an authority may lodge under, and what the hub makes of it for
// submissions it creates.
var reference = regexp.MustCompile(`^(~[A-Z]{3}:)?[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$`)

// absent answers for submissions that do not exist and for those of others.
func absent() error {
	return fault.New(fault.NotFound, "SUBMISSION_NOT_FOUND", "there is no such submission").
		WithHelp("Check the id or the reference; only your own submissions can be seen.")
}

// GetSubmission returns one of the caller's submissions.
func (s *Server) GetSubmission(ctx context.Context, request *intakev1.GetSubmissionRequest) (*intakev1.GetSubmissionResponse, error) {
	authority, err := identity.MustAuthority(ctx)
	if err != nil {
		return nil, err
	}
	var view *store.View
	switch {
	case request.GetSubmissionId() != "":
		id, err := parseID("submission_id", request.GetSubmissionId())
		if err != nil {
			return nil, err
		}
		view, err = s.Store.Get(ctx, authority, id)
		if err != nil {
			return nil, err
		}
	case request.GetReference() != "":
		if !reference.MatchString(request.GetReference()) {
			return nil, fault.InvalidField("reference", "is not of the form of a reference")
		}
		if view, err = s.Store.GetByReference(ctx, authority, request.GetReference()); err != nil {
			return nil, err
		}
	default:
		return nil, fault.InvalidField("submission_id", "give the submission's id or its reference")
	}
	if view == nil {
		return nil, absent()
	}
	message, err := viewMessage(view)
	if err != nil {
		return nil, err
	}
	statuses, err := s.Store.History(ctx, authority, view.SubmissionID)
	if err != nil {
		return nil, err
	}
	return &intakev1.GetSubmissionResponse{Submission: message, History: historyMessage(&view.Receipt, statuses)}, nil
}

// ListSubmissions pages through the caller's submissions.
func (s *Server) ListSubmissions(ctx context.Context, request *intakev1.ListSubmissionsRequest) (*intakev1.ListSubmissionsResponse, error) {
	authority, err := identity.MustAuthority(ctx)
	if err != nil {
		return nil, err
	}
	below, err := s.tokens.parsePage(authority, request.GetPageToken())
	if err != nil {
		return nil, err
	}
	limit := int(request.GetPageSize())
	if limit == 0 {
		limit = defaultPage
	}
	filter, err := filterOf(request)
	if err != nil {
		return nil, err
	}
	views, next, err := s.Store.List(ctx, authority, filter, below, limit)
	if err != nil {
		return nil, err
	}
	response := &intakev1.ListSubmissionsResponse{NextPageToken: s.tokens.page(authority, next)}
	for i := range views {
		message, err := viewMessage(&views[i])
		if err != nil {
			return nil, err
		}
		response.Submissions = append(response.Submissions, message)
	}
	return response, nil
}

func filterOf(request *intakev1.ListSubmissionsRequest) (store.Filter, error) {
	filter := store.Filter{CRN: request.GetCrn()}
	for _, t := range request.GetInformationTypes() {
		filter.Types = append(filter.Types, term.InformationType(t))
	}
	for _, t := range request.GetStatuses() {
		filter.Statuses = append(filter.Statuses, term.Status(t))
	}
	if from := request.GetLodgedFrom(); from != nil {
		if from.CheckValid() != nil {
			return filter, fault.InvalidField("lodged_from", "is not a valid time")
		}
		at := from.AsTime()
		filter.From = &at
	}
	if before := request.GetLodgedBefore(); before != nil {
		if before.CheckValid() != nil {
			return filter, fault.InvalidField("lodged_before", "is not a valid time")
		}
		at := before.AsTime()
		filter.Before = &at
	}
	return filter, nil
}

func parseID(path, text string) (clock.ID, error) {
	id, err := clock.ParseID(text)
	if err != nil {
		return id, fault.InvalidField(path, "is not a UUID")
	}
	return id, nil
}
