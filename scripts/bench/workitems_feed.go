package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// feedStreams send at once; each has the records of customers of its own, in
// the order in which they happened.
const feedStreams = 4

// feedSetup puts a child protection notice in force for three of ten customers
// before their records are imported: the authority is told of their changes.
const feedSetup = `INSERT INTO registry.notice (notice_id, crn, authority_id, measure, state, start_date, end_date, version)
	SELECT gen_random_uuid(), '6' || lpad(n::text, 8, '0') || 'A', $2, 2, 2, current_date - 100, current_date + 200, 2
	FROM generate_series(0, $1::int - 1) AS n WHERE n % 10 < 3`

// measureFeeds drives the pipeline and the feed of one hub in turns, in each
// round the other one first.
func measureFeeds(ctx context.Context, s settings, server *server, values collected) error {
	h, err := startHub(ctx, server, s.hub, false)
	if err != nil {
		return err
	}
	defer h.stop()
	if _, err := h.pool.Exec(ctx, feedSetup, feedCustomers, benchAuthority); err != nil {
		return err
	}
	conn, err := h.dial(administrator)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := importCustomers(ctx, registryv1.NewRegistryServiceClient(conn), feedCustomers, feedCustomer); err != nil {
		return err
	}
	if err := h.settled(ctx); err != nil {
		return err
	}
	f := &feeder{hub: h}
	pipeline := func(prefix string, d time.Duration) (float64, error) {
		p, err := newPipeline(ctx, h, prefix, 0, 4, false)
		if err != nil {
			return 0, err
		}
		defer p.close()
		r, err := closedLoop(ctx, p, 512, d)
		return r.rate, errors.Join(err, h.settled(ctx))
	}
	// Both are warm before the first round.
	if _, err := pipeline("warm", 2*time.Second); err != nil {
		return err
	}
	if _, err := f.drive(ctx, 2*time.Second); err != nil {
		return err
	}
	for round := range s.rounds {
		rates := map[string]float64{}
		measure := []func() error{
			func() (err error) {
				rates["pipeline_per_s"], err = pipeline(fmt.Sprintf("round%d", round), s.seconds)
				return err
			},
			func() error {
				if s.profile != "" {
					if err := h.watchStatements(ctx); err != nil {
						return err
					}
					go h.profile(s.profile, s.seconds-time.Second)
				}
				r, err := f.drive(ctx, s.seconds)
				rates["feed_per_s"], rates["feed_raised_share"] = r.rate, r.raised
				if s.profile != "" {
					h.statements(ctx)
				}
				return err
			},
		}
		for i := range measure {
			if err := measure[(i+round)%2](); err != nil {
				return err
			}
		}
		rates["feed_per_pipeline"] = rates["feed_per_s"] / rates["pipeline_per_s"]
		for name, value := range rates {
			values.add(name, value)
		}
		say("  round %d of %d: pipeline %.0f/s, feed %.0f/s, ratio %.2f; %.2f items raised a record", round+1, s.rounds,
			rates["pipeline_per_s"], rates["feed_per_s"], rates["feed_per_pipeline"], rates["feed_raised_share"])
	}
	return nil
}

func feedCRN(n int) string { return fmt.Sprintf("6%08dA", n) }

// feedCustomer n is under a measure: child protection by the notice, or an older one.
func feedCustomer(n int) *registryv1.Customer {
	measure := []eventv1.Measure{
		0, 0, 0, eventv1.Measure_MEASURE_VEIM, eventv1.Measure_MEASURE_VEIM, eventv1.Measure_MEASURE_VWPR,
		eventv1.Measure_MEASURE_LTWPR, eventv1.Measure_MEASURE_LTWPR, eventv1.Measure_MEASURE_DEY, eventv1.Measure_MEASURE_DEY,
	}[n%10]
	return measured(feedCRN(n), n, measure)
}

// feeder sends feeds; no record is ever sent twice.
type feeder struct {
	hub  *hub
	runs int
	sent [feedStreams]int
}

