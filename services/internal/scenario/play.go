package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"

	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/rpc"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/internal/lodge"
)

// player plays a world with a hub.
type player struct {
	*hub
	diary
	world  *World
	result *Result
	dir    string
	days   *calendar.Calendar

	mu       sync.Mutex                          // guards what follows and result while calls run side by side
	refusals map[*Lodging]error                  // by intake
	failed   map[*Lodging]bool                   // what people should do could not be done
	seen     map[string]*intakev1.SubmissionView // by authority and reference
	children map[string]*intakev1.SubmissionView // by parent id
}

// Play makes a world that begins tomorrow, so that midnight cannot come between,
// lodges it with a fresh sandbox hub from files it writes to dir, and compares.
// The error tells what kept it from playing on; what differs is in the result.
func Play(ctx context.Context, connect Connect, o Options, dir string, out io.Writer) (*Result, error) {
	p := &player{diary: diary{out: out}, dir: dir, refusals: map[*Lodging]error{}, failed: map[*Lodging]bool{}}
	var err error
	if p.hub, err = newHub(connect); err != nil {
		return nil, err
	}
	if p.days, err = calendar.Load(); err != nil {
		return nil, err
	}
	today, err := p.today(ctx)
	if err != nil {
		return nil, err
	}
	o.First = today.Add(1)
	if p.world, err = Make(o); err != nil {
		return nil, err
	}
	p.result = &Result{World: p.world, Compared: map[string]int{}}
	if err := p.world.WriteFiles(dir); err != nil {
		return nil, err
	}
	if err := p.putAuthorities(ctx); err != nil {
		return nil, err
	}
	for phase := range phases {
		if err := p.phase(ctx, phase); err != nil {
			return nil, fmt.Errorf("phase %d: %w", phase+1, err)
		}
	}
	return p.result, p.finish(ctx)
}

// phase moves the clock to a day, lodges everything of it at full speed and
// waits until the hub is through.
func (p *player) phase(ctx context.Context, phase int) error {
	day := p.world.Plan.Days[phase]
	if err := p.advanceTo(ctx, day); err != nil {
		return err
	}
	if err := p.put(ctx, p.world.Records[phase]); err != nil {
		return err
	}
	var lodged []*Lodging
	for _, l := range p.world.Lodgings {
		if l.Phase != phase {
			continue
		}
		lodged = append(lodged, l)
	}
	if err := each(ctx, lodged, p.withdrawEarly); err != nil {
		return err
	}
	for round := range p.world.rounds {
		if err := each(ctx, p.world.bulks(phase, round), p.lodgeBulk); err != nil {
			return err
		}
	}
	p.say("%s: %d customers, %d submissions lodged", day, len(p.world.Records[phase]), len(lodged))
	if err := p.decided(ctx, lodged, false); err != nil {
		return err
	}
	for _, l := range lodged {
		p.compareDecision(l, "decision", l.Want)
	}
	// Officers have not acted on this phase's yet.
	err := p.compareQueue(ctx, p.soFar(phase), func(l *Lodging) Want {
		if l.Phase < phase {
			return l.Final()
		}
		return l.Want
	})
	if err != nil {
		return err
	}
	// Who is to act acts on what became as expected; the rest is a mismatch already.
	var acting []*Lodging
	for _, l := range lodged {
		if l.then != nil && p.view(l).GetDecision().GetStatus() == l.Want.Status {
			acting = append(acting, l)
		}
	}
	if err := each(ctx, acting, p.act); err != nil {
		return err
	}
	if err := p.decided(ctx, acting, true); err != nil {
		return err
	}
	if err := p.sentinels(ctx, phase); err != nil {
		return err
	}
	return p.notified(ctx, day)
}

func (p *player) withdrawEarly(ctx context.Context, l *Lodging) error {
	if !l.Early {
		return nil
	}
	_, err := p.intake[l.Authority.ID].WithdrawSubmission(ctx, &intakev1.WithdrawSubmissionRequest{Reference: l.Submission.GetReference(), Note: "lodged by mistake"})
	return err
}

// unanswered is how many submissions of a stream may wait for their receipt.
const unanswered = 256

// lodgeBulk lodges a bulk's file over one stream, with a journal beside it.
func (p *player) lodgeBulk(ctx context.Context, b bulk) error {
	path := filepath.Join(p.dir, b.file())
	submissions, err := lodge.ReadFile(path)
	if err != nil {
		return err
	}
	journal, err := lodge.OpenJournal(path + ".journal")
	if err != nil {
		return err
	}
	defer func() { _ = journal.Close() }() // every receipt is on disk already
	refused := map[string]error{}
	err = lodge.Stream(ctx, p.intake[b.authority], journal.Missing(submissions), unanswered, func(s *intakev1.Submission, answer *intakev1.SubmitStreamResponse) error {
		if e := answer.GetError(); e != nil {
			refused[s.GetReference()] = rpc.Fault(status.ErrorProto(e))
			return nil
		}
		return journal.Record(answer.GetReceipt())
	})
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range b.lodgings {
		refusal := refused[l.Submission.GetReference()]
		if refusal != nil {
			p.refusals[l] = refusal
			p.result.Refused++
		} else {
			p.result.Accepted++
		}
		p.compareRefusal(l, refusal)
	}
	return nil
}

