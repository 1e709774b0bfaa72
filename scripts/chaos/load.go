package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// clients lodge, repeat what was not answered, withdraw now and then; an officer
// records outcomes, feeds tell of changed circumstances, and clerks see to work items.
type clients struct {
	w        *world
	journal  *journal[receipt]
	fed      *journal[fedRecord]
	done     *journal[itemDone]
	cancel   context.CancelFunc
	wait     sync.WaitGroup
	recorded atomic.Int64
	lodged   sync.Map // receipt.key → *intakev1.Submission, for repetitions
	outcomes sync.Map // submission → eventv1.Outcome, what the officer was told is recorded
	refused  sync.Map // the same, what the officer was told is not

	mu     sync.Mutex
	broken map[string]int // answers no client can accept
}

// lodgers are what two cores shared with others can follow; one in streamers
// uses a stream.
const (
	lodgers   = 12
	streamers = 4
)

// startLoad waits until every replica takes submissions of every authority, and
// starts the clients.
func startLoad(ctx context.Context, w *world) (*clients, error) {
	receipts, err := newJournal[receipt](w.file("journal.ndjson"))
	fed, fedErr := newJournal[fedRecord](w.file("fed.ndjson"))
	done, doneErr := newJournal[itemDone](w.file("items.ndjson"))
	if err := errors.Join(err, fedErr, doneErr); err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	c := &clients{w: w, journal: receipts, fed: fed, done: done, cancel: cancel, broken: map[string]int{}}
	for n := range lodgers {
		l, err := c.lodger(n)
		if err == nil {
			err = l.warmUp(ctx)
		}
		if err != nil {
			c.stop()
			return nil, fmt.Errorf("the hub does not begin to work: %w", err)
		}
		c.wait.Go(func() {
			if n%streamers == 0 {
				l.stream(running)
			} else {
				l.run(running)
			}
		})
	}
	c.wait.Go(func() { c.officer(running) })
	for n := range feeders {
		c.wait.Go(func() { c.feed(running, n) })
		c.wait.Go(func() { c.clerk(running, n) })
	}
	return c, nil
}

// stop ends the load; more than once is harmless.
func (c *clients) stop() {
	c.cancel()
	c.wait.Wait()
	c.journal.file.Close()
	c.fed.file.Close()
	c.done.file.Close()
}

// wrong notes what must never be.
func (c *clients) wrong(format string, a ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.broken[fmt.Sprintf(format, a...)]++
}

// lodger is one client of one authority that knows both replicas of intake.
type lodger struct {
	*clients
	n         int
	authority authority
	via       []intakev1.IntakeServiceClient
	r         *rand.Rand
	made      int
}

func (c *clients) lodger(n int) (*lodger, error) {
	l := &lodger{clients: c, n: n, authority: authorities[n%len(authorities)], r: c.w.random(uint64(100 + n))}
	for _, name := range []string{"intake-1", "intake-2"} {
		conn, err := c.w.dial(name, identity.Caller{Kind: identity.Authority, ID: l.authority.id})
		if err != nil {
			return nil, err
		}
		l.via = append(l.via, intakev1.NewIntakeServiceClient(conn))
	}
	return l, nil
}

// next makes a submission.
func (l *lodger) next() *intakev1.Submission {
	l.made++
	s := l.authority.submission(l.r, fmt.Sprintf("c%d-%d", l.n, l.made), l.w.now())
	l.lodged.Store(l.authority.id+"/"+s.GetReference(), s)
	return s
}

