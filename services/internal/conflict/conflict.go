// Package conflict has the refusals of records that an officer must not see for a
// conflict of interest: their own, or a relative's. Every service that shows or
// changes what belongs to a customer refuses in the same words. Who must not see
// what each service keeps itself, from the event that tells of it.
package conflict

import "github.com/noticehub/noticehub/pkg/fault"

// Reason is the reason of the refusals; their kind is fault.Denied.
const Reason = "CONFLICT_OF_INTEREST"

// Refusal refuses the caller a record.
func Refusal() *fault.Error {
	return fault.New(fault.Denied, Reason, "you must not see this record").WithHelp("Leave it to another officer.")
}

// RefusalOf refuses to give an officer, who need not be the caller, what belongs
// to a record.
func RefusalOf(officer string) *fault.Error {
	return fault.New(fault.Denied, Reason, "%s must not see this record", officer).WithHelp("Leave it to another officer.")
}
