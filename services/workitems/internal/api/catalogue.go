package api

import (
	"context"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/catalogue"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// termsOf is what the rules of an item's life need of the catalogue; the
// numbers of ActionedBy are the same.
func termsOf(e catalogue.Entry) item.Terms {
	return item.Terms{By: item.ActionedBy(e.ActionedBy), WorkflowOnly: e.WorkflowOnly, Workflow: e.ActionRequired, Component: e.Component}
}

// entry is what the catalogue says of a code. An item whose code left the
// catalogue is still shown, by its code.
func (s *Server) entry(code string) catalogue.Entry {
	if e, ok := s.Catalogue.Find(code); ok {
		return e
	}
	return catalogue.Entry{Code: code, Title: code}
}

// codesIn are the codes of a group.
func (s *Server) codesIn(group workitemv1.Group) []string {
	var codes []string
	for _, e := range s.Catalogue.Entries() {
		if workitemv1.Group(e.Group) == group {
			codes = append(codes, e.Code)
		}
	}
	return codes
}

// ListCatalogue returns the catalogue by code.
func (s *Server) ListCatalogue(context.Context, *workitemv1.ListCatalogueRequest) (*workitemv1.ListCatalogueResponse, error) {
	response := &workitemv1.ListCatalogueResponse{}
	for _, e := range s.Catalogue.Entries() {
		line := &workitemv1.CatalogueEntry{
			Code: e.Code, Aliases: e.Aliases, Title: e.Title, Group: workitemv1.Group(e.Group), ActionedBy: workitemv1.ActionedBy(e.ActionedBy),
			ActionRequired: e.ActionRequired, RaisedWhen: e.RaisedWhen, WorkflowOnly: e.WorkflowOnly, ServiceComponent: e.Component,
		}
		for _, m := range e.Measures {
			line.Measures = append(line.Measures, eventv1.Measure(m))
		}
		response.Entries = append(response.Entries, line)
	}
	return response, nil
}
