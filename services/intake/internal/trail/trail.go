// Package trail words what intake does for the audit log. Entries hold ids, digests
// and terms; nothing of what was lodged.
package trail

import (
	"strconv"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

// kinds are the details of lodged submissions: one map for all of a type, because
// every submission passes here.
var kinds = func() map[term.InformationType]map[string]string {
	all := make(map[term.InformationType]map[string]string)
	for t := term.FindMutualClient; t.String() != ""; t++ {
		all[t] = map[string]string{"type": t.String()}
	}
	return all
}()

// authority is the actor that an authority is.
func authority(id string) string { return identity.Caller{Kind: identity.Authority, ID: id}.Actor() }

// Submission is the object that stands for a submission.
func Submission(id clock.ID) string { return "submission/" + id.String() }

// Lodged adds the entries of a transaction: one for each submission, with the
// digest of its content, and one for each seal, with the root of its tree, which
// binds the receipts the authorities hold to their place in the log.
func Lodged(entries []audit.Entry, taken []*lodging.Submission, seals []receipt.Batch) []audit.Entry {
	last, actor := "", ""
	for _, s := range taken {
		if s.AuthorityID != last {
			last, actor = s.AuthorityID, authority(s.AuthorityID)
		}
		entries = append(entries, audit.Entry{
			Action: "submission.lodged", Object: Submission(s.SubmissionID), Result: audit.Done,
			Actor: actor, Digest: s.ContentHash[:], Detail: kinds[s.Type],
		})
	}
	return Sealed(entries, seals)
}

// Sealed adds an entry for each seal.
func Sealed(entries []audit.Entry, seals []receipt.Batch) []audit.Entry {
	for i := range seals {
		b := &seals[i]
		entries = append(entries, audit.Entry{
			Action: "receipt.sealed", Object: "receipts/" + b.ID.String(), Result: audit.Done, Digest: b.Root[:],
			Detail: map[string]string{"authority": b.AuthorityID, "key": b.KeyID, "size": strconv.Itoa(len(b.Leaves) / receipt.HashSize)},
		})
	}
	return entries
}

// WithdrawalRequested is the entry of a request to take a submission back, which is
// named when it has arrived. The reference, the authority's own wording, is not in it.
func WithdrawalRequested(id, submission clock.ID) audit.Entry {
	entry := audit.Entry{Action: "submission.withdrawal-requested", Object: "withdrawal/" + id.String(), Result: audit.Done}
	if !submission.IsZero() {
		entry.Detail = map[string]string{"submission": submission.String()}
	}
	return entry
}

// TextErased is the entry of a text taken out of what is kept of a submission.
func TextErased(id clock.ID) audit.Entry {
	return audit.Entry{Action: "submission.text-erased", Object: Submission(id), Result: audit.Done}
}

// Refused is the entry of a message of a stream that was refused; the door records
// calls that are refused as a whole.
func Refused(reason string) audit.Entry {
	return audit.Entry{Action: "submission.refused", Result: audit.Refused, Reason: reason}
}
