package scenario

// findCases are section 2.1.
func findCases() []Case {
	const (
		one, none = "2.1 one clear candidate: MATCHED and a disclosure", "2.1 no candidate: NO_MATCH"
		several   = "2.1 several candidates: POSSIBLE_MATCHES"
		weak      = "2.1 weak candidates: POSSIBLE_MATCHES"
	)
	found := func(changes ...search) Step { return find(changes...).becomes(matched).disclosing(isEligible) }
	return []Case{
		{Name: "name and birth agree", Rows: row(one), By: everybody, Steps: steps(found())},
		{Name: "in capitals", Rows: row(one, "2.1 names are normalised"), By: everybody, Steps: steps(found(shouted))},
		{Name: "former name", Rows: row(one, "2.1 aliases are searched"), By: everybody, Person: alsoKnown, Steps: steps(found(byFormerName))},
		{Name: "record's name given as alias", Rows: row(one, "2.1 aliases are searched"), By: everybody, Steps: steps(found(asAlias))},
		{Name: "CRN, gender, address too", Rows: row(one, "2.1 search with CRN, gender and address"), By: everybody, Steps: steps(found(everythingKnown))},
		{
			Name: "known, not eligible", Rows: row(one, "2.2 category A payment: no"), By: everybody, Person: unpaid,
			Steps: steps(find().becomes(matched).disclosing(isOpen)),
		},
		{
			Name: "known, deceased", Rows: row(one, "2.2 not deceased: no"), By: everybody, Person: dead,
			Steps: steps(find().becomes(matched).disclosing(isOpen)),
		},
		{
			// A match would tell the authority that a restricted record exists, and its
			// CRN: until an outcome is issued it must look like no match (invariant I25).
			Name: "known, restricted", Rows: row("2.2 restricted access"), By: everybody, Person: hidden,
			Steps: steps(find().opens(restricted)),
		},
		{Name: "nobody", Rows: row(none, "2.1 a machine never says NOT_MATCHED"), By: everybody, Steps: steps(find(nobody).opens(noMatch))},
		{Name: "two of the same particulars", Rows: row(several), By: everybody, Person: twin, Steps: steps(find().opens(possibleMatches))},
		{Name: "CRN of one, particulars of another", Rows: row(several), By: everybody, Person: func(s *Scene) { s.another() }, Steps: steps(find(crnOfAnother).opens(possibleMatches))},
		{Name: "only the CRN agrees", Rows: row(weak), By: everybody, Steps: steps(find(onlyCRN).opens(possibleMatches))},
		// Whether these are weak candidates or none is a matter of weights; a match by machine they are not.
		{Name: "another given name", Rows: row("2.1 precision first"), By: everybody, Steps: steps(find(sibling).opens(possibleMatches).orOpens(noMatch))},
		{Name: "no given name", Rows: row("2.1 precision first"), By: everybody, Steps: steps(find(noGivenName).opens(possibleMatches).orOpens(noMatch))},
		{Name: "officer finds nobody", Rows: row("2.1 officer: NOT_MATCHED", none), By: everybody, Steps: steps(find(nobody).opens(noMatch).thenRecorded(notMatched))},
		{
			Name: "officer chooses one of two", Rows: row("2.1 officer: MATCHED, a disclosure follows", several), By: everybody, Person: twin,
			Steps: steps(find().opens(possibleMatches).thenRecorded(matched).disclosing(isEligible)),
		},
	}
}
