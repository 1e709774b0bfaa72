// Package trail words what this service does for the audit log. Entries hold ids,
// dates, terms and digests of what was sealed; nothing that is about a customer.
package trail

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// Line is what the log is told of a row of the ledger.
type Line struct {
	// ID of the submission, or of the notification.
	ID clock.ID
	// Outcome is 0 for a notification.
	Outcome term.Outcome
	// ReportDate it was given.
	ReportDate calendar.Date
}

// Recorded are the entries of rows that are new in the ledger.
func Recorded(lines []Line) []audit.Entry {
	type kind struct {
		outcome term.Outcome
		date    calendar.Date
	}
	details := make(map[kind]map[string]string) // most lines of a transaction are alike
	entries := make([]audit.Entry, len(lines))
	for i, l := range lines {
		e := audit.Entry{Action: "outcome.recorded", Object: "submission/" + l.ID.String(), Result: audit.Done}
		k := kind{l.Outcome, l.ReportDate}
		if details[k] == nil {
			details[k] = map[string]string{"report_date": l.ReportDate.String()}
			if l.Outcome != 0 {
				details[k]["outcome"] = l.Outcome.String()
			}
		}
		if l.Outcome == 0 {
			e.Action, e.Object = "notification.recorded", "notification/"+l.ID.String()
		}
		e.Detail = details[k]
		entries[i] = e
	}
	return entries
}

func about(h report.Head, action string, digest []byte, detail map[string]string) audit.Entry {
	return audit.Entry{
		Action: action, Object: "report/" + h.AuthorityID + "/" + h.Date.String(), Result: audit.Done,
		Version: h.Sequence, Digest: digest, Detail: detail,
	}
}

// Closed is the entry of a report from which on nothing can be added to it.
func Closed(h report.Head) audit.Entry {
	return about(h, "report.closed", nil, map[string]string{"covers_from": h.CoversFrom.String(), "covers_to": h.CoversTo.String()})
}

// Sealed is the entry of a report's bytes: the digest is that of its JSON form.
func Sealed(h report.Head, s report.Seal) audit.Entry {
	return about(h, "report.sealed", s.JSON.Sum, map[string]string{
		"csv": hex.EncodeToString(s.CSV.Sum), "lines": strconv.FormatInt(s.Lines, 10), "key": s.KeyID,
	})
}

// Redelivered is the entry of a report that an officer offers again; the digest is
// that of the reason.
func Redelivered(h report.Head, offer int32, reason string) audit.Entry {
	return about(h, "report.redelivered", audit.Digest(reason), offered(offer, nil))
}

// Delivered is the entry of the authority's first fetch of what it is offered.
func Delivered(r report.Report, form report.Form) audit.Entry {
	return about(r.Head, "report.delivered", nil, offered(r.Offer, map[string]string{"form": form.String()}))
}

// Acknowledged is the entry of the authority's word that it has these bytes.
func Acknowledged(r report.Report, digest []byte) audit.Entry {
	return about(r.Head, "report.acknowledged", digest, offered(r.Offer, nil))
}

// offered adds which offer of a report it is about, when it was offered again.
func offered(offer int32, detail map[string]string) map[string]string {
	if offer == 0 {
		return detail
	}
	if detail == nil {
		detail = make(map[string]string, 1)
	}
	detail["offer"] = strconv.Itoa(int(offer))
	return detail
}

// KeyFirstUsed is the entry of a key that signs for the first time; the digest is
// that of its public part.
func KeyFirstUsed(id string, public []byte) audit.Entry {
	digest := sha256.Sum256(public)
	return audit.Entry{Action: "signing-key.first-used", Object: "key/" + id, Result: audit.Done, Digest: digest[:]}
}
