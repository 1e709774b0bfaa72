package scenario

import (
	"github.com/noticehub/noticehub/pkg/calendar"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// Short names of the contract's terms.
const (
	processed   = eventv1.SubmissionStatus_SUBMISSION_STATUS_PROCESSED
	unprocessed = eventv1.SubmissionStatus_SUBMISSION_STATUS_UNPROCESSED
	withdrawn   = eventv1.SubmissionStatus_SUBMISSION_STATUS_WITHDRAWN
	returned    = eventv1.SubmissionStatus_SUBMISSION_STATUS_RETURNED

	matched       = eventv1.Outcome_OUTCOME_MATCHED
	notMatched    = eventv1.Outcome_OUTCOME_NOT_MATCHED
	eligible      = eventv1.Outcome_OUTCOME_ELIGIBLE
	notEligible   = eventv1.Outcome_OUTCOME_NOT_ELIGIBLE
	notDisclosed  = eventv1.Outcome_OUTCOME_NOT_DISCLOSED
	commenced     = eventv1.Outcome_OUTCOME_COMMENCED
	extended      = eventv1.Outcome_OUTCOME_EXTENDED
	revoked       = eventv1.Outcome_OUTCOME_REVOKED
	referralNoted = eventv1.Outcome_OUTCOME_REFERRAL_NOTED
	notAccepted   = eventv1.Outcome_OUTCOME_NOT_ACCEPTED
	sentBack      = eventv1.Outcome_OUTCOME_RETURNED
	takenBack     = eventv1.Outcome_OUTCOME_WITHDRAWN

	noMatch             = eventv1.RejectionReason_REJECTION_REASON_NO_MATCH
	possibleMatches     = eventv1.RejectionReason_REJECTION_REASON_POSSIBLE_MATCHES
	noResult            = eventv1.RejectionReason_REJECTION_REASON_ELIGIBILITY_NO_RESULT
	restricted          = eventv1.RejectionReason_REJECTION_REASON_RESTRICTED_ACCESS
	notIdentified       = eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_NOT_IDENTIFIED
	deceased            = eventv1.RejectionReason_REJECTION_REASON_CUSTOMER_DECEASED
	noPayment           = eventv1.RejectionReason_REJECTION_REASON_NO_ELIGIBLE_PAYMENT
	nominee             = eventv1.RejectionReason_REJECTION_REASON_EXCLUDED_NOMINEE
	outside             = eventv1.RejectionReason_REJECTION_REASON_OUTSIDE_DECLARED_AREA
	higher              = eventv1.RejectionReason_REJECTION_REASON_HIGHER_MEASURE_IN_FORCE
	transfer            = eventv1.RejectionReason_REJECTION_REASON_MEASURE_TRANSFER_REVIEW
	wrongStart          = eventv1.RejectionReason_REJECTION_REASON_START_DATE_INVALID
	notEnding           = eventv1.RejectionReason_REJECTION_REASON_CURRENT_NOTICE_NOT_ENDING
	othersCurrent       = eventv1.RejectionReason_REJECTION_REASON_CURRENT_NOTICE_OTHER_AUTHORITY
	continuationExists  = eventv1.RejectionReason_REJECTION_REASON_CONTINUATION_EXISTS
	pendingExists       = eventv1.RejectionReason_REJECTION_REASON_PENDING_NOTICE_EXISTS
	reasonsInText       = eventv1.RejectionReason_REJECTION_REASON_REASONS_IN_TEXT
	nothingToRevoke     = eventv1.RejectionReason_REJECTION_REASON_NO_NOTICE_TO_REVOKE
	officerMust         = eventv1.RejectionReason_REJECTION_REASON_ACTIVE_NOTICE_NEEDS_OFFICER
	within28            = eventv1.RejectionReason_REJECTION_REASON_END_DATE_WITHIN_28_DAYS
	declarationRequired = eventv1.RejectionReason_REJECTION_REASON_DECLARATION_REQUIRED
)

func row(ids ...string) []string        { return ids }
func steps(s ...Step) []Step            { return s }
func (s Step) on(phase int) Step        { s.phase = phase; return s }
func (s Step) as(other string) Step     { s.by = other; return s }
func (s Step) once(c func(*Scene)) Step { s.change = c; return s }
func (s Step) withdrawnEarly() Step {
	s.early, s.want = true, Want{Status: withdrawn, Outcome: takenBack}
	return s
}

// opens leaves it to an officer for exactly these reasons.
func (s Step) opens(reasons ...eventv1.RejectionReason) Step {
	s.want = Want{Status: unprocessed, Reasons: reasons}
	return s
}

// orOpens allows another set of reasons, where the rules leave it open.
func (s Step) orOpens(reasons ...eventv1.RejectionReason) Step {
	s.want.Or = reasons
	return s
}

// becomes is decided with an outcome.
func (s Step) becomes(o eventv1.Outcome) Step {
	s.want = Want{Status: processed, Outcome: o}
	return s
}

// refused is not accepted, naming the field.
func (s Step) refused(field string) Step {
	s.want = Want{Refused: field}
	return s
}

func (s Step) affects(f func(*Scene, *Lodging)) Step {
	s.effect = append(s.effect[:len(s.effect):len(s.effect)], f)
	return s
}

// commences enters a notice as lodged.
func (s Step) commences() Step {
	return s.becomes(commenced).affects(func(sc *Scene, l *Lodging) {
		start, err := calendar.ParseDate(l.Submission.GetNoticeToCommence().GetStartDate())
		if err != nil {
			panic("scenario: a notice that commences has a start date: " + err.Error())
		}
		sc.enter(l, start, false)
	})
}

// extends enters a continuation: from the day after the end of the scene's first
// notice, whatever start date was asked for.
func (s Step) extends() Step {
	return s.becomes(extended).affects(func(sc *Scene, l *Lodging) {
		end, _, _ := sc.Notices[0].On(l.Day)
		sc.enter(l, end.Add(1), true)
	})
}

func (s *Scene) enter(l *Lodging, start calendar.Date, continuation bool) {
	lodged := l.Submission.GetNoticeToCommence()
	n := &Notice{
		Authority: l.Authority, Start: start, End: lastDay(start, lodged.GetDurationMonths()), Percent: lodged.GetQuarantinedPercent(),
		Recorded: l.Day, Continuation: continuation,
	}
	if !l.Authority.MustName {
		n.Percent = l.Authority.Percents[0]
	}
	s.Notices = append(s.Notices, n)
	l.Want.Start, l.Want.End = n.Start.String(), n.End.String()
}

// revoking revokes notices of the scene, counted from 0, now.
func (s Step) revoking(which ...int) Step {
	return s.affects(func(sc *Scene, l *Lodging) {
		for _, w := range which {
			sc.Notices[w].RevokedOn = l.Day
		}
	})
}

// cutting lets the scene's first notice end 28 days after the lodgement.
func (s Step) cutting() Step {
	return s.affects(func(sc *Scene, l *Lodging) {
		sc.Notices[0].Cut, sc.Notices[0].CutOn = l.Day.Add(28), l.Day
		l.Want.End = l.Day.Add(28).String()
	})
}

// disclosing has the hub create a disclosure that becomes so.
func (s Step) disclosing(w Want) Step {
	if s.then != nil {
		t := *s.then
		t.want.Disclosure, s.then = &w, &t
		return s
	}
	s.want.Disclosure = &w
	return s
}

var (
	isEligible = Want{Status: processed, Outcome: eligible}
	isOpen     = Want{Status: unprocessed, Reasons: []eventv1.RejectionReason{noResult}}
)

// thenWithdrawn is taken back while it is UNPROCESSED.
func (s Step) thenWithdrawn() Step {
	s.then = &then{withdraw: true, want: Want{Status: withdrawn, Outcome: takenBack}}
	return s
}

// thenWithdrawnInVain is taken back after it was decided: it stays as it is.
func (s Step) thenWithdrawnInVain() Step {
	s.then = &then{withdraw: true}
	return s
}

// thenRecorded gets its outcome from an officer.
func (s Step) thenRecorded(o eventv1.Outcome) Step {
	w := Want{Status: processed, Outcome: o}
	if o == sentBack {
		w.Status = returned
	}
	s.then = &then{record: o, want: w}
	return s
}

// thenCodedRevoked is revoked by an officer, who may not record it before it is coded.
func (s Step) thenCodedRevoked(which ...int) Step {
	s.then = &then{record: revoked, tooSoon: true, revoke: which, want: Want{Status: processed, Outcome: revoked}}
	return s.revoking(which...)
}
