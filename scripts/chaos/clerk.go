package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// itemDone is a line of the journal of work items: what an officer was told about
// completing one.
type itemDone struct {
	Item      string `json:"item"`
	Officer   string `json:"officer"`
	Note      string `json:"note"`
	Completed bool   `json:"completed"`
}

// clerk sees to work items, as one of several who take from the same list.
type clerk struct {
	*clients
	name  string
	items []workitemv1.WorkItemServiceClient
	r     *rand.Rand
	seen  int
}

// clerkCodes are the items the load raises and an officer may complete by hand;
// the exemption offer (I551Q1) would block the list, its workflow alone ends it.
var clerkCodes = []string{
	"I001BC", "I005Q1", "I045Q1", "I064Q1", "I070Q1", "I077Q1", "I083Q1", "I084Q1", "I086Q1", "I097Q1", "I098Q1", "I203Q1", "I211Q1", "I212Q1",
	"I213Q1", "I215Q1", "I217Q1", "I289Q1", "I290Q1", "I291Q1", "I542Q1", "I544Q1",
}

func (c *clients) clerk(ctx context.Context, n int) {
	k := &clerk{clients: c, name: fmt.Sprintf("clerk-%d", n), r: c.w.random(uint64(300 + n))}
	for _, name := range works {
		conn, err := c.w.dial(name, identity.Caller{Kind: identity.Person, ID: k.name, Roles: []string{"contact-officer", "officer", "impact-officer"}})
		if err != nil {
			c.wrong("dial: %v", err)
			return
		}
		defer conn.Close()
		k.items = append(k.items, workitemv1.NewWorkItemServiceClient(conn))
	}
	for round := 0; ctx.Err() == nil; round++ {
		list, err := k.list(ctx, round)
		if err != nil || len(list) == 0 {
			if code := status.Code(err); code != codes.OK && !passing(code) {
				c.wrong("a search of work items was answered %v", err)
			}
			sleep(ctx, 200*time.Millisecond)
			continue
		}
		for _, item := range list {
			if ctx.Err() == nil {
				k.see(ctx, item)
				sleep(ctx, time.Duration(20+k.r.IntN(40))*time.Millisecond)
			}
		}
	}
}

func (k *clerk) any() workitemv1.WorkItemServiceClient { return k.items[k.r.IntN(len(k.items))] }

// list is what nobody has yet or, now and then, what a call without an answer
// left with this clerk.
func (k *clerk) list(ctx context.Context, round int) ([]*workitemv1.WorkItem, error) {
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if round%5 == 4 {
		mine, err := k.any().ListMyWorkItems(call, &workitemv1.ListMyWorkItemsRequest{PageSize: 20})
		return mine.GetWorkItems(), err
	}
	found, err := k.any().SearchWorkItems(call, &workitemv1.SearchWorkItemsRequest{Codes: clerkCodes, Assignee: "-", PageSize: 20})
	return found.GetWorkItems(), err
}

// see investigates an item and completes it, with words of its own.
func (k *clerk) see(ctx context.Context, item *workitemv1.WorkItem) {
	call, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	started, err := k.any().StartInvestigation(call, &workitemv1.StartInvestigationRequest{WorkItemId: item.GetWorkItemId(), Version: item.GetVersion()})
	if !k.expected("an investigation", err) {
		return // somebody else was faster, or it is out of reach
	}
	item = started.GetWorkItem()
	if number := item.GetServiceComponent(); number != "" {
		recorded, err := k.any().RecordServiceComponent(call, &workitemv1.RecordServiceComponentRequest{
			WorkItemId: item.GetWorkItemId(), Version: item.GetVersion(), Number: number, Status: "COM", On: k.w.now().Format("2006-01-02"),
		})
		if !k.expected("a service component", err) {
			return
		}
		item = recorded.GetWorkItem()
	}
	k.seen++
	k.complete(ctx, &workitemv1.CompleteWorkItemRequest{
		WorkItemId: item.GetWorkItemId(), Version: item.GetVersion(), ActionId: clock.NewID(time.Now()).String(),
		Note: fmt.Sprintf("Went through case %d of %s with the customer and adjusted the expenses.", k.seen, k.name),
	})
}

// expected reports whether a call succeeded, and notes an answer that cannot be.
func (k *clerk) expected(what string, err error) bool {
	code := status.Code(err)
	if code != codes.OK && code != codes.FailedPrecondition && !passing(code) {
		k.wrong("%s was answered %v", what, err)
	}
	return code == codes.OK
}

// complete repeats one action, under one id and with either replica, until it is
// answered; what it is told is in the journal before the clerk goes on.
func (k *clerk) complete(ctx context.Context, r *workitemv1.CompleteWorkItemRequest) {
	for at := k.r.IntN(2); ctx.Err() == nil; at = 1 - at {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		_, err := k.items[at].CompleteWorkItem(call, r)
		cancel()
		code := status.Code(err)
		if code != codes.Aborted && code != codes.FailedPrecondition && passing(code) {
			sleep(ctx, 100*time.Millisecond)
			continue
		}
		// Its circumstance may have closed it meanwhile, or another office have it.
		if code != codes.OK && code != codes.Aborted && code != codes.FailedPrecondition {
			k.wrong("completing a work item was answered %v", err)
			return
		}
		line := itemDone{Item: r.GetWorkItemId(), Officer: k.name, Note: r.GetNote(), Completed: code == codes.OK}
		if err := k.done.add(line); err != nil {
			k.wrong("the journal of work items cannot be written: %v", err)
		}
		return
	}
}
