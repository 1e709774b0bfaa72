package events

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/noticehub/noticehub/pkg/calendar"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/matching"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// Fields of a record that are kept beside its body; a test holds them to the
// descriptor.
const (
	customerMeasure protowire.Number = 14
	customerVersion protowire.Number = 15
)

// AppendRecord appends a kept record as it travels: the body, then what the
// registry keeps beside it.
func AppendRecord(b, body []byte, measure term.Measure, version int64) []byte {
	b = append(b, body...)
	if measure != 0 {
		b = protowire.AppendTag(b, customerMeasure, protowire.VarintType)
		b = protowire.AppendVarint(b, uint64(measure))
	}
	b = protowire.AppendTag(b, customerVersion, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(version))
}

// RecordSize is the length of what AppendRecord appends.
func RecordSize(body []byte, measure term.Measure, version int64) int {
	size := len(body) + protowire.SizeTag(customerVersion) + protowire.SizeVarint(uint64(version))
	if measure != 0 {
		size += protowire.SizeTag(customerMeasure) + protowire.SizeVarint(uint64(measure))
	}
	return size
}

// NamesOf are the names a customer is or was known by, to be found by.
func NamesOf(c *registryv1.Customer) []matching.Name {
	names := make([]matching.Name, 0, 1+len(c.GetAliases()))
	names = append(names, matching.NewName(c.GetName().GetFamilyName(), c.GetName().GetGivenName()))
	for _, a := range c.GetAliases() {
		names = append(names, matching.NewName(a.GetFamilyName(), a.GetGivenName()))
	}
	return names
}

// write is the last version of a record as the store keeps it.
func (b *Book) write(p *page) store.Write {
	c := p.customer
	w := store.Write{
		CRN: c.GetCrn(), Version: c.GetRecordVersion(), Restricted: c.GetRestrictedAccess(), Body: p.body, RecordedAt: b.cause.At,
		PartnerCRN: c.GetPartnerCrn(), NomineeCRN: c.GetNominee().GetCrn(),
		CarerAllowance: int16(c.GetCarerAllowance()), Deceased: c.GetDateOfDeath() != "", Renamed: p.renamed, Supplied: p.supplied,
	}
	if p.renamed {
		w.Names = NamesOf(c)
		w.BirthDate, _ = calendar.ParseDate(c.GetDateOfBirth()) // was checked
	}
	if p.supplied {
		for _, e := range c.GetExpenses() {
			if e.GetProviderId() != "" {
				w.Providers = append(w.Providers, e.GetProviderId())
			}
		}
	}
	return w
}
