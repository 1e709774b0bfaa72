// Package api serves daily reports and advice outcomes over gRPC.
//
// An authority sees its own reports and outcomes, whatever it asks for; contact
// officers, supervisors and auditors see all. A report shows from its date on
// once it is sealed. What is not there and what belongs to somebody else get the
// same answer, and what an authority asks is asked within its own rows only.
package api

import (
	"context"
	"log/slog"
	"regexp"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/pkg/watch"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
	"github.com/noticehub/noticehub/services/internal/access"
	"github.com/noticehub/noticehub/services/internal/pagetoken"
)

// Deps is what the API works with; all of it is required.
type Deps struct {
	Store    *store.Store
	Calendar *calendar.Calendar
	// Zone whose midnight ends a day.
	Zone  *time.Location
	Clock clock.Clock
	// Delivered makes the outbox rows that tell of a first delivery.
	Delivered func(report.Report, time.Time) []outbox.Row
	// Committed takes those rows after the commit.
	Committed func(...outbox.Row)
	Log       *slog.Logger
	// TokenSecret seals page tokens; 32 bytes.
	TokenSecret []byte
}

// Server implements the report service.
type Server struct {
	advicev1.UnimplementedReportServiceServer
	Deps
	reports, outcomes *pagetoken.Tokens
	changes           *watch.Poller[all, int64]
}

// New makes a server.
func New(d Deps) (*Server, error) {
	reports, err := pagetoken.New(d.TokenSecret, "reports")
	if err != nil {
		return nil, err
	}
	outcomes, err := pagetoken.New(d.TokenSecret, "outcomes")
	s := &Server{Deps: d, reports: reports, outcomes: outcomes}
	s.changes = s.watching()
	return s, err
}

// Register adds the service to a server.
func (s *Server) Register(r grpc.ServiceRegistrar) { advicev1.RegisterReportServiceServer(r, s) }

// Methods says who may call what.
func Methods() identity.Table { return access.Table(advicev1.ReportService_ServiceDesc.ServiceName) }

// scope is who asks, and for which authority.
type scope struct {
	// authority asked for; "" is all of them, for persons only.
	authority string
	// own is true when the authority itself asks.
	own   bool
	actor string
}

// scopeOf takes the authority from the caller's credentials; a different one in
// the request is refused rather than ignored.
func scopeOf(ctx context.Context, requested string) (scope, error) {
	caller, ok := identity.From(ctx)
	switch {
	case !ok:
		return scope{}, fault.New(fault.Unauthenticated, "CREDENTIALS_MISSING", "the call carries no credentials")
	case caller.Kind == identity.Authority:
		if requested != "" && requested != caller.ID {
			return scope{}, fault.New(fault.Denied, "AUTHORITY_MISMATCH", "authority_id is not the authority that calls").
				WithHelp("Leave authority_id empty; an authority sees its own reports only.")
		}
		return scope{authority: caller.ID, own: true, actor: caller.Actor()}, nil
	case caller.Kind == identity.Person:
		if requested != "" && !authorityID.MatchString(requested) {
			return scope{}, fault.InvalidField("authority_id", "is not of the form of an authority's id")
		}
		return scope{authority: requested, actor: caller.Actor()}, nil
	}
	return scope{}, fault.New(fault.Denied, "METHOD_DENIED", "%s may not read reports", caller.Actor())
}

// authorityID is the form that the registry gives to ids of authorities.
var authorityID = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)

// rows are those the caller may read.
func (s *Server) rows(sc scope) store.Reader {
	if sc.own {
		return s.Store.Of(sc.authority)
	}
	return s.Store.Reader
}

// one is scopeOf where the answer concerns one authority.
func one(ctx context.Context, requested string) (scope, error) {
	sc, err := scopeOf(ctx, requested)
	if err == nil && sc.authority == "" {
		return scope{}, fault.InvalidField("authority_id", "is required: say whose it is")
	}
	return sc, err
}

// person is scopeOf for what only persons ask.
func person(ctx context.Context, requested string) (scope, error) {
	sc, err := scopeOf(ctx, requested)
	if err == nil && sc.own {
		return scope{}, fault.New(fault.Denied, "METHOD_DENIED", "only operators follow deliveries")
	}
	return sc, err
}

func (s *Server) today() calendar.Date { return calendar.FromTime(s.Clock.Now(), s.Zone) }

// find returns the report of a date as the caller may see it.
func (s *Server) find(ctx context.Context, sc scope, text string) (report.Report, error) {
	date, err := calendar.ParseDate(text)
	if err != nil {
		return report.Report{}, fault.InvalidField("report_date", "%q is not a date of the form yyyy-mm-dd", text)
	}
	r, found, err := s.rows(sc).Report(ctx, sc.authority, date)
	if err != nil {
		return report.Report{}, err
	}
	if !found || date > s.today() {
		return report.Report{}, notFound(date)
	}
	return r, nil
}

func notFound(date calendar.Date) error {
	return fault.New(fault.NotFound, "REPORT_NOT_FOUND", "there is no report of %s", date).
		WithHelp("Reports are dated on the business days of the authority's jurisdiction and show from the start of their date; ListReports names them.")
}
