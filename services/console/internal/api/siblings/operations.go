package siblings

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/services/internal/packet"
)

// operator answers for all processes: each knows only its own part.
//
// Health and stuck work are put together; of a sibling that is away they say so.
// Parked events come service by service, oldest first within each: a page of all
// together would need one order over processes that page by themselves. A page is
// an error when one of its services is away: what is missing would look as if all
// were well.
type operator struct {
	operationsv1.UnimplementedOperationsServiceServer
	*Siblings
	parts map[string]part
	order []string
}

type part interface {
	GetHealth(context.Context, *operationsv1.GetHealthRequest) (*operationsv1.GetHealthResponse, error)
	ListStuck(context.Context, *operationsv1.ListStuckRequest) (*operationsv1.ListStuckResponse, error)
	ListParked(context.Context, *operationsv1.ListParkedRequest) (*operationsv1.ListParkedResponse, error)
	RedriveParked(context.Context, *operationsv1.RedriveParkedRequest) (*operationsv1.RedriveParkedResponse, error)
}

// console is this process among the parts.
const console = "console"

// Operations is the OperationsService over this process, of which own is the
// service, and the siblings.
func (s *Siblings) Operations(own operationsv1.OperationsServiceServer) operationsv1.OperationsServiceServer {
	o := &operator{Siblings: s, parts: map[string]part{console: own}, order: append(s.names(), console)}
	for _, sibling := range s.names() {
		o.parts[sibling] = remote{s, sibling, operationsv1.NewOperationsServiceClient(s.conns[sibling])}
	}
	slices.Sort(o.order)
	return o
}

// remote is a sibling's part.
type remote struct {
	*Siblings
	name   string
	client operationsv1.OperationsServiceClient
}

func (r remote) GetHealth(ctx context.Context, q *operationsv1.GetHealthRequest) (*operationsv1.GetHealthResponse, error) {
	a, err := r.client.GetHealth(ctx, q)
	return a, r.told(ctx, operationsv1.OperationsService_GetHealth_FullMethodName, err)
}

func (r remote) ListStuck(ctx context.Context, q *operationsv1.ListStuckRequest) (*operationsv1.ListStuckResponse, error) {
	a, err := r.client.ListStuck(ctx, q)
	return a, r.told(ctx, operationsv1.OperationsService_ListStuck_FullMethodName, err)
}

func (r remote) ListParked(ctx context.Context, q *operationsv1.ListParkedRequest) (*operationsv1.ListParkedResponse, error) {
	a, err := r.client.ListParked(ctx, q)
	return a, r.told(ctx, operationsv1.OperationsService_ListParked_FullMethodName, err)
}

func (r remote) RedriveParked(ctx context.Context, q *operationsv1.RedriveParkedRequest) (*operationsv1.RedriveParkedResponse, error) {
	a, err := r.client.RedriveParked(ctx, q)
	return a, r.told(ctx, operationsv1.OperationsService_RedriveParked_FullMethodName, err)
}

func (r remote) told(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	return told(ctx, r.log, r.name, method, err)
}

// healthTime is how long a sibling may take to tell how it does: a page shows it
// every few seconds.
const healthTime = 2 * time.Second

// GetHealth puts together what all processes say.
func (o *operator) GetHealth(ctx context.Context, q *operationsv1.GetHealthRequest) (*operationsv1.GetHealthResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	answers, failed := all(o, func(p part) (*operationsv1.GetHealthResponse, error) { return p.GetHealth(ctx, q) })
	together := &operationsv1.GetHealthResponse{}
	for i, name := range o.order {
		if failed[i] != nil {
			together.Services = append(together.Services, &operationsv1.ServiceHealth{
				Service: name, Health: operationsv1.Health_HEALTH_BAD,
				Advice: "The service cannot be reached. See whether it runs and answers; what others need of it waits and is not lost.",
			})
			continue
		}
		together.Services = append(together.Services, answers[i].GetServices()...)
		if together.At == nil {
			together.At = answers[i].GetAt()
		}
	}
	return together, nil
}

