// Package document writes the documents (DOC) that outcomes place on a
// customer's record. A document holds what the hub or an officer decided and
// never what an authority lodged. The package is pure.
package document

import (
	"strings"

	"github.com/noticehub/noticehub/proto/term"
)

// Outcome is a decided submission as far as a document tells of it.
type Outcome struct {
	// Type of information that was decided.
	Type term.InformationType
	// Outcome of the decision.
	Outcome term.Outcome
	// ByOfficer is true when an officer recorded it.
	ByOfficer bool
	// Authority the submission belongs to, such as "frc".
	Authority string
	// Start and End of the period concerned (yyyy-mm-dd); empty when none.
	Start, End string
	// Reasons that had kept it unprocessed, if any.
	Reasons []term.Reason
	// Note the officer wrote for the authority; may be empty.
	Note string
	// Erase is true when what was lodged must be erased wherever it is kept.
	Erase bool
	// Policy is the version that decided.
	Policy string
}

// Wanted reports whether an outcome places a document: every outcome an
// officer recorded (rules 2.7), and every change of the notice register.
func Wanted(outcome term.Outcome, byOfficer bool) bool {
	return byOfficer || outcome == term.Commenced || outcome == term.Extended || outcome == term.Revoked
}

// Title is the document's title, such as "Notice to commence: commenced".
func (o Outcome) Title() string {
	return sentence(o.Type.String()) + ": " + words(o.Outcome.String())
}

// Text is the document's text. The officer's note is left out when the text of
// the submission must be erased, because it may repeat it.
func (o Outcome) Text() string {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			b.WriteString(label + ": " + value + "\n")
		}
	}
	line("Outcome", words(o.Outcome.String()))
	line("Authority", o.Authority)
	switch {
	case o.Start != "" && o.End != "":
		line("Period", o.Start+" to "+o.End)
	case o.Start != "":
		line("From", o.Start)
	case o.End != "":
		line("Ends", o.End)
	}
	if o.ByOfficer {
		line("Decided", "by an officer")
	} else {
		line("Decided", "automatically")
	}
	reasons := make([]string, 0, len(o.Reasons))
	for _, r := range o.Reasons {
		if s := words(r.String()); s != "" {
			reasons = append(reasons, s)
		}
	}
	line("Reasons it needed an officer", strings.Join(reasons, ", "))
	line("Policy", o.Policy)
	if o.ByOfficer && !o.Erase {
		line("Note for the authority", o.Note)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// words turns "NOTICE_TO_COMMENCE" into "notice to commence".
func words(term string) string { return strings.ToLower(strings.ReplaceAll(term, "_", " ")) }

func sentence(term string) string {
	w := words(term)
	if w == "" {
		return "Submission"
	}
	return strings.ToUpper(w[:1]) + w[1:]
}
