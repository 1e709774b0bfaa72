package canary

import (
	"slices"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

const childName protoreflect.FullName = "noticehub.registry.v1.Child.given_name"

// untold are what an event of a restricted record says nothing of: who and where
// the customer and the children are.
var untold = []protoreflect.FullName{
	childName,
	"noticehub.registry.v1.Name.family_name", "noticehub.registry.v1.Name.given_name",
	"noticehub.registry.v1.Customer.date_of_birth", "noticehub.registry.v1.Customer.gender",
	"noticehub.registry.v1.Address.street", "noticehub.registry.v1.Address.locality", "noticehub.registry.v1.Address.postcode",
	"noticehub.registry.v1.Payment.from_date",
}

// lookAtRecord looks at a changed record as its event carries it.
func (s *stage) lookAtRecord(e *eventv1.CircumstanceChanged) {
	restricted := false
	for _, image := range [][]byte{e.GetBefore(), e.GetAfter()} {
		c := new(registryv1.Customer)
		if proto.Unmarshal(image, c) != nil {
			return // the poison
		}
		restricted = restricted || c.GetRestrictedAccess()
	}
	found := s.set.Find(append(slices.Clone(e.GetBefore()), e.GetAfter()...))
	told := slices.DeleteFunc(found, func(b Bird) bool { return !slices.Contains(untold, b.Field) })
	if restricted {
		s.restricted++
		s.hit("an event of a restricted record", told...)
		return
	}
	for _, b := range told {
		if b.Field == childName {
			s.children++
		}
	}
}