// ListStuck puts together what all processes found, what stands still first.
func (o *operator) ListStuck(ctx context.Context, q *operationsv1.ListStuckRequest) (*operationsv1.ListStuckResponse, error) {
	answers, failed := all(o, func(p part) (*operationsv1.ListStuckResponse, error) { return p.ListStuck(ctx, q) })
	together := &operationsv1.ListStuckResponse{}
	for i, name := range o.order {
		if failed[i] != nil {
			together.Failed = append(together.Failed, &operationsv1.DetectorFailure{
				Detector: name, Error: status.Convert(rpc.Status(failed[i])).Proto(),
			})
			continue
		}
		together.Stuck = append(together.Stuck, answers[i].GetStuck()...)
		together.Failed = append(together.Failed, answers[i].GetFailed()...)
	}
	slices.SortStableFunc(together.Stuck, func(a, b *operationsv1.StuckWork) int {
		return cmp.Compare(min(b.GetCount(), 1), min(a.GetCount(), 1))
	})
	return together, nil
}

// all asks every part at the same time; answers and errors are in the order of
// the parts.
func all[A any](o *operator, ask func(part) (A, error)) ([]A, []error) {
	answers, failed := make([]A, len(o.order)), make([]error, len(o.order))
	var wait sync.WaitGroup
	for i, name := range o.order {
		wait.Go(func() { answers[i], failed[i] = ask(o.parts[name]) })
	}
	wait.Wait()
	return answers, failed
}

// RedriveParked is the service's own.
func (o *operator) RedriveParked(ctx context.Context, q *operationsv1.RedriveParkedRequest) (*operationsv1.RedriveParkedResponse, error) {
	p, err := o.part(q.GetService())
	if err != nil {
		return nil, err
	}
	return p.RedriveParked(ctx, q)
}

func (o *operator) part(service string) (part, error) {
	if p := o.parts[service]; p != nil {
		return p, nil
	}
	return nil, fault.InvalidField("service", "no such service; there are %s", strings.Join(o.order, ", "))
}

const (
	defaultPage = 50
	mostCauses  = 100
	// within parts a page token: the service whose list goes on, and that list's own token.
	within = "/"
)

// ListParked is the service's own, or goes through all services.
func (o *operator) ListParked(ctx context.Context, q *operationsv1.ListParkedRequest) (*operationsv1.ListParkedResponse, error) {
	if q.GetService() != "" {
		p, err := o.part(q.GetService())
		if err != nil {
			return nil, err
		}
		return p.ListParked(ctx, q)
	}
	order, err := o.parking(q.GetConsumer())
	if err != nil {
		return nil, err
	}
	at, token := 0, ""
	if q.GetPageToken() != "" {
		name, rest, ok := strings.Cut(q.GetPageToken(), within)
		if at = slices.Index(order, name); !ok || at < 0 {
			return nil, fault.InvalidField("page_token", "it is not a token of this list")
		}
		token = rest
	}
	together := &operationsv1.ListParkedResponse{}
	size := cmp.Or(int(q.GetPageSize()), defaultPage)
	for i, name := range order[at:] {
		room := size - len(together.GetEvents())
		if room == 0 && together.NextPageToken == "" {
			together.NextPageToken = name + within
		}
		if together.NextPageToken != "" && q.GetPageToken() != "" {
			break // causes are on the first page only
		}
		one := proto.CloneOf(q)
		if one.PageSize, one.PageToken = int32(max(room, 1)), ""; i == 0 {
			one.PageToken = token
		}
		page, err := o.parts[name].ListParked(ctx, one)
		if err != nil {
			return nil, err
		}
		if q.GetPageToken() == "" {
			together.Causes = append(together.Causes, page.GetCauses()...)
		}
		if together.NextPageToken != "" {
			continue
		}
		together.Events = append(together.Events, page.GetEvents()...)
		if page.GetNextPageToken() != "" {
			together.NextPageToken = name + within + page.GetNextPageToken()
		}
	}
	slices.SortStableFunc(together.Causes, func(a, b *operationsv1.ParkedCause) int {
		return cmp.Or(cmp.Compare(b.GetEvents(), a.GetEvents()), a.GetOldestAt().AsTime().Compare(b.GetOldestAt().AsTime()))
	})
	together.Causes = together.GetCauses()[:min(len(together.GetCauses()), mostCauses)]
	return together, nil
}

// parking are the services asked that keep events, by the one consumer if it is
// named.
func (o *operator) parking(consumer string) ([]string, error) {
	var found, known []string
	for _, name := range o.order {
		tasks := packet.Peer(name).Consumes
		has := consumer == "" && len(tasks) > 0
		for _, t := range tasks {
			known = append(known, t.Consumer)
			has = has || t.Consumer == consumer
		}
		if has {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		return nil, fault.InvalidField("consumer", "no such consumer; there are %s", strings.Join(known, ", "))
	}
	return found, nil
}
