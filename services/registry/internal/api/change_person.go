package api

import (
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// person applies a change of who the customer is, lives with and cares for.
func (a amendment) person(change *registryv1.Change) *fault.Error {
	r := a.record
	switch c := change.GetChange().(type) {
	case *registryv1.Change_PutAddress:
		a.endAddress(c.PutAddress.GetType())
		r.Addresses = append(r.Addresses, c.PutAddress)
	case *registryv1.Change_EndAddress:
		if !a.endAddress(c.EndAddress) {
			return misfit("the record has no address of this type")
		}
	case *registryv1.Change_PutName:
		return a.rename(c.PutName)
	case *registryv1.Change_DateOfDeath:
		born, err := calendar.ParseDate(r.GetDateOfBirth())
		if died, _ := calendar.ParseDate(c.DateOfDeath); err == nil && died < born {
			return misfit("the customer was born later")
		}
		r.DateOfDeath = c.DateOfDeath
	case *registryv1.Change_SetNominee:
		if c.SetNominee.GetCrn() == r.GetCrn() {
			return misfit("nobody is their own payment nominee")
		}
		r.Nominee = c.SetNominee
	case *registryv1.Change_EndNominee:
		if r.GetNominee() == nil {
			return misfit("the record has no payment nominee")
		}
		r.Nominee, r.NomineeDeceased = nil, c.EndNominee.GetDeceased()
	case *registryv1.Change_LinkPartner:
		if c.LinkPartner == r.GetCrn() {
			return misfit("nobody is their own partner")
		}
		r.PartnerCrn = c.LinkPartner
	case *registryv1.Change_UnlinkPartner:
		if r.GetPartnerCrn() == "" {
			return misfit("the record has no partner")
		}
		r.PartnerCrn = ""
	case *registryv1.Change_ChildEntered:
		return a.childEntered(c.ChildEntered)
	case *registryv1.Change_ChildLeft:
		return a.childLeft(c.ChildLeft)
	case *registryv1.Change_RestrictedAccess:
		if !a.mayRestrict {
			return misfit("only the Restricted Access officer restricts a record or lifts that")
		}
		r.RestrictedAccess = c.RestrictedAccess
	}
	return nil
}

// endAddress takes the address of a type out; false when there is none.
func (a amendment) endAddress(kind registryv1.AddressType) bool {
	had := len(a.record.GetAddresses())
	a.record.Addresses = slices.DeleteFunc(a.record.GetAddresses(), func(x *registryv1.Address) bool { return x.GetType() == kind })
	return len(a.record.GetAddresses()) < had
}

// rename sets the current name; the former one becomes an alias, once.
func (a amendment) rename(name *registryv1.Name) *fault.Error {
	r := a.record
	former := r.GetName()
	if proto.Equal(former, name) {
		return nil
	}
	// A name the customer goes back to is no alias any more.
	r.Aliases = slices.DeleteFunc(r.GetAliases(), func(n *registryv1.Name) bool { return proto.Equal(n, name) || proto.Equal(n, former) })
	if len(r.GetAliases()) >= maxAliases {
		return misfit("the record holds %d aliases already, which is the most", maxAliases)
	}
	r.Aliases = append(r.GetAliases(), former)
	r.Name = name
	return nil
}

func (a amendment) child(name, born string) int {
	return slices.IndexFunc(a.record.GetChildren(), func(c *registryv1.Child) bool {
		return c.GetGivenName() == name && c.GetDateOfBirth() == born
	})
}

func (a amendment) childEntered(child *registryv1.Child) *fault.Error {
	r := a.record
	if i := a.child(child.GetGivenName(), child.GetDateOfBirth()); i >= 0 {
		r.Children[i] = child
		return nil
	}
	if len(r.GetChildren()) >= maxChildren {
		return misfit("the record holds %d children already, which is the most", maxChildren)
	}
	r.Children = append(r.GetChildren(), child)
	return nil
}

func (a amendment) childLeft(c *registryv1.ChildLeft) *fault.Error {
	i := a.child(c.GetGivenName(), c.GetDateOfBirth())
	if i < 0 {
		return misfit("no child of this name and date of birth is in the customer's care")
	}
	r := a.record
	r.Children = slices.Delete(r.GetChildren(), i, i+1)
	// Days as text compare as days.
	r.LastChildBereavement = max(r.GetLastChildBereavement(), c.GetDiedOn())
	return nil
}
