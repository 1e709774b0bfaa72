package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// play is the second half of the story, by its script.
type play struct {
	*story
	script *script
	today  calendar.Date
	// ends are the last days of notices, by reference.
	ends map[string]calendar.Date
	// raised are the work items that must have arisen, by the role.
	raised map[string][]*raisedItem
	serial int // of feed records
}

// circumstancesChange plays the script; nothing but what it says may arise.
func (s *story) circumstancesChange(ctx context.Context) error {
	text, err := readScript()
	if err != nil {
		return err
	}
	p := &play{story: s, script: text, ends: map[string]calendar.Date{}, raised: map[string][]*raisedItem{}}
	if p.today, err = s.today(ctx); err != nil {
		return err
	}
	for i := range text.Days {
		if err := p.day(ctx, &text.Days[i], i == 0); err != nil {
			return fmt.Errorf("%s: %w", text.Days[i].Title, err)
		}
	}
	p.tell("\nAll in all")
	time.Sleep(aMoment)
	return p.nothingElse(ctx, true)
}

func (p *play) day(ctx context.Context, d *scriptDay, first bool) error {
	on := p.today
	switch {
	case d.Start > 0:
		on = p.first.Add(d.Start)
	case d.BeforeEnd != nil:
		end, known := p.ends[d.BeforeEnd.Reference]
		if !known {
			return fmt.Errorf("%s has no notice", d.BeforeEnd.Reference)
		}
		on = end.Add(-d.BeforeEnd.Days)
	}
	if on > p.today {
		if err := p.moveTo(ctx, on); err != nil {
			return err
		}
		p.today = on
	}
	if first {
		if err := p.enter(ctx); err != nil {
			return err
		}
	}
	p.tell("\n%s", d.Title)
	for i := range d.Steps {
		step := &d.Steps[i]
		if err := p.step(ctx, step); err != nil {
			return fmt.Errorf("%s, %s: %w", step.Person, step.Tell, explain(err))
		}
	}
	if len(d.Steps) == 0 {
		time.Sleep(aMoment)
		return p.nothingElse(ctx, false)
	}
	return nil
}

// enter puts the people of the script on record.
func (p *play) enter(ctx context.Context) error {
	registry, err := p.registry()
	if err != nil {
		return err
	}
	roles := slices.SortedFunc(maps.Keys(p.script.People), func(a, b string) int { return p.script.People[a].Number - p.script.People[b].Number })
	for _, name := range roles {
		r := p.script.People[name]
		if r.AsInStory {
			continue
		}
		state := eventv1.Jurisdiction(eventv1.Jurisdiction_value["JURISDICTION_"+r.State])
		person := synthetic.At(synthetic.Person(1, r.Number), r.Locality, state)
		person.Children = nil
		person.Payments = []*registryv1.Payment{{Code: "JOBSEEKER_PAYMENT", FortnightlyCents: 80_000, FromDate: "2024-07-01", Status: registryv1.PaymentStatus_PAYMENT_STATUS_CURRENT}}
		if r.Record != nil {
			text, err := p.asContract(r.Record)
			if err != nil {
				return err
			}
			own := &registryv1.Customer{}
			if err := protojson.Unmarshal(text, own); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			own.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
				person.ProtoReflect().Set(field, value)
				return true
			})
		}
		// A measure begins when the rest is on record: what changes together with it
		// is a change under it.
		measure := person.GetOtherMeasure()
		person.OtherMeasure = 0
		if err := replace(ctx, registry, person); err != nil {
			return fmt.Errorf("%s: %w", name, explain(err))
		}
		if person.OtherMeasure = measure; measure != 0 {
			if err := replace(ctx, registry, person); err != nil {
				return fmt.Errorf("%s: %w", name, explain(err))
			}
		}
		p.people[name] = person
	}
	return nil
}

// replace puts a record in the place of the one there is.
func replace(ctx context.Context, registry registryv1.RegistryServiceClient, c *registryv1.Customer) error {
	now, err := registry.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: c.GetCrn()})
	if err == nil {
		_, err = registry.PutCustomer(ctx, &registryv1.PutCustomerRequest{Customer: c, ExpectedVersion: now.GetCustomer().GetRecordVersion()})
	}
	return err
}

