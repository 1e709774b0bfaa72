package events

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/internal/packet"
	"github.com/noticehub/noticehub/services/registry/internal/document"
)

// Fields of a decision that are looked at without decoding it. A test holds
// them to the descriptors.
const (
	decidedResult protowire.Number = 6
	decidedByHand protowire.Number = 11
)

// Decode takes the events the registry acts on out of a decided message: those
// of notices, lifts of restricted access, and the decisions that place a document. Thousands of automatic
// decisions a second place none.
var Decode = packet.OnlyWhere(unordered, map[protoreflect.Name]func([]byte) bool{
	"submission_decided": placesDocument,
	"notice_activated":   nil, "notice_extended": nil, "notice_ended": nil, "notice_revoked": nil, "notice_shortened": nil, "notice_recorded": nil,
	"access_lifted": nil, "access_reinstated": nil, "conflict_declared": nil,
})

// DecodeOne decodes one event, as kept while it is parked.
var DecodeOne = packet.DecodeParked(unordered)

// placesDocument looks at an encoded decision; one that it cannot read is wanted.
func placesDocument(decided []byte) bool {
	var outcome term.Outcome
	byOfficer := false
	for rest := decided; len(rest) > 0; {
		number, kind, tag := protowire.ConsumeTag(rest)
		if tag < 0 {
			return true
		}
		n := protowire.ConsumeFieldValue(number, kind, rest[tag:])
		if n < 0 {
			return true
		}
		if kind == protowire.VarintType && (number == decidedResult || number == decidedByHand) {
			v, _ := protowire.ConsumeVarint(rest[tag:])
			if number == decidedResult {
				outcome = term.Outcome(v)
			} else {
				byOfficer = v != 0
			}
		}
		rest = rest[tag+n:]
	}
	return document.Wanted(outcome, byOfficer)
}