// warmUp lodges once with each replica: until then an authority may be unknown there.
func (l *lodger) warmUp(ctx context.Context) error {
	for _, via := range l.via {
		s := l.next()
		if err := eventually(ctx, 3*time.Minute, func() error {
			call, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			answer, err := via.Submit(call, &intakev1.SubmitRequest{Submission: s})
			if err == nil {
				err = l.journal.add(receiptOf(answer.GetReceipt()))
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// run makes submissions one after the other; each is repeated until it is
// receipted, and its receipt is in the journal before the next is made.
func (l *lodger) run(ctx context.Context) {
	for ctx.Err() == nil {
		s := l.next()
		got, ok := l.untilReceipted(ctx, s)
		if !ok || !l.keep(got) {
			return
		}
		switch l.r.IntN(50) {
		case 0, 1:
			// Whether it takes effect depends on who is faster; it must not do harm.
			_, _ = l.via[l.r.IntN(2)].WithdrawSubmission(ctx, &intakev1.WithdrawSubmissionRequest{Reference: s.GetReference()})
		case 2, 3:
			if again, ok := l.untilReceipted(ctx, s); ok && receiptOf(again) != receiptOf(got) {
				l.wrong("a repetition of %s gave another receipt", receiptOf(got).key())
			}
		case 4:
			l.reuse(ctx, s)
		}
		sleep(ctx, time.Duration(l.r.IntN(8))*time.Millisecond)
	}
}

// keep puts a receipt into the journal.
func (l *lodger) keep(got ...*intakev1.Receipt) bool {
	all := make([]receipt, len(got))
	for i := range got {
		all[i] = receiptOf(got[i])
	}
	if err := l.journal.add(all...); err != nil {
		l.wrong("the journal cannot be written: %v", err)
		return false
	}
	return true
}

// reuse lodges other content under a reference that is taken: it must be refused.
func (l *lodger) reuse(ctx context.Context, s *intakev1.Submission) {
	other := proto.Clone(s).(*intakev1.Submission)
	other.CaseWorker = "Somebody Else"
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	_, err := l.via[l.r.IntN(2)].Submit(call, &intakev1.SubmitRequest{Submission: other})
	if code := status.Code(err); code != codes.FailedPrecondition && !passing(code) {
		l.wrong("a reference used again with other content was answered %v", code)
	}
}

// passing reports whether an answer only says that the hub is out of reach.
func passing(code codes.Code) bool {
	switch code {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Canceled:
		return true
	}
	return false
}

// untilReceipted repeats a call, with either replica, while the hub is out of
// reach. False means that the run is over, or that the answer was wrong.
func (l *lodger) untilReceipted(ctx context.Context, s *intakev1.Submission) (*intakev1.Receipt, bool) {
	at := l.r.IntN(2)
	for pause := 20 * time.Millisecond; ctx.Err() == nil; pause = min(pause*2, 500*time.Millisecond) {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		answer, err := l.via[at].Submit(call, &intakev1.SubmitRequest{Submission: s})
		cancel()
		code := status.Code(err)
		if code == codes.OK {
			return answer.GetReceipt(), true
		}
		if !passing(code) {
			l.wrong("%s was refused: %v", l.authority.id, err)
			return nil, false
		}
		at = 1 - at
		sleep(ctx, pause+time.Duration(rand.IntN(50))*time.Millisecond)
	}
	return nil, false
}

// stream lodges handfuls over streams. What a stream did not answer before it
// broke is lodged again by itself.
func (l *lodger) stream(ctx context.Context) {
	for ctx.Err() == nil {
		var handful []*intakev1.Submission
		for range 1 + l.r.IntN(20) {
			handful = append(handful, l.next())
		}
		answered := l.handful(ctx, handful)
		for i, s := range handful {
			if answered[i] != nil {
				continue
			}
			got, ok := l.untilReceipted(ctx, s)
			if !ok {
				break
			}
			answered[i] = got
		}
		var got []*intakev1.Receipt
		for _, r := range answered {
			if r != nil {
				got = append(got, r)
			}
		}
		if !l.keep(got...) {
			return
		}
		sleep(ctx, time.Duration(20+l.r.IntN(100))*time.Millisecond)
	}
}

// handful sends all over one stream and returns the receipts that came.
func (l *lodger) handful(ctx context.Context, all []*intakev1.Submission) []*intakev1.Receipt {
	got := make([]*intakev1.Receipt, len(all))
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	stream, err := l.via[l.r.IntN(2)].SubmitStream(call)
	if err != nil {
		return got
	}
	for i, s := range all {
		if stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: s}) != nil {
			break // receiving tells why
		}
	}
	_ = stream.CloseSend()
	for {
		answer, err := stream.Recv()
		if err != nil {
			return got
		}
		if refused := answer.GetError(); refused != nil && !passing(codes.Code(refused.GetCode())) {
			l.wrong("%s was refused: %s", l.authority.id, refused.GetMessage())
		}
		got[answer.GetTag()] = answer.GetReceipt()
	}
}

// outcomeOf is what the officer records for what needs no look at the register.
func outcomeOf(t eventv1.InformationType) eventv1.Outcome {
	if t == eventv1.InformationType_INFORMATION_TYPE_VOLUNTARY_REFERRAL {
		return eventv1.Outcome_OUTCOME_REFERRAL_NOTED
	}
	return eventv1.Outcome_OUTCOME_NOT_MATCHED
}
