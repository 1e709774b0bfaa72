package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// asker is an officer's program with a connection of its own. It goes on to
// the next page of a list every other time there is one.
type asker struct {
	items   workitemv1.WorkItemServiceClient
	conn    *grpc.ClientConn
	r       *rand.Rand
	officer string
	codes   []string
	size    size
	last    proto.Message // the last request
	token   string        // of the page after it
	slowest time.Duration
	slow    string // the slowest request
}

func (h *hub) newAsker(z size, seed uint64) (*asker, error) {
	a := &asker{r: rand.New(rand.NewPCG(seed, 2)), officer: contactOfficer.ID, size: z}
	token := func() string {
		return identity.DevelopmentToken(identity.Caller{Kind: identity.Person, ID: a.officer, Roles: contactOfficer.Roles})
	}
	var err error
	a.conn, err = rpc.Dial(h.grpc, token, telemetry.Discard())
	a.items = workitemv1.NewWorkItemServiceClient(a.conn)
	return a, err
}

// measureLists times the lists with one caller and with eight at once, warm cache.
func (h *hub) measureLists(ctx context.Context, s settings, values collected) error {
	var askers []*asker
	for n := range 8 {
		a, err := h.newAsker(s.fill, uint64(n))
		if err != nil {
			return err
		}
		defer a.conn.Close()
		askers = append(askers, a)
	}
	list, err := codesOf(ctx, askers[0].items)
	if err != nil {
		return err
	}
	for _, q := range []struct {
		name  string
		times int
		ask   func(*asker, context.Context) error
	}{
		{"workitem_list", 3000, (*asker).list},
		{"workitem_mine", 3000, (*asker).mine},
		{"workitem_search", 2000, (*asker).search},
		{"workitem_count", 200, (*asker).count},
	} {
		for _, a := range askers {
			a.codes, a.token, a.slowest = list, "", 0
		}
		one, err := timed(ctx, q.times, func(ctx context.Context) error { return askers[0].timed(ctx, q.ask) })
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		eight, err := together(ctx, askers, q.times/4, q.ask)
		if err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
		values.add(q.name+"_p50_ms", quantile(one, 0.5))
		values.add(q.name+"_p99_ms", quantile(one, 0.99))
		values.add(q.name+"_8_p50_ms", quantile(eight, 0.5))
		values.add(q.name+"_8_p99_ms", quantile(eight, 0.99))
		slowest := slices.MaxFunc(askers, func(a, b *asker) int { return int(a.slowest - b.slowest) })
		say("  %-16s one caller p50 %.1f, p99 %.1f ms; eight p50 %.1f, p99 %.1f ms; slowest %s: %s", q.name,
			quantile(one, 0.5), quantile(one, 0.99), quantile(eight, 0.5), quantile(eight, 0.99), slowest.slowest.Round(time.Millisecond), slowest.slow)
		if s.profile != "" {
			h.statements(ctx)
		}
	}
	return nil
}

// together asks with all askers at once, each so many times after a tenth as a warm-up.
func together(ctx context.Context, askers []*asker, times int, ask func(*asker, context.Context) error) ([]time.Duration, error) {
	var mu sync.Mutex
	var all []time.Duration
	var failed error
	var wait sync.WaitGroup
	for _, a := range askers {
		wait.Go(func() {
			took, err := timed(ctx, times, func(ctx context.Context) error { return a.timed(ctx, ask) })
			mu.Lock()
			defer mu.Unlock()
			if all = append(all, took...); err != nil {
				failed = err
			}
		})
	}
	wait.Wait()
	slices.Sort(all)
	return all, failed
}

// timed notes the slowest request. One that the server gave up on counts with
// the time it was waited for.
func (a *asker) timed(ctx context.Context, ask func(*asker, context.Context) error) error {
	from := time.Now()
	err := ask(a, ctx)
	if took := time.Since(from); took > a.slowest {
		a.slowest, a.slow = took, fmt.Sprint(a.last)
	}
	if status.Code(err) == codes.DeadlineExceeded {
		say("  given up after %s: %s", since(from), a.last)
		a.token = ""
		return nil
	}
	return err
}

