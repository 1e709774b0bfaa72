package scenario

// referralCases are section 2.6.
func referralCases() []Case {
	const always = "2.6 always DECLARATION_REQUIRED"
	return []Case{
		{Name: "referral", Rows: row(always), By: volunteers, Steps: steps(refer().opens(declarationRequired))},
		{Name: "referral, not eligible", Rows: row(always), By: volunteers, Person: all(unpaid, elsewhere), Steps: steps(refer().opens(declarationRequired))},
		{Name: "referral under a notice", Rows: row(always), By: volunteers, Steps: steps(commence(inDays(0)).commences(), refer().opens(declarationRequired))},
		{Name: "referral, deceased", Rows: row(always), By: volunteers, Person: dead, Steps: steps(refer().opens(declarationRequired))},
		{Name: "referral, restricted", Rows: row(always), By: volunteers, Person: hidden, Steps: steps(refer().opens(declarationRequired))},
		{Name: "referral, not identified", Rows: row(always), By: volunteers, Steps: steps(refer(otherName).opens(declarationRequired))},
		{Name: "referral noted", Rows: row("2.6 officer: REFERRAL_NOTED"), By: volunteers, Steps: steps(refer().opens(declarationRequired).thenRecorded(referralNoted))},
	}
}

// lifeCases are the statuses of section 2 that take more than automatic processing.
func lifeCases() []Case {
	return []Case{
		{Name: "withdrawn before it arrives", Rows: row("2 WITHDRAWN: before the submission arrives"), By: everybody, Steps: steps(commence(inDays(0)).withdrawnEarly(), commence(inDays(0)).commences())},
		{Name: "withdrawn while open", Rows: row("2 UNPROCESSED to WITHDRAWN"), By: everybody, Person: unpaid, Steps: steps(commence(inDays(3)).opens(noPayment).thenWithdrawn())},
		{Name: "referral withdrawn", Rows: row("2 UNPROCESSED to WITHDRAWN"), By: volunteers, Steps: steps(refer().opens(declarationRequired).thenWithdrawn())},
		{Name: "withdrawn too late", Rows: row("2 PROCESSED is terminal"), By: everybody, Steps: steps(commence(inDays(3)).commences().thenWithdrawnInVain())},
		{Name: "returned for its text", Rows: row("2 UNPROCESSED to RETURNED", "2.3 free text"), By: everybody, Steps: steps(commence(inDays(3), saying(tellingWhy)).opens(reasonsInText).thenRecorded(sentBack), commence(inDays(3)).on(secondDay).commences())},
		{Name: "not accepted", Rows: row("2 UNPROCESSED to PROCESSED"), By: everybody, Steps: steps(commence(inDays(90)).opens(wrongStart).thenRecorded(notAccepted))},
	}
}
