package main

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

func (p *play) changesOf(s *scriptStep) ([]*registryv1.Change, error) {
	text, err := p.asContract(s.Changes)
	if err != nil {
		return nil, err
	}
	return changesOf(text)
}

// feeds sends one record of a feed. It must be taken, and taken once.
func (p *play) feeds(ctx context.Context, s *scriptStep) error {
	changes, err := p.changesOf(s)
	if err != nil {
		return err
	}
	conn, err := p.administrator()
	if err != nil {
		return err
	}
	now, err := sandboxv1.NewClockServiceClient(conn).ShowClock(ctx, &sandboxv1.ShowClockRequest{})
	if err != nil {
		return err
	}
	p.serial++
	record := &registryv1.FeedRecord{
		Feed: s.Feed, Reference: fmt.Sprintf("demo-%03d", p.serial), Crn: p.people[s.Person].GetCrn(), OccurredAt: timestamppb.New(now.GetNow().AsTime()), Changes: changes,
	}
	feed, err := p.feeder()
	if err != nil {
		return err
	}
	stream, err := feed.FeedChanges(ctx)
	if err != nil {
		return err
	}
	times := int64(1)
	if s.Twice {
		times++
	}
	for range times {
		if err := stream.Send(&registryv1.FeedChangesRequest{Record: record}); err != nil {
			break // the answer says why
		}
	}
	answer, err := stream.CloseAndRecv()
	switch {
	case err != nil:
		return err
	case answer.GetApplied() != 1 || answer.GetRepeatedRecords() != times-1:
		return fmt.Errorf("the feed was not taken as it must be: %s", asJSON(answer))
	}
	return nil
}

// changes lets an officer change the record as it stands.
func (p *play) changes(ctx context.Context, s *scriptStep) error {
	changes, err := p.changesOf(s)
	if err != nil {
		return err
	}
	conn, err := p.person(s.Officer)
	if err != nil {
		return err
	}
	request := &registryv1.ChangeCustomerRequest{Crn: p.people[s.Person].GetCrn(), Changes: changes, Reason: s.Tell}
	for attempt := 0; ; attempt++ {
		now, err := registryv1.NewRegistryServiceClient(conn).GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: request.GetCrn()})
		if err != nil {
			return err
		}
		request.ExpectedVersion = now.GetCustomer().GetRecordVersion()
		_, err = registryv1.NewCircumstanceServiceClient(conn).ChangeCustomer(ctx, request)
		// What follows from another record may have made a version meanwhile.
		if fault.KindOf(rpc.Fault(err)) != fault.Conflict || attempt == 5 {
			return err
		}
	}
}

// provides records a School Meals provider as it is from now on.
func (p *play) provides(ctx context.Context, s *scriptStep) error {
	text, err := p.asContract(s.Provider)
	if err != nil {
		return err
	}
	provider := &registryv1.SchoolMealsProvider{}
	if err := protojson.Unmarshal(text, provider); err != nil {
		return err
	}
	conn, err := p.administrator()
	if err == nil {
		_, err = registryv1.NewCircumstanceServiceClient(conn).PutSchoolMealsProvider(ctx, &registryv1.PutSchoolMealsProviderRequest{Provider: provider})
	}
	return err
}

// completes investigates an item and completes it, with the note of the script;
// a document on the customer's record tells of it.
func (p *play) completes(ctx context.Context, s *scriptStep) error {
	target := p.latest(s.Person, s.Complete.Code)
	if target == nil {
		return fmt.Errorf("%s has not arisen", s.Complete.Code)
	}
	conn, err := p.person(s.Complete.By)
	if err != nil {
		return err
	}
	items := workitemv1.NewWorkItemServiceClient(conn)
	seen, err := items.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: target.id})
	if err != nil {
		return err
	}
	started, err := items.StartInvestigation(ctx, &workitemv1.StartInvestigationRequest{WorkItemId: target.id, Version: seen.GetWorkItem().GetVersion()})
	if err != nil {
		return err
	}
	version := started.GetWorkItem().GetVersion()
	if s.Complete.Component != "" {
		noted, err := items.RecordServiceComponent(ctx, &workitemv1.RecordServiceComponentRequest{
			WorkItemId: target.id, Version: version, Number: s.Complete.Component, Status: "COM", On: p.today.String(),
		})
		if err != nil {
			return err
		}
		version = noted.GetWorkItem().GetVersion()
	}
	done, err := items.CompleteWorkItem(ctx, &workitemv1.CompleteWorkItemRequest{WorkItemId: target.id, Version: version, ActionId: action(), Note: s.Complete.Note})
	if err != nil {
		return err
	}
	target.status = done.GetWorkItem().GetStatus()
	p.tell("      %s %s by %s", s.Complete.Code, short(target.status), s.Complete.By)
	return p.documented(ctx, s)
}

// documented waits for the document about a completed item. The registry hears
// of items in their order, so it knows by then what else they mean for it.
func (p *play) documented(ctx context.Context, s *scriptStep) error {
	registry, err := p.registry()
	if err != nil {
		return err
	}
	title := "Work item " + s.Complete.Code + ": completed"
	return p.until(ctx, "the record has the document "+title, func() (bool, error) {
		list, err := registry.ListDocuments(ctx, &registryv1.ListDocumentsRequest{Crn: p.people[s.Person].GetCrn(), PageSize: 500})
		for _, d := range list.GetDocuments() {
			if d.GetTitle() == title && d.GetOfficerId() == s.Complete.By {
				p.tell("      document on the record, %s: %s", d.GetCreatedAt().AsTime().In(p.zone).Format(time.DateOnly), title)
				return true, nil
			}
		}
		return false, err
	})
}
