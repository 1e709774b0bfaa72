package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/run"
	"github.com/noticehub/noticehub/pkg/telemetry"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// stage is a hub of its own in a temporary directory, for demonstrations.
type stage struct {
	out   io.Writer
	hub   *hub.Hub
	conns map[string]*grpc.ClientConn
	zone  *time.Location
}

// onStage opens a hub, runs f against it and takes everything away again.
func onStage(ctx context.Context, out io.Writer, f func(context.Context, *stage) error) error {
	dir, err := os.MkdirTemp("", "noticehub-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // PostgreSQL's own user must be able to pass through
		return err
	}
	h, err := hub.Open(ctx, hub.Options{
		Insecure: true, Unlimited: true,
		Dir: dir, GRPCListen: "127.0.0.1:0", HTTPListen: "127.0.0.1:0", Zone: "Australia/Sydney",
		Telemetry: telemetry.Config{LogFormat: "text", LogLevel: "warn"},
	})
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation("Australia/Sydney")
	if err != nil {
		return err
	}
	s := &stage{out: out, hub: h, conns: map[string]*grpc.ClientConn{}, zone: zone}
	ctx, cancel := context.WithCancel(ctx)
	return run.All(ctx, h.Run, func(ctx context.Context) error {
		defer cancel()
		return explain(f(ctx, s))
	})
}

// as connects as a caller, once.
func (s *stage) as(c identity.Caller) (*grpc.ClientConn, error) {
	if conn, ok := s.conns[c.Actor()]; ok {
		return conn, nil
	}
	conn, err := s.hub.Conn(c)
	if err == nil {
		s.conns[c.Actor()] = conn
	}
	return conn, err
}

func (s *stage) intake(authority string) (intakev1.IntakeServiceClient, error) {
	conn, err := s.as(identity.Caller{Kind: identity.Authority, ID: authority})
	return intakev1.NewIntakeServiceClient(conn), err
}

func (s *stage) reports(authority string) (advicev1.ReportServiceClient, error) {
	conn, err := s.as(identity.Caller{Kind: identity.Authority, ID: authority})
	return advicev1.NewReportServiceClient(conn), err
}

func (s *stage) queue() (processingv1.QueueServiceClient, error) {
	conn, err := s.as(identity.Caller{Kind: identity.Person, ID: "olive", Roles: []string{"contact-officer", "supervisor"}})
	return processingv1.NewQueueServiceClient(conn), err
}

func (s *stage) administrator() (*grpc.ClientConn, error) {
	return s.as(identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
}

// registry is the officer's who looks after the records; administrators do not
// read or write them.
func (s *stage) registry() (registryv1.RegistryServiceClient, error) {
	conn, err := s.as(identity.Caller{Kind: identity.Person, ID: "reg", Roles: []string{"officer"}})
	return registryv1.NewRegistryServiceClient(conn), err
}

// restrictedAccess is the registry for the one who may restrict a record.
func (s *stage) restrictedAccess() (registryv1.RegistryServiceClient, error) {
	conn, err := s.as(identity.Caller{Kind: identity.Person, ID: "devon", Roles: []string{"restricted-access-officer"}})
	return registryv1.NewRegistryServiceClient(conn), err
}

// imports is the administrator's who loads a registry.
func (s *stage) imports() (registryv1.RegistryServiceClient, error) {
	conn, err := s.administrator()
	return registryv1.NewRegistryServiceClient(conn), err
}

// feeder is the agency's feed of circumstances.
func (s *stage) feeder() (registryv1.CircumstanceServiceClient, error) {
	conn, err := s.as(identity.Caller{Kind: identity.Service, ID: "feeder"})
	return registryv1.NewCircumstanceServiceClient(conn), err
}

// today is the business date.
func (s *stage) today(ctx context.Context) (calendar.Date, error) {
	conn, err := s.administrator()
	if err != nil {
		return 0, err
	}
	shown, err := sandboxv1.NewClockServiceClient(conn).ShowClock(ctx, &sandboxv1.ShowClockRequest{})
	if err != nil {
		return 0, err
	}
	return calendar.ParseDate(shown.GetToday())
}

// advanceTo moves the business clock to a day.
func (s *stage) advanceTo(ctx context.Context, day calendar.Date) error {
	conn, err := s.administrator()
	if err == nil {
		_, err = sandboxv1.NewClockServiceClient(conn).AdvanceClock(ctx, &sandboxv1.AdvanceClockRequest{ToDate: day.String()})
	}
	if err == nil {
		fmt.Fprintf(s.out, "\n— the business clock now shows %s —\n", day)
	}
	return err
}

// lodge submits and waits for the decision.
func (s *stage) lodge(ctx context.Context, authority string, submission *intakev1.Submission) (*intakev1.SubmitResponse, error) {
	client, err := s.intake(authority)
	if err != nil {
		return nil, err
	}
	// An authority that was just added is known to intake a moment later.
	for attempt := 0; ; attempt++ {
		answer, err := client.Submit(ctx, &intakev1.SubmitRequest{Submission: submission, Wait: durationpb.New(8 * time.Second)})
		if err == nil || attempt == 20 || !unknownAuthority(err) {
			return answer, err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// act claims a submission and records an outcome, as a contact officer does.
func (s *stage) act(ctx context.Context, id string, request *processingv1.RecordOutcomeRequest) (*processingv1.SubmissionSummary, error) {
	q, err := s.queue()
	if err != nil {
		return nil, err
	}
	claimed, err := q.Claim(ctx, &processingv1.ClaimRequest{SubmissionId: id})
	if err != nil {
		return nil, err
	}
	version, key := claimed.GetSubmission().GetVersion(), clock.NewID(clock.System().Now()).String()
	if request.GetOutcome() == eventv1.Outcome_OUTCOME_RETURNED {
		answer, err := q.ReturnToAuthority(ctx, &processingv1.ReturnToAuthorityRequest{
			SubmissionId: id, Version: version, ActionId: key, Declaration: true, Note: request.GetNote(), NoteForAuthority: request.GetNoteForAuthority(),
		})
		return answer.GetSubmission(), err
	}
	request.SubmissionId, request.Version, request.ActionId, request.Declaration = id, version, key, true
	answer, err := q.RecordOutcome(ctx, request)
	return answer.GetSubmission(), err
}
