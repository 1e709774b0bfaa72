package canary

import "strings"

// columns are those that may hold personal data, by table. Every other column of
// every table, those of the audit log above all, holds none.
var columns = map[string][]string{
	// What authorities lodged, and where it stands.
	"intake.submission": {"payload", "reference", "case_worker", "crn"},
	"intake.status":     {"crn", "note"},
	"intake.withdrawal": {"reference", "note"},
	// What is decided, by which facts, and what officers wrote about it.
	"autoprocessing.submission":      {"reference", "case_worker", "crn"},
	"autoprocessing.customer_anchor": {"crn"},
	"autoprocessing.decision":        {"crn", "facts"},
	"autoprocessing.disclosure":      {"crn", "content"},
	"autoprocessing.queue_entry":     {"lodged", "candidates"},
	"autoprocessing.note":            {"text"},
	"autoprocessing.transition":      {"crn", "note_for_authority"},
	"autoprocessing.withdrawal":      {"reference", "note"},
	"autoprocessing.notice":          {"crn"},
	// Who may open which restricted record, and why.
	"autoprocessing.access_case": {"crn"},
	"autoprocessing.access_step": {"reason"},
	"autoprocessing.conflict":    {"crn", "reason"},
	"registry.lift":              {"crn"},
	"registry.conflict":          {"crn"},
	"registry.opening":           {"crn", "reason"},
	// What authorities are told.
	"adviceoutcome.outcome":      {"crn", "reference", "note"},
	"adviceoutcome.report_chunk": {"content"},
	"adviceoutcome.redelivery":   {"reason"},
	// Customers' records.
	"registry.customer":         {"crn", "body", "partner_crn", "nominee_crn"},
	"registry.customer_version": {"crn", "reason", "body"},
	"registry.customer_name":    {"crn", "family_norm", "given_norm", "dob"},
	"registry.document":         {"crn", "title", "body"},
	"registry.notice":           {"crn"},
	"registry.card_hold":        {"crn"},
	"registry.feed_record":      {"crn", "reference"},
	"registry.feed_quarantine":  {"crn", "reference", "record"},
	"registry.follow_on":        {"crn"},
	// Work that follows from them.
	"workitems.customer":       {"crn", "facts"},
	"workitems.notice":         {"crn"},
	"workitems.conflict":       {"crn"},
	"workitems.work_item":      {"crn", "value", "cause", "occurrence"},
	"workitems.covered":        {"crn", "cause", "occurrence"},
	"workitems.work_item_step": {"note"},
	"workitems.follow_up":      {"crn", "title", "keywords", "note"},
}

// couriers are the tables each service has for messages on their way: bodies
// and, where events wait for others of their customer, whose they are.
var couriers = map[string]string{"outbox": "payload", "parked": "data", "parked.key": "key"}

// mayHold reports whether a column, schema.table.column, may hold personal data.
func mayHold(column string) bool {
	schema, rest, _ := strings.Cut(column, ".")
	for table, name := range couriers {
		table, _, _ = strings.Cut(table, ".")
		if schema != "audit" && rest == table+"."+name {
			return true
		}
	}
	for table, names := range columns {
		for _, name := range names {
			if column == table+"."+name {
				return true
			}
		}
	}
	return false
}
