package events

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	"github.com/noticehub/noticehub/proto/subject"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/policy"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// maxTries bounds how often a batch is decided again because another replica
// decided some of it meanwhile.
const maxTries = 4

// batch is one call of Apply: one round trip to read, decisions in order over a
// view of the register carried along, one round trip to write.
type batch struct {
	p        *Processor
	policies *policy.Evaluators
	events   []inbox.Event

	// lodged[i] is that of event order[i]; in the order to decide.
	lodged      []*Lodged
	origin      []int // lodged[i] came with events[origin[i]]
	withdrawals map[store.Ref]store.Withdrawal
	traces      map[store.Ref]string // the traceparents of the withdrawals

	// Of the run under way; a run that met known submissions is done again. Its
	// moment is after the locks: whatever it waited for was decided before it.
	at        decision.Moment
	evaluator *policy.Evaluator
	answer    *store.Answer
	open      map[store.Ref]store.Withdrawal // withdrawals not yet seen to
	views     map[string][]register.Notice
	next      map[string]int64 // the lane to be decided next, of each CRN
	out       *Assembly
	effect    inbox.Effects
}

// read sorts the events by what they are; one that cannot be acted on fails the
// batch, and the inbox sets it aside.
func (b *batch) read() error {
	inOrder := true
	last := make(map[string]int64)
	seen := make(map[clock.ID]bool, len(b.events))
	for i := range b.events {
		in := b.events[i].Value.(*incoming)
		switch {
		case in.problem != nil:
			return in.problem
		case in.withdrawal != nil:
			if b.withdrawals == nil {
				b.withdrawals, b.traces = make(map[store.Ref]store.Withdrawal), make(map[store.Ref]string)
			}
			b.withdrawals[in.withdrawal.Ref], b.traces[in.withdrawal.Ref] = *in.withdrawal, b.events[i].Traceparent
		case seen[in.lodged.Submission.ID]:
			// The same again in one batch: the first one does.
		default:
			seen[in.lodged.Submission.ID] = true
			b.lodged, b.origin = append(b.lodged, in.lodged), append(b.origin, i)
			if in.lodged.Lane > 0 {
				inOrder = inOrder && last[in.lodged.CRN] <= in.lodged.Lane
				last[in.lodged.CRN] = in.lodged.Lane
			}
		}
	}
	if !inOrder {
		b.sortLanes()
	}
	return nil
}

// sortLanes puts the submissions of each CRN into the order of their lanes.
func (b *batch) sortLanes() {
	order := make([]int, len(b.lodged))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return int(b.lodged[x].Lane - b.lodged[y].Lane) })
	lodged, origin := make([]*Lodged, len(order)), make([]int, len(order))
	for i, from := range order {
		lodged[i], origin[i] = b.lodged[from], b.origin[from]
	}
	b.lodged, b.origin = lodged, origin
}

// run decides and writes. Submissions known already show as a violated key, or
// are looked for when one of the batch asks for it: then the batch is decided
// again without them.
func (b *batch) run(ctx context.Context, tx pgx.Tx) (inbox.Effects, error) {
	look := slices.ContainsFunc(b.lodged, func(l *Lodged) bool { return l.Reconcile })
	for _, l := range b.lodged {
		l.inTrace(ctx)
	}
	for try := 1; ; try++ {
		err := b.once(ctx, tx, look)
		switch {
		case err == nil:
			return b.effect, nil
		case !errors.Is(err, store.ErrKnown):
			return inbox.Effects{}, postgres.Classify(err)
		case try == maxTries:
			// Known by its key but never by its id: two submissions claim one place.
			return inbox.Effects{}, fault.New(fault.Internal, "SUBMISSION_CLASH", "a submission has the reference or lane of another one").Wrap(err)
		}
		look = true
	}
}