// fed is what a feed came to: records a second and items raised a record.
type fed struct{ rate, raised float64 }

// drive sends records for a while over all streams and waits until everybody has
// committed what follows from them.
func (f *feeder) drive(ctx context.Context, d time.Duration) (fed, error) {
	f.runs++
	before, err := f.look(ctx)
	if err != nil {
		return fed{}, err
	}
	var wait sync.WaitGroup
	var applied atomic.Int64
	errs := make([]error, feedStreams)
	begin := time.Now()
	for k := range feedStreams {
		wait.Go(func() {
			n, err := f.stream(ctx, k, begin.Add(d))
			applied.Add(n)
			errs[k] = err
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return fed{}, err
	}
	if err := f.hub.settled(ctx); err != nil {
		return fed{}, err
	}
	after, err := f.look(ctx)
	if err != nil {
		return fed{}, err
	}
	versions := after.versions - before.versions
	switch {
	case versions != applied.Load():
		err = fmt.Errorf("%d records were applied and %d versions made", applied.Load(), versions)
	case after.behind > 0:
		err = fmt.Errorf("%d customers are behind their records where work items are raised", after.behind)
	case after.told-before.told != after.toTell-before.toTell || after.told == before.told && d > 5*time.Second:
		err = fmt.Errorf("of %d changes to tell authorities of %d were told", after.toTell-before.toTell, after.told-before.told)
	}
	return fed{float64(versions) / after.last.Sub(begin).Seconds(), float64(after.items-before.items) / float64(max(versions, 1))}, err
}

func (f *feeder) stream(ctx context.Context, k int, until time.Time) (int64, error) {
	conn, err := f.hub.dial(feeds)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	stream, err := registryv1.NewCircumstanceServiceClient(conn).FeedChanges(ctx, grpc.WaitForReady(true))
	if err != nil {
		return 0, err
	}
	sent := int64(0)
	for time.Now().Before(until) {
		if err := stream.Send(&registryv1.FeedChangesRequest{Record: feedRecord(k, f.sent[k])}); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		} else if err != nil {
			break // the answer says why
		}
		f.sent[k]++
		sent++
	}
	answer, err := stream.CloseAndRecv()
	if err == nil && answer.GetApplied() != sent {
		err = fmt.Errorf("of %d records %d were applied, %d set aside, %d refused: %v", sent, answer.GetApplied(), answer.GetQuarantined(), answer.GetRefused(), answer.GetErrors()[:min(3, len(answer.GetErrors()))])
	}
	return answer.GetApplied(), err
}

// state is what the tables say of feeds.
type state struct {
	versions, items, told, toTell, behind int64
	last                                  time.Time
}

func (f *feeder) look(ctx context.Context) (s state, err error) {
	err = f.hub.pool.QueryRow(ctx, `SELECT
		(SELECT count(*) FROM registry.customer_version WHERE actor LIKE 'feed:%'),
		(SELECT count(*) FROM workitems.work_item),
		(SELECT count(*) FROM adviceoutcome.outcome WHERE information_type = 6),
		(SELECT count(*) FROM registry.customer_version v JOIN registry.notice n ON n.crn = v.crn AND n.state = 2
			WHERE v.actor LIKE 'feed:%' AND v.changed && ARRAY['addresses', 'partner_crn', 'children']),
		(SELECT count(*) FROM registry.customer r LEFT JOIN workitems.customer w USING (crn) WHERE w.record_version IS DISTINCT FROM r.record_version),
		coalesce(greatest(
			(SELECT max(pg_xact_commit_timestamp(xmin)) FROM registry.customer_version),
			(SELECT max(pg_xact_commit_timestamp(xmin)) FROM registry.inbox),
			(SELECT max(pg_xact_commit_timestamp(xmin)) FROM adviceoutcome.inbox),
			(SELECT max(pg_xact_commit_timestamp(xmin)) FROM workitems.inbox)), now())`).
		Scan(&s.versions, &s.items, &s.told, &s.toTell, &s.behind, &s.last)
	return s, err
}