// step plays one step and checks what comes of it.
func (p *play) step(ctx context.Context, s *scriptStep) error {
	who := strings.TrimSpace(fmt.Sprintf("%-10s %s", s.Person, p.people[s.Person].GetCrn()))
	if s.Tell != "" {
		p.tell("  %-21s %s", who, s.Tell)
	}
	var err error
	switch {
	case s.Lodge != nil:
		err = p.lodges(ctx, s)
	case s.Feed != "":
		err = p.feeds(ctx, s)
	case s.Officer != "":
		err = p.changes(ctx, s)
	case s.Provider != nil:
		err = p.provides(ctx, s)
	case s.Complete != nil:
		err = p.completes(ctx, s)
	}
	if err = p.asRefused(err, s.Refused); err != nil {
		return err
	}
	if s.Notifies != nil {
		if err := p.notified(s); err != nil {
			return err
		}
	}
	if err := p.arise(ctx, s); err != nil {
		return err
	}
	return p.closeByThemselves(ctx, s)
}

// asRefused: what must be refused is refused for that reason, the rest is not.
func (p *play) asRefused(err error, reason string) error {
	if reason == "" {
		return err
	}
	var f *fault.Error
	if !errors.As(rpc.Fault(err), &f) || f.Reason != reason {
		return fmt.Errorf("must be refused as %s, but: %w", reason, errors.Join(errors.New("it was not"), err))
	}
	p.tell("      refused: %v", strings.ReplaceAll(explain(err).Error(), "\n", "\n      "))
	return nil
}

func (p *play) person(id string) (*grpc.ClientConn, error) {
	roles, known := p.script.Officers[id]
	if !known {
		return nil, fmt.Errorf("the script has no officer %s", id)
	}
	return p.as(identity.Caller{Kind: identity.Person, ID: id, Roles: roles})
}

// lodges submits, and has an officer decide what was left when the script says so.
func (p *play) lodges(ctx context.Context, s *scriptStep) error {
	submission := p.revoke(s.Person)
	if c := s.Lodge.Commence; c != nil {
		submission = p.commence(s.Person, int(p.today-p.first)+c.InDays, c.Months, c.Percent, "")
	}
	id, err := p.scene(ctx, s.Lodge.By, s.Lodge.Reference, s.Outcome, submission)
	if err != nil {
		return err
	}
	if r := s.Record; r != nil {
		return p.officerRecords(ctx, s.Lodge.By, s.Lodge.Reference, id, &processingv1.RecordOutcomeRequest{
			Outcome: eventv1.Outcome(eventv1.Outcome_value["OUTCOME_"+r.Outcome]), Note: r.Note,
			RegisterChange: &processingv1.RegisterChange{StartDate: p.written(r.StartDate)},
		})
	}
	if s.Outcome != "PROCESSED COMMENCED" {
		return nil
	}
	return p.inForce(ctx, s)
}

// inForce waits until the registry knows the measure: only then a change counts
// as one under it.
func (p *play) inForce(ctx context.Context, s *scriptStep) error {
	registry, err := p.registry()
	if err != nil {
		return err
	}
	conn, err := p.person("olive")
	if err != nil {
		return err
	}
	notices, err := processingv1.NewRegisterServiceClient(conn).ListNotices(ctx, &processingv1.ListNoticesRequest{Crn: p.people[s.Person].GetCrn()})
	if err != nil || len(notices.GetNotices()) == 0 {
		return fmt.Errorf("no notice on the register: %w", err)
	}
	if p.ends[s.Lodge.Reference], err = calendar.ParseDate(notices.GetNotices()[0].GetEndDate()); err != nil {
		return err
	}
	return p.until(ctx, "the registry knows of the notice", func() (bool, error) {
		now, err := registry.GetCustomer(ctx, &registryv1.GetCustomerRequest{Crn: p.people[s.Person].GetCrn()})
		return now.GetCustomer().GetRegisterMeasure() != 0, err
	})
}

// notified: the authority's next report must tell of the change.
func (p *play) notified(s *scriptStep) error {
	days, err := calendar.Load()
	if err != nil {
		return err
	}
	for _, a := range synthetic.Authorities() {
		if a.GetAuthorityId() != s.Notifies.Authority {
			continue
		}
		next, err := days.NextBusinessDay(strings.TrimPrefix(a.GetJurisdiction().String(), "JURISDICTION_"), p.today)
		if err != nil {
			return err
		}
		p.notifications[notification{a.GetAuthorityId(), p.people[s.Person].GetCrn(), next.String(), s.Notifies.Note}]++
		p.tell("      %s is told in its report of %s: %s", a.GetAuthorityId(), next, s.Notifies.Note)
		return nil
	}
	return fmt.Errorf("there is no authority %s", s.Notifies.Authority)
}

func (p *play) workItems() (workitemv1.WorkItemServiceClient, error) {
	conn, err := p.person("olive")
	return workitemv1.NewWorkItemServiceClient(conn), err
}
