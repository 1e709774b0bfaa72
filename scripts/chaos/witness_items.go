package main

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// compareFeeds holds what the feeds were told against the database.
func (o *oracles) compareFeeds(ctx context.Context) {
	type kept struct {
		crn           string
		state, reason int
	}
	all := map[string]kept{}
	var key string
	var k kept
	if o.rows(ctx, `SELECT f.feed || '/' || f.reference, f.crn, f.state::int, coalesce(q.reason, 0)::int
		FROM registry.feed_record f LEFT JOIN registry.feed_quarantine q USING (feed, reference)`, []any{&key, &k.crn, &k.state, &k.reason}, func() error {
		all[key] = k
		return nil
	}) != nil {
		return
	}
	const applied, aside = 1, 2
	var gone, other_, twice tally
	seen := map[string]bool{}
	for _, r := range o.clients.fed.entries {
		if seen[r.key()] {
			twice.add(r.key())
		}
		seen[r.key()] = true
		got, ok := all[r.key()]
		switch {
		case !ok || got.crn != r.CRN || (r.Fate == fedApplied && got.state != applied):
			gone.add(r.key() + " " + r.Fate)
		case r.Fate == fedAside && r.Reason == outOfOrder && (got.state == applied || got.reason == int(quarantineReason("NOT_APPLICABLE"))):
			// It was tried again since, in whatever order.
		case r.Fate == fedAside && (got.state != aside || got.reason != int(quarantineReason(r.Reason))):
			other_.add(r.key() + " " + r.Reason)
		}
	}
	gone.tell(o, lost, "records of feeds that were taken and are not there")
	other_.tell(o, lost, "records of feeds that were set aside and are not, or for another reason")
	twice.tell(o, other, "records of feeds in the journal twice")
	if len(seen) == 0 {
		o.found.add(other, 1, "no feed told of anything")
	}
}

func quarantineReason(reason string) registryv1.QuarantineReason {
	switch reason {
	case unknownCustomer:
		return registryv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_CUSTOMER
	case outOfOrder:
		return registryv1.QuarantineReason_QUARANTINE_REASON_OUT_OF_ORDER
	}
	return registryv1.QuarantineReason_QUARANTINE_REASON_NOT_APPLICABLE
}

// listQuarantined holds what the feeds were told is set aside against the list of it.
func (o *oracles) listQuarantined(ctx context.Context) {
	conn, err := o.w.dial("registry", identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator"}})
	if err != nil {
		o.found.add(other, 1, "dial: %v", err)
		return
	}
	defer conn.Close()
	service := registryv1.NewCircumstanceServiceClient(conn)
	listed := map[string]bool{}
	for token, more := "", true; more && ctx.Err() == nil; more = token != "" {
		var page *registryv1.ListQuarantinedResponse
		err := eventually(ctx, time.Minute, func() (err error) {
			call, cancel := context.WithTimeout(ctx, 10*time.Second)
			defer cancel()
			page, err = service.ListQuarantined(call, &registryv1.ListQuarantinedRequest{
				Reason: registryv1.QuarantineReason_QUARANTINE_REASON_UNKNOWN_CUSTOMER, PageSize: 500, PageToken: token,
			})
			return err
		})
		if err != nil {
			o.found.add(other, 1, "what was set aside cannot be listed: %v", err)
			return
		}
		for _, q := range page.GetRecords() {
			listed[q.GetRecord().GetFeed()+"/"+q.GetRecord().GetReference()] = true
		}
		token = page.GetNextPageToken()
	}
	var gone tally
	for _, r := range o.clients.fed.entries {
		if r.Reason == unknownCustomer && !listed[r.key()] {
			gone.add(r.key())
		}
	}
	gone.tell(o, lost, "records of unknown customers that are not listed")
}

// compareClerks holds what officers were told about work items against the
// database, and the documents that the registry places for completed ones.
func (o *oracles) compareClerks(ctx context.Context) {
	type end struct{ officer, note string }
	ends, documents := map[string]end{}, map[string]bool{}
	var id string
	var e end
	if o.rows(ctx, `SELECT s.work_item_id::text, s.actor, s.note FROM workitems.work_item_step s JOIN workitems.work_item w ON w.id = s.work_item_id
		WHERE s.action = 'completed' AND w.status = 3 AND s.version = w.version`, []any{&id, &e.officer, &e.note}, func() error {
		ends[id] = e
		return nil
	}) != nil {
		return
	}
	if o.rows(ctx, `SELECT document_id::text FROM registry.document WHERE submission_id IS NULL`, []any{&id}, func() error {
		documents[id] = true
		return nil
	}) != nil {
		return
	}
	var gone, denied, unplaced, strange tally
	for _, d := range o.clients.done.entries {
		got := ends[d.Item]
		switch mine := got == (end{"officer:" + d.Officer, d.Note}); {
		case d.Completed && !mine:
			gone.add(d.Item + " by " + d.Officer)
		case !d.Completed && mine:
			denied.add(d.Item + " by " + d.Officer)
		}
	}
	for item := range ends {
		parsed, err := clock.ParseID(item)
		if err != nil {
			continue
		}
		place := clock.DerivedID(parsed, "document").String()
		if !documents[place] {
			unplaced.add(item)
		}
		delete(documents, place)
	}
	for d := range documents {
		strange.add(d)
	}
	gone.tell(o, lost, "work items that were completed and are not")
	denied.tell(o, other, "work items whose completion was refused and is recorded")
	unplaced.tell(o, lost, "completed work items without their document")
	strange.tell(o, other, "documents of work items that no officer completed")
	if len(ends) == 0 {
		o.found.add(other, 1, "no work item was completed")
	}
}