func (b *batch) once(ctx context.Context, tx pgx.Tx, look bool) error {
	b.effect, b.out = inbox.Effects{}, NewAssembly(b.p.zone)
	b.open = maps.Clone(b.withdrawals)
	b.out.Work.Submissions = make([]store.Submission, 0, len(b.lodged))
	b.out.Work.Decisions = make([]store.Decision, 0, len(b.lodged))
	question := b.question(look)
	var err error
	if b.answer, err = store.Ask(ctx, tx, question); err != nil {
		return err
	}
	b.at = b.p.Moment()
	if b.evaluator, err = b.policies.On(b.at.Today); err != nil {
		return err
	}
	if err := b.rollViews(question); err != nil {
		return err
	}
	again, ready := []clock.ID(nil), []string(nil)
	for i, l := range b.lodged {
		switch turn := b.turn(l); {
		case b.answer.Known[l.Submission.ID]:
			if l.Reconcile {
				again = append(again, l.Submission.ID)
			}
			if l.Lane > 0 {
				b.next[l.CRN] = max(b.next[l.CRN], l.Lane+1)
			}
		case turn == late:
			// Its lane is decided, so it is: known by a later look at the ids.
			if !look {
				return store.ErrKnown
			}
			return fault.New(fault.Internal, "SUBMISSION_CLASH", "a submission has the lane of another one")
		case turn == early:
			b.effect.Defer = append(b.effect.Defer, b.events[b.origin[i]])
		default:
			if err := b.decide(l); err != nil {
				if !look {
					// What is decided already may not fit a second time: look first.
					return store.ErrKnown
				}
				return err
			}
			if b.answer.Waiting && l.Lane > 0 {
				ready = append(ready, l.CRN)
			}
		}
	}
	if err := b.withdraw(ctx, tx); err != nil {
		return err
	}
	if err := b.tellAgain(ctx, tx, again); err != nil {
		return err
	}
	crashpoint.Here("auto.mid-transaction")
	if err := b.p.write(ctx, tx, b.out); err != nil {
		return err
	}
	b.effect.Outbox, b.effect.Ready = Rows(b.out), ready
	return nil
}

// question is what this batch needs to know.
func (b *batch) question(look bool) *store.Question {
	q := &store.Question{Consumer: subject.AutoProcessing, Lodged: make([]store.Ref, len(b.lodged))}
	lock, see, lanes := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	b.next = make(map[string]int64)
	for i, l := range b.lodged {
		q.Lodged[i] = store.Ref{AuthorityID: l.Submission.AuthorityID, Reference: l.Submission.Reference}
		if look {
			q.Known = append(q.Known, l.Submission.ID)
		}
		if crn := customerConcerned(l); crn != "" {
			see[crn] = true
			if changesRegister(l) {
				lock[crn] = true
			}
		}
		if l.Lane == 0 {
			continue
		}
		// The first of a batch that is number 1 needs no look at what was decided:
		// were it decided, its key would tell.
		if _, seen := b.next[l.CRN]; !seen {
			b.next[l.CRN] = 1
			if l.Lane > 1 {
				lanes[l.CRN] = true
			}
		}
	}
	for ref := range b.withdrawals {
		q.Withdrawals = append(q.Withdrawals, ref)
	}
	q.Lock, q.Lanes = sorted(lock), sorted(lanes)
	for crn := range lock {
		delete(see, crn)
	}
	q.Look = sorted(see)
	return q
}

func sorted(set map[string]bool) []string {
	out := make([]string, 0, len(set))
	for v := range set {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// changesRegister reports whether deciding may change the customer's notices.
func changesRegister(l *Lodged) bool {
	t := l.Submission.Content.Type()
	return t == term.NoticeToCommence || t == term.NoticeToRevoke
}

// customerConcerned is whose notices the decision looks at.
func customerConcerned(l *Lodged) string {
	if l.Submission.Content.Type() != term.FindMutualClient {
		return l.CRN
	}
	crn := ""
	for _, c := range l.Candidates {
		if c.Clear {
			if crn != "" {
				return ""
			}
			crn = c.Customer.CRN
		}
	}
	return crn
}

// rollViews brings the register to today before anything is decided on it: the
// sweep may be late. Only locked customers' changes are kept.
func (b *batch) rollViews(q *store.Question) error {
	for crn, lane := range b.answer.Lanes {
		b.next[crn] = lane + 1
	}
	b.views = b.answer.Notices
	if b.views == nil {
		b.views = make(map[string][]register.Notice)
	}
	for _, crn := range q.Lock {
		if changes := register.Roll(b.views[crn], b.at.Today); len(changes) > 0 {
			if err := b.apply(crn, changes); err != nil {
				return err
			}
			b.out.Changes(changes, System, b.at, "")
		}
	}
	for _, crn := range q.Look {
		if changes := register.Roll(b.views[crn], b.at.Today); len(changes) > 0 {
			if err := b.apply(crn, changes); err != nil {
				return err
			}
		}
	}
	return nil
}

func (b *batch) apply(crn string, changes []register.Change) error {
	notices, ok := register.Apply(b.views[crn], changes)
	if !ok {
		return fault.New(fault.Internal, "REGISTER_CHANGE_IMPOSSIBLE", "a decision does not follow from the register as it is")
	}
	b.views[crn] = notices
	return nil
}
