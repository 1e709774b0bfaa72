package api

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// SearchWorkItems pages through the items that match every filter. Filters by
// what is hidden of a restricted record's items leave these out.
func (s *Server) SearchWorkItems(ctx context.Context, r *workitemv1.SearchWorkItemsRequest) (*workitemv1.SearchWorkItemsResponse, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	search, err := s.searchOf(r)
	if err != nil {
		return nil, err
	}
	if search != nil {
		search.Unrestricted = hidden(officer, true) && (len(r.GetCodes()) > 0 || r.GetGroup() != 0 || r.GetMeasure() != 0)
	}
	filters := proto.Clone(r).(*workitemv1.SearchWorkItemsRequest)
	filters.PageSize, filters.PageToken = 0, ""
	items, next, err := s.page(ctx, officer, search, filters, "", r)
	return &workitemv1.SearchWorkItemsResponse{WorkItems: items, NextPageToken: next}, err
}

// ListMyWorkItems pages through the caller's open items.
func (s *Server) ListMyWorkItems(ctx context.Context, r *workitemv1.ListMyWorkItemsRequest) (*workitemv1.ListMyWorkItemsResponse, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	items, next, err := s.page(ctx, officer, &store.Search{Assignee: officer.ID, Open: true}, &workitemv1.ListMyWorkItemsRequest{}, officer.ID, r)
	return &workitemv1.ListMyWorkItemsResponse{WorkItems: items, NextPageToken: next}, err
}

// ListCustomerWorkItems pages through a customer's items of all measures.
func (s *Server) ListCustomerWorkItems(ctx context.Context, r *workitemv1.ListCustomerWorkItemsRequest) (*workitemv1.ListCustomerWorkItemsResponse, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	filters := &workitemv1.ListCustomerWorkItemsRequest{Crn: r.GetCrn(), IncludeClosed: r.GetIncludeClosed()}
	items, next, err := s.page(ctx, officer, &store.Search{CRN: r.GetCrn(), Open: true, Ended: r.GetIncludeClosed()}, filters, "", r)
	return &workitemv1.ListCustomerWorkItemsResponse{WorkItems: items, NextPageToken: next}, err
}

// CountWorkItems returns the kept counts of open items; those of restricted
// records are counted for the Restricted Access officer only.
func (s *Server) CountWorkItems(ctx context.Context, r *workitemv1.CountWorkItemsRequest) (*workitemv1.CountWorkItemsResponse, error) {
	officer, err := officerOf(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.Store.OpenCounts(ctx, s.codes, r.GetOffice(), hidden(officer, true))
	if err != nil {
		return nil, err
	}
	return countsOf(counts), nil
}

func countsOf(counts []store.Count) *workitemv1.CountWorkItemsResponse {
	response := &workitemv1.CountWorkItemsResponse{Counts: make([]*workitemv1.WorkItemCount, len(counts))}
	for i, c := range counts {
		response.Counts[i] = &workitemv1.WorkItemCount{Code: c.Code, Office: c.Office, Open: c.Open}
	}
	return response
}

type paged interface {
	GetPageSize() int32
	GetPageToken() string
}

// page reads one page of a list and the token of the next one; a nil search
// matches nothing.
func (s *Server) page(ctx context.Context, o item.Officer, search *store.Search, filters proto.Message, whose string, r paged) ([]*workitemv1.WorkItem, string, error) {
	l, err := listOf(filters, whose)
	if err != nil {
		return nil, "", err
	}
	after, err := l.position(r.GetPageToken())
	if err != nil || search == nil {
		return nil, "", err
	}
	search.After = after
	n := size(r.GetPageSize())
	search.Limit = n + 1 // one more tells whether there is a next page
	found, err := s.Store.SearchItems(ctx, search)
	if err != nil {
		return nil, "", err
	}
	next := ""
	if len(found) > n {
		found = found[:n]
		next = l.token(found[n-1].RaisedAt, found[n-1].ID)
	}
	items := make([]*workitemv1.WorkItem, len(found))
	for i := range found {
		items[i] = s.workItem(&found[i], o)
	}
	return items, next, nil
}

// searchOf reads the filters; the search is nil when they exclude each other.
func (s *Server) searchOf(r *workitemv1.SearchWorkItemsRequest) (*store.Search, error) {
	search := &store.Search{
		CRN: r.GetCrn(), Office: r.GetOffice(), Measure: term.Measure(r.GetMeasure()), Assignee: r.GetAssignee(),
		Open: r.GetState() != workitemv1.State_STATE_CLOSED,
		Ended: r.GetState() == workitemv1.State_STATE_CLOSED ||
			r.GetState() == workitemv1.State_STATE_ALL,
	}
	if search.Assignee == nobody {
		search.Assignee, search.Unassigned = "", true
	} else if err := checkOfficer("assignee", search.Assignee); err != nil {
		return nil, err
	}
	if t := r.GetRaisedFrom(); t != nil {
		search.RaisedFrom = t.AsTime()
	}
	if t := r.GetRaisedBefore(); t != nil {
		if search.RaisedBefore = t.AsTime(); !search.RaisedBefore.After(search.RaisedFrom) {
			return nil, fault.InvalidField("raised_before", "it must be after raised_from")
		}
	}
	codes, err := s.codesOf(r.GetCodes())
	if err != nil {
		return nil, err
	}
	search.Codes = codes
	if r.GetGroup() != 0 {
		group := s.codesIn(r.GetGroup())
		if len(search.Codes) == 0 {
			search.Codes = group
		} else {
			search.Codes = slices.DeleteFunc(search.Codes, func(code string) bool { return !slices.Contains(group, code) })
		}
		if len(search.Codes) == 0 {
			return nil, nil
		}
	}
	if search.Office != "" && len(search.Codes) == 0 {
		search.Codes = s.codes
	}
	return search, nil
}

// codesOf looks codes and aliases up, each once.
func (s *Server) codesOf(words []string) ([]string, error) {
	var codes []string
	var unknown *fault.Error
	for i, word := range words {
		e, ok := s.Catalogue.Find(word)
		field := fmt.Sprintf("codes[%d]", i)
		switch {
		case ok && !slices.Contains(codes, e.Code):
			codes = append(codes, e.Code)
		case ok:
		case unknown == nil:
			unknown = fault.InvalidField(field, "there is no work item %q", word).WithHelp("The catalogue lists all codes.")
		default:
			unknown = unknown.WithField(field, fmt.Sprintf("there is no work item %q", word))
		}
	}
	if unknown != nil {
		return nil, unknown
	}
	return codes, nil
}
