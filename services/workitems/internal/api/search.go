package api

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/workitems/internal/store"
)

// SearchWorkItems pages through the items that match every filter. Filters by
// what is hidden of a restricted record's items leave these out.
func (s *Server) SearchWorkItems(ctx context.Context, r *workitemv1.SearchWorkItemsRequest) (*workitemv1.SearchWorkItemsResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := officer.noConflict(r.GetCrn()); err != nil {
		return nil, err
	}
	search, err := s.searchOf(r)
	if err != nil {
		return nil, err
	}
	if search != nil && (len(r.GetCodes()) > 0 || r.GetGroup() != 0 || r.GetMeasure() != 0) {
		search.Unrestricted, search.Without = hidden(officer.Officer, true), officer.conflicts
	}
	filters := proto.Clone(r).(*workitemv1.SearchWorkItemsRequest)
	filters.PageSize, filters.PageToken, filters.Count = 0, "", false
	p, err := s.page(ctx, officer, search, filters, "", r)
	return &workitemv1.SearchWorkItemsResponse{WorkItems: p.items, NextPageToken: p.next, Total: p.total}, err
}

// ListMyWorkItems pages through the caller's open items.
func (s *Server) ListMyWorkItems(ctx context.Context, r *workitemv1.ListMyWorkItemsRequest) (*workitemv1.ListMyWorkItemsResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.page(ctx, officer, &store.Search{Assignee: officer.ID, Open: true}, &workitemv1.ListMyWorkItemsRequest{}, officer.ID, r)
	return &workitemv1.ListMyWorkItemsResponse{WorkItems: p.items, NextPageToken: p.next, Total: p.total}, err
}

// ListCustomerWorkItems pages through a customer's items of all measures.
func (s *Server) ListCustomerWorkItems(ctx context.Context, r *workitemv1.ListCustomerWorkItemsRequest) (*workitemv1.ListCustomerWorkItemsResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	if err := officer.noConflict(r.GetCrn()); err != nil {
		return nil, err
	}
	filters := &workitemv1.ListCustomerWorkItemsRequest{Crn: r.GetCrn(), IncludeClosed: r.GetIncludeClosed()}
	p, err := s.page(ctx, officer, &store.Search{CRN: r.GetCrn(), Open: true, Ended: r.GetIncludeClosed()}, filters, "", r)
	return &workitemv1.ListCustomerWorkItemsResponse{WorkItems: p.items, NextPageToken: p.next}, err
}

// CountWorkItems returns the kept counts of open items; those of restricted
// records are counted for the Restricted Access officer only, those of records
// the caller must not see not at all.
func (s *Server) CountWorkItems(ctx context.Context, r *workitemv1.CountWorkItemsRequest) (*workitemv1.CountWorkItemsResponse, error) {
	officer, err := s.viewerOf(ctx)
	if err != nil {
		return nil, err
	}
	counts, err := s.Store.OpenCounts(ctx, s.codes, r.GetOffice(), hidden(officer.Officer, true), officer.conflicts...)
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

// onePage is a page of a list, the token of the next one, and how many items all
// pages have where that was asked for.
type onePage struct {
	items []*workitemv1.WorkItem
	next  string
	total *workitemv1.ItemTotal
}

// page reads one page of a list; a nil search matches nothing.
func (s *Server) page(ctx context.Context, o viewer, search *store.Search, filters proto.Message, whose string, r paged) (p onePage, err error) {
	l, err := listOf(filters, whose)
	if err != nil {
		return p, err
	}
	after, err := l.position(r.GetPageToken())
	if err != nil {
		return p, err
	}
	counted, ok := r.(interface{ GetCount() bool })
	count := ok && counted.GetCount()
	if count {
		p.total = &workitemv1.ItemTotal{}
	}
	if search == nil {
		return p, nil
	}
	search.After = after
	n := size(r.GetPageSize())
	search.Limit = n + 1 // one more tells whether there is a next page
	var found []store.Found
	if count {
		var total store.Total
		found, total, err = s.Store.SearchAndCount(ctx, search)
		p.total.Items, p.total.More = total.Items, total.More
	} else {
		found, err = s.Store.SearchItems(ctx, search)
	}
	if err != nil {
		return p, err
	}
	if len(found) > n {
		found = found[:n]
		p.next = l.token(found[n-1].RaisedAt, found[n-1].ID)
	}
	p.items = make([]*workitemv1.WorkItem, len(found))
	for i := range found {
		p.items[i] = s.workItem(&found[i], o)
	}
	return p, nil
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
		search.Codes, search.EveryCode = s.codes, true
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