// skewed is a number below n; small ones come more often, as in the fill.
func (a *asker) skewed(n int, power float64) int {
	return int(float64(n) * math.Pow(a.r.Float64(), power))
}

// further reports whether to ask for the page after the last one.
func (a *asker) further() bool { return a.token != "" && a.r.IntN(2) == 0 }

// list asks what every contact with a customer shows: a customer as often as
// there are items, or any; half of the time with what has ended.
func (a *asker) list(ctx context.Context) error {
	request, again := a.last.(*workitemv1.ListCustomerWorkItemsRequest)
	if again && a.further() {
		request.PageToken = a.token
	} else {
		n := a.skewed(a.size.customers, 1.5)
		if a.r.IntN(2) == 0 {
			n = a.r.IntN(a.size.customers)
		}
		request = &workitemv1.ListCustomerWorkItemsRequest{Crn: filledCRN(n), IncludeClosed: a.r.IntN(2) == 0}
	}
	a.last = request
	answer, err := a.items.ListCustomerWorkItems(ctx, request)
	a.token = answer.GetNextPageToken()
	return err
}

// mine asks for the list of an officer, those with many items more often.
func (a *asker) mine(ctx context.Context) error {
	request, again := a.last.(*workitemv1.ListMyWorkItemsRequest)
	if again && a.further() {
		request.PageToken = a.token
	} else {
		a.officer, request = filledOfficer(a.skewed(fillOfficers, 2)), &workitemv1.ListMyWorkItemsRequest{}
	}
	a.last = request
	answer, err := a.items.ListMyWorkItems(ctx, request)
	a.token = answer.GetNextPageToken()
	return err
}

// search mixes the filters: an office, codes or a group, a measure, an officer
// or nobody, a customer, a time, open or ended or both.
func (a *asker) search(ctx context.Context) error {
	request, again := a.last.(*workitemv1.SearchWorkItemsRequest)
	if again && a.further() {
		request.PageToken = a.token
	} else {
		request = a.filters()
	}
	a.last = request
	answer, err := a.items.SearchWorkItems(ctx, request)
	a.token = answer.GetNextPageToken()
	return err
}

func (a *asker) filters() *workitemv1.SearchWorkItemsRequest {
	r := &workitemv1.SearchWorkItemsRequest{}
	of := func(percent int) bool { return a.r.IntN(100) < percent }
	if of(60) {
		r.Office = filledOffice(a.skewed(fillOffices, 2))
	}
	switch {
	case of(40):
		for range 1 + a.r.IntN(3) {
			r.Codes = append(r.Codes, a.codes[a.skewed(len(a.codes), 2)])
		}
	case of(20):
		r.Group = workitemv1.Group(1 + a.r.IntN(8))
	}
	if of(20) {
		r.Measure = eventv1.Measure(1 + a.r.IntN(8))
	}
	switch {
	case of(10):
		r.Assignee = filledOfficer(a.skewed(fillOfficers, 2))
	case of(10):
		r.Assignee = "-"
	}
	if of(5) {
		r.Crn = filledCRN(a.skewed(a.size.customers, 1.5))
	}
	if of(30) {
		from := time.Now().AddDate(0, 0, -a.r.IntN(700))
		r.RaisedFrom = timestamppb.New(from)
		if of(50) {
			r.RaisedBefore = timestamppb.New(from.AddDate(0, 0, 1+a.r.IntN(60)))
		}
	}
	r.State = []workitemv1.State{workitemv1.State_STATE_OPEN, workitemv1.State_STATE_OPEN, workitemv1.State_STATE_OPEN, workitemv1.State_STATE_CLOSED, workitemv1.State_STATE_ALL}[a.r.IntN(5)]
	return r
}

// count asks for the counts of an office or, half of the time, of all.
func (a *asker) count(ctx context.Context) error {
	request := &workitemv1.CountWorkItemsRequest{}
	if a.r.IntN(2) == 0 {
		request.Office = filledOffice(a.skewed(fillOffices, 2))
	}
	a.last = request
	_, err := a.items.CountWorkItems(ctx, request)
	return err
}
