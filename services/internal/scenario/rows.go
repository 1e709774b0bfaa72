package scenario

// Rows are the rule rows of sections 1 to 2.6, as a reader of the rules counts
// them; every one must be covered by a case.
func Rows() []string {
	rows := []string{
		// Section 1: the table of business functions, and the rank of measures.
		"1 CYeIM: 3 to 12 months", "1 CYeIM: 60, 75 or 90 percent, named", "1 CYeIM: no voluntary referral", "1 CYeIM: the disclosure is a PID", "1 CYeIM: area",
		"1 CPeIM: 3, 6, 9 or 12 months", "1 CPeIM: 70 percent", "1 CPeIM: voluntary referral", "1 CPeIM: the disclosure is a DOI", "1 CPeIM: area",
		"1 SPaReIM: 3, 6, 9, 12 or 24 months", "1 SPaReIM: 70 percent", "1 SPaReIM: voluntary referral", "1 SPaReIM: the disclosure is a DOI", "1 SPaReIM: area",
		"1 rank: CYeIM before CPeIM", "1 rank: CYeIM before SPaReIM", "1 rank: CPeIM before SPaReIM", "1 rank: measures 4 to 7 come after",
		// Section 2: statuses.
		"2 WITHDRAWN: before the submission arrives", "2 UNPROCESSED to WITHDRAWN", "2 UNPROCESSED to RETURNED", "2 UNPROCESSED to PROCESSED", "2 PROCESSED is terminal",
		// Section 2: change of circumstances.
		"2 change of circumstances: told to the authority in force", "2 change of circumstances: other changes are not told",
		"2 change of circumstances: not told without a notice in force",
		// Section 2.1.
		"2.1 one clear candidate: MATCHED and a disclosure", "2.1 no candidate: NO_MATCH", "2.1 several candidates: POSSIBLE_MATCHES", "2.1 weak candidates: POSSIBLE_MATCHES",
		"2.1 precision first", "2.1 a machine never says NOT_MATCHED", "2.1 names are normalised", "2.1 aliases are searched", "2.1 search with CRN, gender and address",
		"2.1 officer: MATCHED, a disclosure follows", "2.1 officer: NOT_MATCHED",
		// Section 2.2.
		"2.2 eligible: PROCESSED", "2.2 category A payment: of the partner", "2.2 not deceased: no", "2.2 category A payment: no", "2.2 category A payment: unknown",
		"2.2 no excluded nominee: no", "2.2 area: no", "2.2 area: unknown", "2.2 no higher measure in force: no", "2.2 restricted access", "2.2 customer not identified",
		"2.2 officer: ELIGIBLE", "2.2 officer: NOT_ELIGIBLE", "2.2 restricted, not lifted: NOT_DISCLOSED",
		// Section 2.3: the rules in their order.
		"2.3 customer identified", "2.3 not identified stands alone", "2.3 not deceased", "2.3 record not restricted", "2.3 category A payment of customer or partner",
		"2.3 no excluded nominee", "2.3 area", "2.3 no higher measure in force", "2.3 no lower notice displaced",
		"2.3 start date: not before lodgement, boundary 0", "2.3 start date: not over 60 days ahead, boundary 60",
		"2.3 continuation: current notice ends within 60 days, boundary 60", "2.3 continuation: current notice ends today, boundary 0",
		"2.3 current notice: same authority, over 60 days left", "2.3 current notice: other authority",
		"2.3 no continuation recorded already", "2.3 no other notice waiting to start", "2.3 free text", "2.3 all failing rules are reasons",
		"2.3 continuation: starts the day after, whatever was asked",
		// Section 2.4.
		"2.4 ACTIVE from its first day", "2.4 ENDED after its last day", "2.4 a continuation becomes active by itself", "2.4 a revoked notice is not in force",
		"2.4 period: day before the corresponding day", "2.4 period: month without the corresponding day", "2.4 a notice cut to 28 days stays active until its new end",
		// Section 2.5, besides its table.
		boundary28, "2.5 an outcome is recorded only once it is true",
		// Section 2.6.
		"2.6 always DECLARATION_REQUIRED", "2.6 officer: REFERRAL_NOTED",
	}
	for _, code := range categoryA {
		rows = append(rows, "2.2 category A: "+code)
	}
	for _, measure := range []string{"CYeIM", "CPeIM", "SPaReIM"} {
		for _, r := range []string{"none", "another authority's only", "inactive only", "active, over 28 days", "active, at most 28 days", "not identified", "deceased", "restricted"} {
			rows = append(rows, "2.5 "+r+", "+measure)
		}
	}
	return rows
}

// Edges are the boundaries of which both sides must be played.
func Edges() []string {
	return []string{
		"2.3 start date: not before lodgement, boundary 0", "2.3 start date: not over 60 days ahead, boundary 60",
		"2.3 continuation: current notice ends within 60 days, boundary 60", "2.3 continuation: current notice ends today, boundary 0", boundary28,
	}
}
