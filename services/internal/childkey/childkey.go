// Package childkey makes the keys by which a customer's children are told apart
// where their names are not told: in the events of restricted records and in
// what work items keep.
package childkey

import "github.com/noticehub/noticehub/pkg/audit"

// Of is the key of a customer's child: its given name and birth date
// (yyyy-mm-dd, as recorded) make it, hashed with the key all services share for
// what they do not name. It is the cause of work items, so it is the same for
// ever and in every service; children of different customers never share one.
func Of(w *audit.Writer, crn, givenName, born string) string {
	return w.Pseudonym("child", crn, givenName, born)
}
