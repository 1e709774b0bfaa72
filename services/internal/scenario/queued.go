package scenario

import (
	"context"
	"fmt"
	"slices"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// toldAuthority is what the authority may know of an expectation: that a record
// is restricted looks to it like a customer nobody knows (invariant I25), and
// other reasons would give it away.
func (w Want) toldAuthority(s *intakev1.Submission) Want {
	if !slices.Contains(w.Reasons, restricted) {
		return w
	}
	w.Reasons = []eventv1.RejectionReason{notIdentified}
	if s.GetFindMutualClient() != nil {
		w.Reasons = []eventv1.RejectionReason{noMatch}
	}
	return w
}

// compareQueue compares what officers see: an entry for each submission that
// must be UNPROCESSED so far, with its true reasons, and no other entry. which
// tells what is wanted of a lodging now.
func (p *player) compareQueue(ctx context.Context, lodged []*Lodging, which func(*Lodging) Want) error {
	entries := map[string]*processingv1.SubmissionSummary{}
	request := &processingv1.SearchSubmissionsRequest{Statuses: []eventv1.SubmissionStatus{unprocessed}, IncludeHeld: true, PageSize: 500}
	for {
		page, err := p.queue.SearchSubmissions(ctx, request)
		if err != nil {
			return err
		}
		for _, s := range page.GetSubmissions() {
			entries[s.GetSubmissionId()] = s
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	check := func(l *Lodging, v *intakev1.SubmissionView, want Want) {
		id := v.GetReceipt().GetSubmissionId()
		e, open := entries[id]
		delete(entries, id)
		p.result.Compared["queue entries"]++
		reference := v.GetReceipt().GetReference()
		switch {
		case want.Terminal() && open:
			p.result.differ(l.Scene, reference, "queue", "no entry", reasonsText(e.GetReasons()))
		case want.Terminal():
		case !open:
			p.result.differ(l.Scene, reference, "queue", reasonsText(want.Reasons), "no entry")
		case !sameReasons(e.GetReasons(), want.Reasons) && (want.Or == nil || !sameReasons(e.GetReasons(), want.Or)):
			p.result.differ(l.Scene, reference, "queue", want.String(), reasonsText(e.GetReasons()))
		}
	}
	for _, l := range lodged {
		if p.refusals[l] != nil {
			continue
		}
		v := p.view(l)
		want := which(l)
		if child, ok := p.children[v.GetReceipt().GetSubmissionId()]; ok && want.Disclosure != nil {
			check(l, child, *want.Disclosure)
		}
		if p.failed[l] {
			delete(entries, v.GetReceipt().GetSubmissionId()) // it is a mismatch already
			continue
		}
		check(l, v, want)
	}
	for _, e := range entries {
		p.complain(e.GetAuthorityId()+" "+e.GetReference(), "queue", "no entry", fmt.Sprint(reasonsText(e.GetReasons()), " of something else"))
	}
	return nil
}

// soFar are the lodgings up to a phase.
func (p *player) soFar(phase int) []*Lodging {
	var list []*Lodging
	for _, s := range p.world.Scenes {
		for _, l := range s.Lodgings {
			if l.Phase <= phase && !slices.Contains(p.world.Sentinels[phase], l) {
				list = append(list, l)
			}
		}
	}
	return list
}
