package operations

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"hash/crc32"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/pkg/postgres"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
)

const (
	defaultPage = 50
	// mostCauses are shown with the first page.
	mostCauses = 100
)

// states are the contract's, in the words of the inbox.
var states = map[operationsv1.ParkedState]string{
	operationsv1.ParkedState_PARKED_STATE_UNSPECIFIED: "",
	operationsv1.ParkedState_PARKED_STATE_RETRYING:    inbox.Retrying,
	operationsv1.ParkedState_PARKED_STATE_WAITING:     inbox.Waiting,
	operationsv1.ParkedState_PARKED_STATE_QUARANTINED: inbox.Quarantined,
}

func stateOf(word string) operationsv1.ParkedState {
	for state, w := range states {
		if w == word && w != "" {
			return state
		}
	}
	return operationsv1.ParkedState_PARKED_STATE_UNSPECIFIED
}

// ListParked pages through events that failed and wait, oldest first.
func (s *Server) ListParked(ctx context.Context, r *operationsv1.ListParkedRequest) (*operationsv1.ListParkedResponse, error) {
	parts, err := s.parking(r.GetService(), r.GetConsumer())
	if err != nil {
		return nil, err
	}
	list := listOf(r)
	after, err := list.position(r.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := cmp.Or(int(r.GetPageSize()), defaultPage)
	first := r.GetPageToken() == ""
	pages, causes := make([][]*row, len(parts)), make([][]*operationsv1.ParkedCause, len(parts))
	failed := make([]error, len(parts))
	var all sync.WaitGroup
	for i, p := range parts {
		all.Go(func() {
			if pages[i], failed[i] = p.page(ctx, r, after, size+1); failed[i] == nil && first {
				causes[i], failed[i] = p.causes(ctx, r)
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		if err != nil {
			return nil, err // what is missing would look as if all were well
		}
	}
	rows := slices.Concat(pages...)
	slices.SortFunc(rows, (*row).compare)
	answer := &operationsv1.ListParkedResponse{}
	if len(rows) > size {
		rows = rows[:size]
		answer.NextPageToken = list.token(rows[size-1].place)
	}
	for _, one := range rows {
		answer.Events = append(answer.Events, one.event)
	}
	answer.Causes = slices.Concat(causes...)
	slices.SortStableFunc(answer.Causes, func(a, b *operationsv1.ParkedCause) int {
		return cmp.Or(cmp.Compare(b.GetEvents(), a.GetEvents()), a.GetOldestAt().AsTime().Compare(b.GetOldestAt().AsTime()))
	})
	answer.Causes = answer.Causes[:min(len(answer.Causes), mostCauses)]
	return answer, nil
}

// parking are the parts asked for that park events.
func (s *Server) parking(service, consumer string) ([]*Part, error) {
	found, err := s.parts(service)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(p *Part) bool { return !p.parks() })
	if consumer == "" {
		return found, nil
	}
	var names []string
	for _, p := range found {
		for _, t := range p.consumes() {
			names = append(names, t.Consumer)
		}
	}
	found = slices.DeleteFunc(found, func(p *Part) bool { return !p.hasConsumer(consumer) })
	if len(found) == 0 {
		return nil, fault.InvalidField("consumer", "no such consumer; there are %s", cmp.Or(strings.Join(names, ", "), "none"))
	}
	return found, nil
}

// place is where in the list of all services an event stands: by age, service,
// consumer and id.
type place struct {
	At       time.Time `json:"-"`
	Micros   int64     `json:"t"`
	Service  string    `json:"s"`
	Consumer string    `json:"c"`
	ID       string    `json:"e"`
	List     uint32    `json:"l"`
}

type row struct {
	place
	event *operationsv1.ParkedEvent
}

func (a *row) compare(b *row) int {
	return cmp.Or(a.At.Compare(b.At), strings.Compare(a.Service, b.Service), strings.Compare(a.Consumer, b.Consumer), strings.Compare(a.ID, b.ID))
}

// behind is where in the service's own list the events behind a place begin.
func (p *Part) behind(after place) inbox.Place {
	switch {
	case after.Service == "":
		return inbox.Place{}
	case p.Service == after.Service:
		id, _ := clock.ParseID(after.ID) // it was read before
		return inbox.Place{ParkedAt: after.At, Consumer: after.Consumer, ID: id}
	case p.Service > after.Service:
		return inbox.Place{ParkedAt: after.At} // no consumer is named ""
	default:
		return inbox.Place{ParkedAt: after.At.Add(time.Microsecond)}
	}
}

func (p *Part) page(ctx context.Context, r *operationsv1.ListParkedRequest, after place, limit int) ([]*row, error) {
	found, err := inbox.List(ctx, p.Pool, inbox.Listing{Consumer: r.GetConsumer(), State: states[r.GetState()], After: p.behind(after), Limit: limit})
	if err != nil {
		return nil, postgres.Classify(err)
	}
	rows := make([]*row, len(found))
	for i, f := range found {
		e := &operationsv1.ParkedEvent{
			Service: p.Service, Consumer: f.Consumer, EventId: f.ID.String(), State: stateOf(f.State), Attempts: int32(f.Attempts),
			Cause: f.Cause, ParkedAt: timestamppb.New(f.ParkedAt), TraceId: traceOf(f.Traceparent),
		}
		if f.State != inbox.Quarantined {
			e.NextAt = timestamppb.New(f.NextAt)
		}
		rows[i] = &row{place{At: f.ParkedAt, Service: p.Service, Consumer: f.Consumer, ID: e.GetEventId()}, e}
	}
	return rows, nil
}

func (p *Part) causes(ctx context.Context, r *operationsv1.ListParkedRequest) ([]*operationsv1.ParkedCause, error) {
	found, err := inbox.Causes(ctx, p.Pool, r.GetConsumer(), states[r.GetState()], mostCauses)
	causes := make([]*operationsv1.ParkedCause, len(found))
	for i, c := range found {
		causes[i] = &operationsv1.ParkedCause{
			Service: p.Service, Consumer: c.Consumer, State: stateOf(c.State), Cause: c.Cause, Events: c.Events, OldestAt: timestamppb.New(c.Oldest),
		}
	}
	return causes, postgres.Classify(err)
}

// traceOf is the trace of a W3C traceparent; "" when it has none.
func traceOf(traceparent string) string {
	parts := strings.Split(traceparent, "-")
	if len(parts) < 2 {
		return ""
	}
	if id, err := trace.TraceIDFromHex(parts[1]); err == nil {
		return id.String()
	}
	return ""
}

// list tells lists with other filters apart, so that a token of one is refused in
// another and does not silently leave events out.
type list uint32

func listOf(r *operationsv1.ListParkedRequest) list {
	return list(crc32.ChecksumIEEE([]byte(r.GetService() + "\n" + r.GetConsumer() + "\n" + states[r.GetState()])))
}

func (l list) token(p place) string {
	p.Micros, p.List = p.At.UnixMicro(), uint32(l)
	text, _ := json.Marshal(p) // strings and numbers always have a form
	return base64.RawURLEncoding.EncodeToString(text)
}

func (l list) position(token string) (p place, err error) {
	if token == "" {
		return p, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	p.At = time.UnixMicro(p.Micros).UTC()
	_, broken := clock.ParseID(p.ID)
	if err != nil || broken != nil || p.Service == "" || p.At.Year() < 2000 || p.At.Year() > 9000 || !utf8.ValidString(p.Consumer) || strings.ContainsRune(p.Consumer, 0) {
		return p, fault.InvalidField("page_token", "it is not a token of this list")
	}
	if p.List != uint32(l) {
		return p, fault.InvalidField("page_token", "it belongs to a list with other filters")
	}
	return p, nil
}
