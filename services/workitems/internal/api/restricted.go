package api

import (
	"github.com/noticehub/noticehub/pkg/fault"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/workitems/internal/item"
)

// What is known here of a restricted record is for the Restricted Access officer
// alone (rules 2.2), who actions its items in the place of others: everybody
// else sees that there is one, where it lies and who has it, so that no work is
// lost; not what of, since a code tells of the record. Filters by what is hidden
// and counts leave these items out, or they would tell it.
//
// A lift of access is given to decide one submission and does not open these items,
// which that does not need.

// hidden reports whether what is personal must not be shown to the officer.
func hidden(o item.Officer, restricted bool) bool {
	return restricted && !o.Has(item.RestrictedOfficer)
}

// Words that stand for what is hidden.
const (
	hiddenTitle = "Work item of a restricted record"
	// plainTitle stands for an officer's own words about a restricted record.
	plainTitle = "Manual follow-up"
)

// hide leaves of an item what everybody may see of a restricted record's.
func hide(w *workitemv1.WorkItem) {
	w.Code, w.Title, w.Group, w.Measure, w.DueOn = "", hiddenTitle, 0, 0, ""
	w.ActionedBy, w.WorkflowOnly, w.ServiceComponent, w.ServiceComponentRecorded = 0, false, "", false
}

// hideActivity is hide for a line of the activity list.
func hideActivity(a *workitemv1.Activity) {
	a.Code, a.Title, a.Keywords, a.MaturesOn = "", plainTitle, nil, ""
	if a.GetKind() == workitemv1.ActivityKind_ACTIVITY_KIND_INM_ACT {
		a.Title = hiddenTitle
	}
}

func restrictedRecord() *fault.Error {
	return fault.New(fault.Denied, "RESTRICTED_ACCESS", "access to the customer's record is restricted").
		WithHelp("Leave it to the Restricted Access officer.")
}

// termsFor are the terms of an item's code for the officer: whatever role else is
// needed, the Restricted Access officer actions the items of restricted records.
func (s *Server) termsFor(code string, o item.Officer, restricted bool) item.Terms {
	terms := s.terms[code]
	if restricted && o.Has(item.RestrictedOfficer) {
		terms.By = item.ByAny
	}
	return terms
}
