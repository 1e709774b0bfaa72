package operations

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/inbox"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
)

const (
	// An outbox row is usually gone in well under a second; consumers that were
	// killed get their messages again after 10 s.
	outboxSlow = 30 * time.Second
	outboxBad  = 5 * time.Minute
	// backlogSlow is of messages, each of up to hundreds of events: seconds of work.
	backlogSlow = 500
	// waitingSlow is how long an event may wait for one before it without being told of.
	waitingSlow = time.Minute
)

const (
	good = operationsv1.Health_HEALTH_GOOD
	slow = operationsv1.Health_HEALTH_SLOW
	bad  = operationsv1.Health_HEALTH_BAD
)

// GetHealth returns what every service has to do, and how fast it does it.
func (s *Server) GetHealth(ctx context.Context, _ *operationsv1.GetHealthRequest) (*operationsv1.GetHealthResponse, error) {
	answer := &operationsv1.GetHealthResponse{Services: make([]*operationsv1.ServiceHealth, len(s.gauges)), At: timestamppb.New(s.deps.Clock.Now())}
	var all sync.WaitGroup
	for i, g := range s.gauges {
		all.Go(func() { answer.Services[i] = g.health(g.read(ctx), realNow()) })
	}
	all.Wait()
	return answer, nil
}

// verdict is the worst of what is noted, and why.
type verdict struct {
	health operationsv1.Health
	advice []string
}

func (v *verdict) note(h operationsv1.Health, format string, a ...any) operationsv1.Health {
	v.health = max(v.health, h)
	v.advice = append(v.advice, fmt.Sprintf(format, a...))
	return h
}

// health is a reading in the contract's words.
func (g *gauge) health(r *reading, now time.Time) *operationsv1.ServiceHealth {
	h := &operationsv1.ServiceHealth{Service: g.part.Service, TransactionsPerSecond: g.transactions.perSecond()}
	v := &verdict{health: good}
	if r == nil {
		v.note(bad, "The service's database and messaging did not answer in time. See whether they run and have room.")
		r = &reading{databaseErr: context.DeadlineExceeded, busErr: context.DeadlineExceeded}
	}
	h.Database, h.Messaging = r.databaseErr == nil, g.part.Bus == nil || r.busErr == nil
	if len(v.advice) == 0 {
		if !h.Database {
			v.note(bad, "Its database does not answer. See whether PostgreSQL runs and lets the service in; it goes on by itself then.")
		}
		if !h.Messaging {
			v.note(bad, "Messaging does not answer. See whether NATS runs and the streams are there; nothing is lost, and it goes on by itself then.")
		}
	}
	h.Outbox = r.outbox.Rows
	if r.outbox.Oldest != nil {
		h.OldestOutboxAt = timestamppb.New(*r.outbox.Oldest)
		switch age := now.Sub(*r.outbox.Oldest); {
		case age > outboxBad:
			v.note(bad, "Messages have waited for their consumers for more than 5 minutes. See whether every service runs and messaging answers.")
		case age > outboxSlow:
			v.note(slow, "Messages wait for their consumers for longer than usual.")
		}
	}
	for _, t := range g.part.consumes() {
		c := &operationsv1.ConsumerHealth{Consumer: t.Consumer, Stream: t.Stream, EventsPerSecond: g.applied[t.Consumer].perSecond(), Health: good}
		if p, ok := r.progress[t.Consumer]; ok {
			c.Backlog, c.InWork, c.Redelivered = p.Waiting, p.Held, p.Again
		}
		g.consumer(c, r, v, now)
		h.Consumers = append(h.Consumers, c)
	}
	h.Health, h.Advice = v.health, strings.Join(v.advice, " ")
	return h
}

// consumer adds what is parked and says how the consumer does.
func (g *gauge) consumer(c *operationsv1.ConsumerHealth, r *reading, v *verdict, now time.Time) {
	var oldest, waiting time.Time
	for _, p := range r.parked {
		if p.Consumer != c.Consumer {
			continue
		}
		switch p.State {
		case inbox.Retrying:
			c.Retrying = p.Events
		case inbox.Waiting:
			c.Waiting, waiting = p.Events, p.Oldest
		case inbox.Quarantined:
			c.Quarantined = p.Events
		}
		if oldest.IsZero() || p.Oldest.Before(oldest) {
			oldest = p.Oldest
		}
	}
	if !oldest.IsZero() {
		c.OldestParkedAt = timestamppb.New(oldest)
	}
	if r.busErr != nil || r.databaseErr != nil {
		c.Health = bad // said already
	}
	if c.Quarantined > 0 {
		c.Health = max(c.Health, v.note(bad, "%s of %s failed for good. See why, repair it, and drive them again.", events(c.Quarantined), c.Consumer))
	}
	if c.Retrying > 0 {
		c.Health = max(c.Health, v.note(slow, "%s of %s failed and will be tried again by themselves.", events(c.Retrying), c.Consumer))
	}
	if c.Waiting > 0 && now.Sub(waiting) > waitingSlow {
		c.Health = max(c.Health, v.note(slow, "%s of %s wait for others before them.", events(c.Waiting), c.Consumer))
	}
	if c.Backlog > backlogSlow {
		c.Health = max(c.Health, v.note(slow, "%s is behind: %d messages wait.", c.Consumer, c.Backlog))
	}
	if c.Redelivered > 0 {
		c.Health = max(c.Health, v.note(slow, "%s was given messages again that nobody had finished.", c.Consumer))
	}
}

func events(n int64) string {
	if n == 1 {
		return "1 event"
	}
	return fmt.Sprintf("%d events", n)
}