// sentinels are lodged when all else is decided, and awaited in the ledger of
// advice outcomes: the report's counts take in what was announced before.
func (p *player) sentinels(ctx context.Context, phase int) error {
	return each(ctx, p.world.Sentinels[phase], func(ctx context.Context, l *Lodging) error {
		client := p.reports[l.Authority.ID]
		if _, err := p.intake[l.Authority.ID].Submit(ctx, &intakev1.SubmitRequest{Submission: l.Submission}); err != nil {
			return err
		}
		p.mu.Lock()
		p.result.Accepted++
		p.mu.Unlock()
		date, err := p.days.NextBusinessDay(l.Authority.Region, l.Day)
		if err != nil {
			return err
		}
		return until(ctx, "the outcome of "+l.Submission.GetReference()+" is in the ledger of "+l.Authority.ID, func() (int, error) {
			return p.inLedger(ctx, client, date, l.Submission.GetReference())
		})
	})
}

// decided waits until none of the submissions is on its way; finally, until
// what people did shows as well. What stays on its way is a mismatch.
func (p *player) decided(ctx context.Context, lodged []*Lodging, finally bool) error {
	var missing []*Lodging
	err := until(ctx, "everything is decided", func() (int, error) {
		if err := p.look(ctx); err != nil {
			return 0, err
		}
		missing = missing[:0]
		for _, l := range lodged {
			if p.refusals[l] == nil && !p.failed[l] && !p.settled(l, finally) {
				missing = append(missing, l)
			}
		}
		return len(missing), nil
	})
	if !errors.Is(err, errInVain) {
		return err
	}
	for _, l := range missing {
		p.failed[l] = true
		p.result.differ(l.Scene, l.Submission.GetReference(), "progress", "a decision in time", decisionText(p.view(l).GetDecision()))
	}
	return nil
}

func (p *player) settled(l *Lodging, finally bool) bool {
	v := p.view(l)
	if !through(v) || finally && v.GetDecision().GetStatus() != l.Final().Status {
		return false
	}
	// A disclosure is created in the same step as its cause is decided.
	return v.GetDecision().GetOutcome() != matched || through(p.children[v.GetReceipt().GetSubmissionId()])
}

// through reports whether automatic processing is done with a submission.
func through(v *intakev1.SubmissionView) bool {
	return v.GetDecision().GetStatus() >= unprocessed
}

// look reads what intake tells each authority.
func (p *player) look(ctx context.Context) error {
	seen, children := map[string]*intakev1.SubmissionView{}, map[string]*intakev1.SubmissionView{}
	for _, id := range AuthorityIDs() {
		list, err := p.views(ctx, id)
		if err != nil {
			return err
		}
		for _, v := range list {
			seen[id+" "+v.GetReceipt().GetReference()] = v
			if parent := v.GetParentSubmissionId(); parent != "" {
				children[parent] = v
			}
		}
	}
	p.seen, p.children = seen, children
	return nil
}

func (p *player) view(l *Lodging) *intakev1.SubmissionView {
	return p.seen[l.Authority.ID+" "+l.Submission.GetReference()]
}

// finish moves on to the closing day, when everything is reported, and compares
// all there is to see.
func (p *player) finish(ctx context.Context) error {
	if err := p.advanceTo(ctx, p.world.Plan.Close); err != nil {
		return err
	}
	if err := p.look(ctx); err != nil {
		return err
	}
	var everything []*Lodging
	for _, s := range p.world.Scenes {
		everything = append(everything, s.Lodgings...)
	}
	for _, l := range everything {
		p.compareDecision(l, "final state", l.Final())
	}
	if err := p.compareQueue(ctx, everything, (*Lodging).Final); err != nil {
		return err
	}
	p.result.Created = len(p.children)
	if got := len(p.seen); got != p.result.Accepted+p.result.Created {
		p.complain("all authorities", "number of submissions", fmt.Sprint(p.result.Accepted+p.result.Created), fmt.Sprint(got))
	}
	if err := each(ctx, AuthorityIDs(), p.compareReports); err != nil {
		return err
	}
	if err := each(ctx, p.world.Scenes, p.compareRegister); err != nil {
		return err
	}
	if err := each(ctx, everything, p.compareDisclosure); err != nil {
		return err
	}
	return each(ctx, everything, p.compareHistory)
}
