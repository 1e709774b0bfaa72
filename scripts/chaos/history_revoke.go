package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// met is what one decision about a notice to revoke met on the register.
type met struct {
	submission, crn, authority string
	number                     int
	lodged                     time.Time // local day
	lane                       int64
	acts                       bool // it was let act on the register
	tx                         string
	at                         time.Time // of the commit
}

// change is one change of a notice.
type change struct {
	notice, authority, continues, by string
	measure, state                   int
	end                              time.Time
	tx                               string
	at                               time.Time
	lane                             int64 // of the submission that caused it; 0 when none
}

// compareRevocations works out, from the register's history and the decisions,
// which notices to revoke met a child protection notice in force, and wants the
// review (I291Q1) of each as its conditions say. Who came first is told by the
// commits, which a customer's lock keeps apart, and within one by the lanes.
func (o *oracles) compareRevocations(ctx context.Context) {
	changes := map[string][]change{}
	var c change
	var crn string
	if o.rows(ctx, `SELECT n.crn, n.id::text, n.authority_id, coalesce(n.continues_notice_id::text, ''), coalesce(h.submission_id::text, ''), n.measure::int, h.state::int, h.end_date::timestamp,
			h.xmin::text, coalesce(pg_xact_commit_timestamp(h.xmin), '2000-01-01'), coalesce(s.lane, 0)
		FROM autoprocessing.notice_history h JOIN autoprocessing.notice n ON n.id = h.notice_id LEFT JOIN autoprocessing.submission s ON s.id = h.submission_id
		ORDER BY n.crn, h.position`,
		[]any{&crn, &c.notice, &c.authority, &c.continues, &c.by, &c.measure, &c.state, &c.end, &c.tx, &c.at, &c.lane}, func() error {
			changes[crn] = append(changes[crn], c)
			return nil
		}) != nil {
		return
	}
	// Type 4 is a notice to revoke, function 2 child protection; 8 is REVOKED, and
	// reason 20 that the end is within 28 days.
	wanted := map[itemKey]bool{}
	told := map[string]bool{}
	var m met
	if o.rows(ctx, `SELECT s.id::text, s.crn, s.authority_id, d.number, (s.lodged_at AT TIME ZONE '`+agencyZone+`')::date::timestamp, coalesce(s.lane, 0), d.outcome = 8 OR d.reasons = '{20}',
			d.xmin::text, pg_xact_commit_timestamp(d.xmin)
		FROM autoprocessing.submission s JOIN autoprocessing.decision d ON d.submission_id = s.id
		WHERE s.information_type = 4 AND s.business_function = 2 ORDER BY s.id, d.number`,
		[]any{&m.submission, &m.crn, &m.authority, &m.number, &m.lodged, &m.lane, &m.acts, &m.tx, &m.at}, func() error {
			if !m.acts || told[m.submission] {
				return nil
			}
			if k, ok := m.review(changes[m.crn]); ok {
				wanted[k] = true
			}
			told[m.submission] = true
			return nil
		}) != nil {
		return
	}
	var missing, unfounded tally
	var k itemKey
	there := map[itemKey]bool{}
	if o.rows(ctx, `SELECT crn, code, cause, occurrence FROM workitems.work_item WHERE code = 'I291Q1'
		UNION SELECT crn, code, cause, occurrence FROM workitems.covered WHERE code = 'I291Q1'`, []any{&k.crn, &k.code, &k.cause, &k.occurrence}, func() error {
		if there[k] = true; !wanted[k] {
			unfounded.add(k.String())
		}
		return nil
	}) != nil {
		return
	}
	for k := range wanted {
		if !there[k] {
			missing.add(k.String())
		}
	}
	missing.tell(o, lost, "revocations of notices in force that raised no review")
	unfounded.tell(o, other, "reviews that no revocation of a notice in force stands behind")
	if len(wanted) == 0 {
		o.found.add(other, 1, "no revocation met a notice in force")
	}
}

// before reports whether a change was made when the decision was.
func (m met) before(c change) bool {
	if c.tx != m.tx {
		return c.at.Before(m.at)
	}
	// Changes by date come first in a transaction.
	return c.by == "" || (c.by != m.submission && c.lane < m.lane)
}

// review is the item the decision must have raised, if any.
func (m met) review(changes []change) (itemKey, bool) {
	state := map[string]change{}
	for _, c := range changes {
		if m.before(c) {
			state[c.notice] = c
		}
	}
	const inactive, active, cpeim, shortly = 1, 2, 2, 28
	var current change
	for _, c := range state {
		if c.state == active && c.measure == cpeim && c.authority == m.authority {
			current = c
		}
	}
	if current.notice == "" {
		return itemKey{}, false
	}
	continued, others := false, false
	for _, c := range state {
		continued = continued || (c.state == inactive && c.authority == m.authority && c.continues == current.notice)
		others = others || (c.state == inactive && c.authority != m.authority)
	}
	left := int(current.end.Sub(m.lodged).Hours() / 24)
	raised := slices.Contains([]bool{left > shortly && !others, left > shortly && !continued, left <= shortly}, true)
	return itemKey{m.crn, "I291Q1", "notice/" + current.notice, fmt.Sprintf("%s/%s", current.notice, m.submission)}, raised
}
