package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// raisedItem is a work item that must have arisen.
type raisedItem struct {
	arising
	id     string // once it has
	status workitemv1.WorkItemStatus
}

// itemsOf are all work items of a customer, the ended ones included.
func (p *play) itemsOf(ctx context.Context, person string) ([]*workitemv1.WorkItem, error) {
	service, err := p.workItems()
	if err != nil {
		return nil, err
	}
	answer, err := service.ListCustomerWorkItems(ctx, &workitemv1.ListCustomerWorkItemsRequest{Crn: p.people[person].GetCrn(), IncludeClosed: true, PageSize: 200})
	return answer.GetWorkItems(), err
}

// aMoment is how long a change that must raise nothing is given to raise
// something; what comes later still is found at the end, but not told apart from
// what a later step raises.
const aMoment = 250 * time.Millisecond

// arise waits for the items that a step must raise, and shows them.
func (p *play) arise(ctx context.Context, s *scriptStep) error {
	if len(s.Raises) == 0 && len(s.Changes) > 0 {
		time.Sleep(aMoment)
		return p.unexpected(ctx, s.Person)
	}
	for _, a := range s.Raises {
		item := &raisedItem{arising: a, status: workitemv1.WorkItemStatus_WORK_ITEM_STATUS_OPEN}
		p.raised[s.Person] = append(p.raised[s.Person], item)
		if a.Maybe {
			continue
		}
		if err := p.until(ctx, a.Code+" arises", func() (bool, error) { return p.found(ctx, s.Person, item) }); err != nil {
			return err
		}
		if err := p.show(ctx, item); err != nil {
			return err
		}
	}
	return nil
}

// unexpected finds an item of a customer that nothing told of.
func (p *play) unexpected(ctx context.Context, person string) error {
	list, err := p.itemsOf(ctx, person)
	for _, got := range list {
		if !slices.ContainsFunc(p.raised[person], func(r *raisedItem) bool { return r.is(got) }) {
			return fmt.Errorf("%s of %s arose and nobody expects it: %s", got.GetCode(), person, got.GetTitle())
		}
	}
	return err
}

// is reports whether an item is the expected one.
func (r *raisedItem) is(got *workitemv1.WorkItem) bool {
	return r.id == got.GetWorkItemId() || (r.Maybe && r.id == "" && r.Code == got.GetCode())
}

// found looks for an item of the code that is not another one's.
func (p *play) found(ctx context.Context, person string, want *raisedItem) (bool, error) {
	list, err := p.itemsOf(ctx, person)
	for _, got := range list {
		taken := slices.ContainsFunc(p.raised[person], func(r *raisedItem) bool { return r.id == got.GetWorkItemId() })
		if got.GetCode() == want.Code && !taken {
			want.id = got.GetWorkItemId()
			return true, err
		}
	}
	return false, err
}

// show prints an item that arose and checks title and what raised it.
func (p *play) show(ctx context.Context, item *raisedItem) error {
	service, err := p.workItems()
	if err != nil {
		return err
	}
	answer, err := service.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: item.id})
	if err != nil {
		return err
	}
	got, by := answer.GetWorkItem(), "date"
	if len(answer.GetHistory()) > 0 && answer.GetHistory()[0].GetEventId() != "" {
		by = "event"
	}
	p.tell("      → %-6s %s\n               cause: %s (by %s)", got.GetCode(), got.GetTitle(), item.Because, by)
	switch {
	case item.Title != "" && got.GetTitle() != p.written(item.Title):
		return fmt.Errorf("the title of %s must be %q", item.Code, p.written(item.Title))
	case item.By != "" && item.By != by:
		return fmt.Errorf("%s was raised by %s, not by %s", item.Code, by, item.By)
	}
	return nil
}

// latest is the item of a code that arose last.
func (p *play) latest(person, code string) *raisedItem {
	for _, r := range slices.Backward(p.raised[person]) {
		if r.Code == code && r.id != "" {
			return r
		}
	}
	return nil
}

// closeByThemselves waits until the related activity has closed items.
func (p *play) closeByThemselves(ctx context.Context, s *scriptStep) error {
	service, err := p.workItems()
	if err != nil {
		return err
	}
	for _, code := range s.Closes {
		item := p.latest(s.Person, code)
		if item == nil {
			return fmt.Errorf("%s has not arisen", code)
		}
		var history []*workitemv1.WorkItemStep
		err := p.until(ctx, code+" is closed", func() (bool, error) {
			answer, err := service.GetWorkItem(ctx, &workitemv1.GetWorkItemRequest{WorkItemId: item.id})
			history = answer.GetHistory()
			return answer.GetWorkItem().GetStatus() == workitemv1.WorkItemStatus_WORK_ITEM_STATUS_CLOSED, err
		})
		if err != nil {
			return err
		}
		last := history[len(history)-1]
		if last.GetAction() != "closed" || last.GetEventId() == "" {
			return fmt.Errorf("%s was closed without the event that closed it: %s", code, asJSON(last))
		}
		item.status = workitemv1.WorkItemStatus_WORK_ITEM_STATUS_CLOSED
		p.tell("      ✓ %-6s closed by this activity", code)
	}
	return nil
}

// nothingElse: every item of the script's people was told of, and stands as
// told. At the end every code of the catalogue must have been seen.
func (p *play) nothingElse(ctx context.Context, end bool) error {
	codes, total, open := map[string]bool{}, 0, 0
	for person := range p.script.People {
		told := p.raised[person]
		list, err := p.itemsOf(ctx, person)
		if err == nil {
			err = p.unexpected(ctx, person)
		}
		if err != nil {
			return err
		}
		for _, got := range list {
			at := slices.IndexFunc(told, func(r *raisedItem) bool { return r.is(got) })
			if told[at].id = got.GetWorkItemId(); got.GetStatus() != told[at].status {
				return fmt.Errorf("%s of %s is %s, must be %s", got.GetCode(), person, short(got.GetStatus()), short(told[at].status))
			}
			codes[got.GetCode()] = true
			total++
			if got.GetClosedAt() == nil {
				open++
			}
		}
	}
	return p.sumUp(ctx, codes, total, open, end)
}

func (p *play) sumUp(ctx context.Context, codes map[string]bool, total, open int, end bool) error {
	service, err := p.workItems()
	if err != nil {
		return err
	}
	catalogue, err := service.ListCatalogue(ctx, &workitemv1.ListCatalogueRequest{})
	if err != nil {
		return err
	}
	var missing []string
	for _, e := range catalogue.GetEntries() {
		if !codes[e.GetCode()] {
			missing = append(missing, e.GetCode())
		}
	}
	p.tell("  %d work items of %d codes have arisen by themselves so far, and nothing else; %d of them are open", total, len(codes), open)
	if end && len(missing) > 0 {
		return fmt.Errorf("codes of the catalogue that never arose: %s", strings.Join(missing, " "))
	}
	return nil
}
