package report

import (
	"encoding/base32"
	"strings"

	"github.com/noticehub/noticehub/pkg/clock"
)

// Circumstance is a kind of change an authority is told of while its notice is
// in force (rules.md 2). The numbers are those of the contract.
type Circumstance int32

// The kinds, in the order in which they are named.
const (
	Address Circumstance = iota + 1
	Partner
	Children
)

var circumstances = []string{"address", "partner", "children in care"}

// ChangeNote says in plain words which circumstances changed, never to what; a
// kind given twice is named once. False when none is given, or one is not known.
func ChangeNote(kinds []Circumstance) (string, bool) {
	var changed [3]bool
	for _, k := range kinds {
		if k < Address || k > Children {
			return "", false
		}
		changed[k-Address] = true
	}
	var named []string
	for i, yes := range changed {
		if yes {
			named = append(named, circumstances[i])
		}
	}
	return "Changed circumstances: " + strings.Join(named, ", "), len(named) > 0
}

var short = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ChangeReference is the reference of a notification's line, such as
// "~coc-g5k2m8w0r3x1v7qd": what of the id is not time, short enough to be read
// out on the phone.
func ChangeReference(id clock.ID) string { return "~coc-" + short.EncodeToString(id[6:]) }
