package policy

import (
	"slices"

	"github.com/noticehub/noticehub/proto/term"
)

// takeOfficer reads what officers may record for an information type and what
// the authority reads while a record is restricted.
func (p *Policy) takeOfficer(s *ruleSet, t term.InformationType, row typeRow, where string) error {
	take := func(key string, names []string) ([]term.Outcome, error) {
		var out []term.Outcome
		for _, n := range names {
			o, err := term.ParseOutcome(n)
			if err != nil {
				return nil, refusal(p.file, where+", "+key, "%s", err)
			}
			if !slices.Contains(officerOutcomes[t], o) {
				return nil, refusal(p.file, where+", "+key, "%s is not an outcome of it", o)
			}
			out = append(out, o)
		}
		return out, nil
	}
	var err error
	if s.officer, err = take("officer", row.Officer); err != nil {
		return err
	}
	if s.whileRestricted, err = take("while_restricted", row.WhileRestricted); err != nil {
		return err
	}
	if len(s.officer) == 0 {
		return refusal(p.file, where, "an officer could record nothing")
	}
	for name, outcomes := range row.Also {
		r, err := term.ParseReason(name)
		if err != nil {
			return refusal(p.file, where+", also", "%s", err)
		}
		if s.also[r], err = take("also", outcomes); err != nil {
			return err
		}
	}
	for _, forbidden := range []term.Outcome{term.Matched, term.Eligible, term.NotEligible, term.Commenced, term.Extended, term.Revoked} {
		if slices.Contains(s.whileRestricted, forbidden) {
			return refusal(p.file, where+", while_restricted", "%s would tell of a restricted record", forbidden)
		}
	}
	if row.RestrictedReadsAs != "" {
		if s.restrictedReads, err = term.ParseReason(row.RestrictedReadsAs); err != nil {
			return refusal(p.file, where+", restricted_reads_as", "%s", err)
		}
	}
	return nil
}

// OfficerOutcomes lists the outcomes an officer may record for an information
// type left for the reasons, in the order of their numbers. Restricted says that
// access to the record is restricted and not lifted: then only what reveals
// nothing may be recorded.
func (p *Policy) OfficerOutcomes(t term.InformationType, reasons []term.Reason, restricted bool) []term.Outcome {
	s := p.types[t]
	if s == nil {
		return nil
	}
	if restricted {
		return slices.Clone(s.whileRestricted)
	}
	out := slices.Clone(s.officer)
	for _, r := range reasons {
		for _, o := range s.also[r] {
			if !slices.Contains(out, o) {
				out = append(out, o)
			}
		}
	}
	slices.Sort(out)
	return out
}

// ShownToAuthority returns the reasons an authority may read of an unprocessed
// submission: where the record (or every candidate of a search) is restricted it
// reads what it would read if nobody had been found (invariant I25), otherwise
// the reasons themselves.
func (p *Policy) ShownToAuthority(t term.InformationType, reasons []term.Reason, f *Facts) []term.Reason {
	s := p.types[t]
	if s == nil || s.restrictedReads == 0 || len(reasons) == 0 {
		return reasons
	}
	if slices.Contains(reasons, term.RestrictedAccess) || f.Customer.Restricted ||
		(f.Search.Candidates > 0 && f.Search.Restricted == f.Search.Candidates) {
		return []term.Reason{s.restrictedReads}
	}
	return reasons
}

// ShownToOfficers returns the reasons an officer may read who may not see the
// record: of a restricted record only that it is restricted. The others would
// describe it. Kept counts and searches go by the same.
func ShownToOfficers(reasons []term.Reason, restricted bool) []term.Reason {
	if len(reasons) == 0 || (!restricted && !slices.Contains(reasons, term.RestrictedAccess)) {
		return reasons
	}
	return []term.Reason{term.RestrictedAccess}
}

// FromRecord reports whether any of the reasons may come from what the customer's
// record or the register says, whatever rule gave it.
func (p *Policy) FromRecord(reasons []term.Reason) bool {
	return slices.ContainsFunc(reasons, func(r term.Reason) bool {
		for _, s := range p.types {
			for _, u := range s.uses {
				if u.reason == r && u.record {
					return true
				}
			}
		}
		return false
	})
}
