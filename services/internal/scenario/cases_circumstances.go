package scenario

import (
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Changes of circumstances between two days.

func moved(s *Scene) {
	s.Person.Addresses[0] = addressOf(registryv1.AddressType_ADDRESS_TYPE_HOME, pick(s, s.Home.Places), "77 Other Street")
}

func oneMore(s *Scene) {
	s.Person.Children = append(s.Person.Children, &registryv1.Child{GivenName: "Robin", DateOfBirth: s.today.Add(-1500).String(), FamilyTaxBenefit: true})
}

// circumstanceCases are the notifications of section 2: the authority whose
// notice is in force is told of address, partner and children, nobody else is,
// and of nothing else.
func circumstanceCases() []Case {
	const told, others, idle = "2 change of circumstances: told to the authority in force", "2 change of circumstances: other changes are not told", "2 change of circumstances: not told without a notice in force"
	now, later := commence(inDays(0)).commences(), disclose().on(secondDay).becomes(eligible)
	return []Case{
		{Name: "moves", Rows: row(told), By: everybody, Steps: steps(now, later.once(moved).telling("address"))},
		{Name: "gets a partner", Rows: row(told), By: everybody, Steps: steps(now, later.once(strangers).telling("partner"))},
		{Name: "another child", Rows: row(told), By: everybody, Steps: steps(now, later.once(oneMore).telling("children in care"))},
		{Name: "all three at once", Rows: row(told), By: everybody, Steps: steps(now, later.once(all(moved, strangers, oneMore)).telling("address, partner, children in care"))},
		{Name: "moves, asked about by another authority", Rows: row(told), By: onlyFRC, Person: livesIn(coen), Steps: steps(now.as(qldCP), later.once(moved).telling("address"))},
		{Name: "another payment", Rows: row(others), By: everybody, Steps: steps(now, later.once(secondJob))},
		{Name: "moves while the notice waits", Rows: row(idle), By: everybody, Steps: steps(commence(beginningOn(secondDay, 1)).commences(), later.once(moved))},
		{Name: "moves after a revocation", Rows: row(idle), By: onlySPaR, Steps: steps(now, revoke().becomes(revoked).revoking(0), later.once(moved))},
		{Name: "moves after the notice was cut and ended", Rows: row(idle), By: protection, Steps: steps(now, revoke().becomes(revoked).cutting(), later.once(moved))},
		{Name: "moves without a notice", Rows: row(idle), By: everybody, Steps: steps(later.once(moved))},
	}
}
