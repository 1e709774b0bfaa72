package scenario

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/run"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// Connect connects to the hub as a caller. It is called for one caller at a time.
type Connect func(identity.Caller) (*grpc.ClientConn, error)

// hub are the clients a play needs.
type hub struct {
	registry    registryv1.RegistryServiceClient
	clock       sandboxv1.ClockServiceClient
	queue       processingv1.QueueServiceClient
	register    processingv1.RegisterServiceClient
	intake      map[string]intakev1.IntakeServiceClient
	reports     map[string]advicev1.ReportServiceClient
	disclosures map[string]processingv1.DisclosureServiceClient
}

func newHub(connect Connect) (*hub, error) {
	admin, err := connect(identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
	if err != nil {
		return nil, err
	}
	officer, err := connect(identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer", "supervisor", "restricted-access-officer"}})
	if err != nil {
		return nil, err
	}
	h := &hub{
		registry: registryv1.NewRegistryServiceClient(admin), clock: sandboxv1.NewClockServiceClient(admin),
		queue: processingv1.NewQueueServiceClient(officer), register: processingv1.NewRegisterServiceClient(officer),
		intake: map[string]intakev1.IntakeServiceClient{}, reports: map[string]advicev1.ReportServiceClient{}, disclosures: map[string]processingv1.DisclosureServiceClient{},
	}
	for _, id := range AuthorityIDs() {
		conn, err := connect(identity.Caller{Kind: identity.Authority, ID: id})
		if err != nil {
			return nil, err
		}
		h.intake[id], h.reports[id], h.disclosures[id] = intakev1.NewIntakeServiceClient(conn), advicev1.NewReportServiceClient(conn), processingv1.NewDisclosureServiceClient(conn)
	}
	return h, nil
}

func (h *hub) today(ctx context.Context) (calendar.Date, error) {
	shown, err := h.clock.ShowClock(ctx, &sandboxv1.ShowClockRequest{})
	if err != nil {
		return 0, err
	}
	return calendar.ParseDate(shown.GetToday())
}

func (h *hub) advanceTo(ctx context.Context, day calendar.Date) error {
	_, err := h.clock.AdvanceClock(ctx, &sandboxv1.AdvanceClockRequest{ToDate: day.String()})
	return err
}

// put brings customers into the registry.
func (h *hub) put(ctx context.Context, customers []*registryv1.Customer) error {
	stream, err := h.registry.ImportCustomers(ctx)
	if err != nil {
		return err
	}
	for _, c := range customers {
		if err := stream.Send(&registryv1.ImportCustomersRequest{Customer: c}); err != nil {
			break // the answer says why
		}
	}
	answer, err := stream.CloseAndRecv()
	if err == nil && answer.GetRefused() > 0 {
		err = fmt.Errorf("%d customers were refused, the first: %v", answer.GetRefused(), answer.GetErrors()[0])
	}
	return err
}

// putAuthorities brings in the authorities and waits until intake knows them:
// it hears of them by an event.
func (h *hub) putAuthorities(ctx context.Context) error {
	for _, a := range synthetic.Authorities() {
		if _, err := h.registry.PutAuthority(ctx, &registryv1.PutAuthorityRequest{Authority: a}); err != nil {
			return err
		}
	}
	// An impossible date is refused as invalid, but only of an authority that is known.
	probe := &intakev1.SubmitRequest{Submission: &intakev1.Submission{Reference: "probe", Content: &intakev1.Submission_Disclosure{Disclosure: &intakev1.DisclosureRequest{
		Customer: &intakev1.CustomerIdentity{Crn: synthetic.CRN(99_999_999), FamilyName: "Nobody", DateOfBirth: "1990-02-31"},
	}}}}
	for _, id := range AuthorityIDs() {
		err := until(ctx, "intake knows "+id, func() (int, error) {
			_, err := h.intake[id].Submit(ctx, probe)
			switch fault.KindOf(rpc.Fault(err)) {
			case fault.Invalid:
				return 0, nil
			case fault.Denied, fault.Unauthenticated:
				return 1, nil
			}
			return 1, fmt.Errorf("the probe was not refused as it must be: %w", err)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// views are all submissions of an authority.
func (h *hub) views(ctx context.Context, authority string) ([]*intakev1.SubmissionView, error) {
	var all []*intakev1.SubmissionView
	request := &intakev1.ListSubmissionsRequest{PageSize: 500}
	for {
		page, err := h.intake[authority].ListSubmissions(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, page.GetSubmissions()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return all, nil
		}
	}
}

// pause between two looks for something that is on its way.
const pause = 50 * time.Millisecond

// patience is how long a hub without faults may get no further with anything,
// on a machine that has much else to do.
const patience = 30 * time.Second

var errInVain = errors.New("waited in vain for")

// until looks again and again, until nothing is left; it gives up when what is
// left does not change any more.
func until(ctx context.Context, what string, look func() (left int, err error)) error {
	before, giveUp := -1, time.After(patience)
	for {
		left, err := look()
		if err != nil || left == 0 {
			return err
		}
		if left != before {
			before, giveUp = left, time.After(patience)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-giveUp:
			return fmt.Errorf("%w %s until %s", errInVain, patience, what)
		case <-time.After(pause):
		}
	}
}

// callers is how many calls are under way at a time.
const callers = 8

// each calls f for all of a list, several at a time.
func each[T any](ctx context.Context, list []T, f func(context.Context, T) error) error {
	var next atomic.Int64
	work := make([]func(context.Context) error, min(callers, len(list)))
	for i := range work {
		work[i] = func(ctx context.Context) error {
			for {
				at := int(next.Add(1)) - 1
				if at >= len(list) || ctx.Err() != nil {
					return ctx.Err()
				}
				if err := f(ctx, list[at]); err != nil {
					return err
				}
			}
		}
	}
	return run.All(ctx, work...)
}

// diary writes what is going on; it may be called from anywhere.
type diary struct {
	mu  sync.Mutex
	out io.Writer
}

func (d *diary) say(format string, a ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fmt.Fprintf(d.out, format+"\n", a...)
}
