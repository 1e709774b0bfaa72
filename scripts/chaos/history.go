package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/clock"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// step is one version of a record, with the one before it (nil for the first).
type step struct {
	before, after *registryv1.Customer
	at            time.Time
	changed       []string
}

// histories reads all versions of all records in order.
func (o *oracles) histories(ctx context.Context) (steps []step, err error) {
	var body []byte
	var s step
	err = o.rows(ctx, `SELECT recorded_at, changed, body FROM registry.customer_version ORDER BY crn, record_version`, []any{&s.at, &s.changed, &body}, func() error {
		next := step{after: new(registryv1.Customer), at: s.at, changed: s.changed}
		s.changed = nil
		if n := len(steps); n > 0 {
			next.before = steps[n-1].after
		}
		if err := proto.Unmarshal(body, next.after); err != nil {
			return fmt.Errorf("a version of a record: %w", err)
		}
		if next.before.GetCrn() != next.after.GetCrn() {
			next.before = nil
		}
		steps = append(steps, next)
		return nil
	})
	return steps, err
}

// compareHistories works out from the versions of the records, without asking the
// services' code, what they must have brought about.
func (o *oracles) compareHistories(ctx context.Context) {
	steps, err := o.histories(ctx)
	if err != nil {
		return
	}
	o.compareChanged(steps)
	o.compareItems(ctx, steps)
	o.compareNotified(ctx, steps)
	o.compareLinks(ctx, steps)
}

// compareChanged wants every version to name the parts in which it differs from
// the one before.
func (o *oracles) compareChanged(steps []step) {
	var untold tally
	for _, s := range steps {
		b, a := s.before.ProtoReflect(), s.after.ProtoReflect()
		told := map[string]bool{}
		for _, part := range s.changed {
			told[part] = true
		}
		fields := a.Descriptor().Fields()
		for i := range fields.Len() {
			f := fields.Get(i)
			name := string(f.Name())
			if name == "record_version" {
				continue
			}
			if differs := b.Has(f) != a.Has(f) || !b.Get(f).Equal(a.Get(f)); differs != told[name] {
				untold.add(fmt.Sprintf("%s v%d %s", s.after.GetCrn(), s.after.GetRecordVersion(), name))
			}
		}
		if len(s.changed) == 0 {
			untold.add(fmt.Sprintf("%s v%d", s.after.GetCrn(), s.after.GetRecordVersion()))
		}
	}
	untold.tell(o, other, "versions of records that do not say what changed")
}

// inForce is the measure a record is under: the register's, else an older one.
func inForce(c *registryv1.Customer) eventv1.Measure {
	if m := c.GetRegisterMeasure(); m != 0 {
		return m
	}
	return c.GetOtherMeasure()
}

// kinds of circumstances authorities are told of.
var toldOf = []string{"addresses", "partner_crn", "children"}

// compareNotified wants a line for the authority for every change of what it is
// told of that was recorded while its notice was in force, and no other lines.
// The registry may still tell when a notice has just ended, of which it hears
// later; never of what was recorded before the notice came into force.
func (o *oracles) compareNotified(ctx context.Context, steps []step) {
	type notice struct {
		id        clock.ID
		authority string
		from      time.Time
		until     *time.Time // nil while it goes on
	}
	notices := map[string][]notice{}
	var n notice
	var crn, id string
	if o.rows(ctx, `SELECT n.crn, n.id::text, n.authority_id, h.effective_at, h.until FROM autoprocessing.notice n
		JOIN (SELECT notice_id, min(effective_at) FILTER (WHERE state = 2) AS effective_at, min(effective_at) FILTER (WHERE state > 2) AS until
			FROM autoprocessing.notice_history GROUP BY 1) h ON h.notice_id = n.id WHERE h.effective_at IS NOT NULL`,
		[]any{&crn, &id, &n.authority, &n.from, &n.until}, func() (err error) {
			n.id, err = clock.ParseID(id)
			notices[crn] = append(notices[crn], n)
			n.until = nil
			return err
		}) != nil {
		return
	}
	lines := map[string]string{} // notification → authority and CRN
	var authority string
	if o.rows(ctx, `SELECT submission_id::text, authority_id, crn FROM adviceoutcome.outcome WHERE outcome = 0`, []any{&id, &authority, &crn}, func() error {
		lines[id] = authority + " " + crn
		return nil
	}) != nil {
		return
	}
	var untold, strange tally
	for _, s := range steps {
		if s.before == nil || !slices.ContainsFunc(s.changed, func(part string) bool { return slices.Contains(toldOf, part) }) {
			continue
		}
		for _, n := range notices[s.after.GetCrn()] {
			id := clock.DerivedID(n.id, fmt.Sprintf("circumstances/%d", s.after.GetRecordVersion())).String()
			line, told := lines[id]
			during := !s.at.Before(n.from) && (n.until == nil || s.at.Before(*n.until))
			switch {
			case during && line != n.authority+" "+s.after.GetCrn():
				untold.add(fmt.Sprintf("%s v%d to %s of notice %v", s.after.GetCrn(), s.after.GetRecordVersion(), n.authority, n.id))
			case told && s.at.Before(n.from.Add(-2*time.Minute)): // a call may have been held up between its look at the clock and its lock
				strange.add(id)
			}
			delete(lines, id)
		}
	}
	for id := range lines {
		strange.add(id)
	}
	untold.tell(o, lost, "changed circumstances an authority was not told of")
	strange.tell(o, other, "notifications that no change under a notice in force stands behind")
}

// compareLinks holds what records repeat of others against those.
func (o *oracles) compareLinks(ctx context.Context, steps []step) {
	people, principals := map[string]*registryv1.Customer{}, map[string][]string{}
	for _, s := range steps {
		people[s.after.GetCrn()] = s.after // the last one stays
	}
	var wrong tally
	var crn, nominee string
	if o.rows(ctx, `SELECT crn, coalesce(nominee_crn, '') FROM registry.customer ORDER BY crn`, []any{&crn, &nominee}, func() error {
		if people[crn].GetNominee().GetCrn() != nominee {
			wrong.add(crn + " is found by another nominee")
		}
		return nil
	}) != nil {
		return
	}
	for crn, c := range people {
		if n := c.GetNominee().GetCrn(); n != "" {
			principals[n] = append(principals[n], crn)
		}
	}
	for crn, c := range people {
		slices.Sort(principals[crn])
		if !slices.Equal(principals[crn], c.GetNomineeFor()) {
			wrong.add(crn + " is nominee for others")
		}
		if p := people[c.GetPartnerCrn()]; p.GetCarerAllowance() != c.GetPartnerCarerAllowance() {
			wrong.add(crn + " has another partner's allowance")
		}
	}
	wrong.tell(o, lost, "records that repeat of others what is not so")
}

func sameChildren(a, b []*registryv1.Child) bool {
	names := func(all []*registryv1.Child) []string {
		var out []string
		for _, c := range all {
			out = append(out, c.GetDateOfBirth()+" "+c.GetGivenName())
		}
		slices.Sort(out)
		return out
	}
	return slices.Equal(names(a), names(b))
}

func sameAddresses(a, b []*registryv1.Address) bool {
	return slices.EqualFunc(a, b, func(x, y *registryv1.Address) bool { return proto.Equal(x, y) })
}
