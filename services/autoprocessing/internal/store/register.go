package store

import (
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/register"
)

// The columns of many rows, one array a column: PostgreSQL takes them in one
// statement, and pgx encodes them without reflection.

type noticeInsert struct {
	id, continues, submission  [][16]byte
	crn, authority             []string
	measure, state, percent    []int16
	start, end, cutFrom        []int32
	revokedAt, cutAt, recorded []time.Time
	cutRevoked                 []bool
	version                    []int32
}

// noTime travels for "no time": 0001-01-01, which no business time is.
var noTime time.Time

func (c *noticeInsert) add(n *register.Notice) {
	c.id = append(c.id, n.ID)
	c.continues = append(c.continues, n.ContinuesID)
	c.submission = append(c.submission, n.SubmissionID)
	c.crn = append(c.crn, n.CRN)
	c.authority = append(c.authority, n.AuthorityID)
	c.measure = append(c.measure, int16(n.Measure))
	c.state = append(c.state, int16(n.State))
	c.percent = append(c.percent, int16(n.Percent))
	c.start = append(c.start, int32(n.Start))
	c.end = append(c.end, int32(n.End))
	c.revokedAt = append(c.revokedAt, timeOrZero(n.RevokedAt))
	at, from, revoked := cut(n)
	c.cutAt, c.cutFrom, c.cutRevoked = append(c.cutAt, at), append(c.cutFrom, from), append(c.cutRevoked, revoked)
	c.recorded = append(c.recorded, n.RecordedAt)
	c.version = append(c.version, int32(n.Version))
}

func cut(n *register.Notice) (at time.Time, from int32, revoked bool) {
	if n.Cut == nil {
		return noTime, noDay, false
	}
	return n.Cut.At, int32(n.Cut.From), n.Cut.Revoked
}

func (c *noticeInsert) queue(b *pgx.Batch) {
	if len(c.id) == 0 {
		return
	}
	b.Queue(`INSERT INTO notice (id, continues_notice_id, submission_id, crn, authority_id, measure, state, quarantined_percent,
			start_date, end_date, cut_from, revoked_at, cut_at, cut_revoked, recorded_at, version)
		SELECT id, NULLIF(continues, '00000000-0000-0000-0000-000000000000'), submission, crn, authority, measure, state, percent,
			DATE '1970-01-01' + starts, DATE '1970-01-01' + ends, DATE '1970-01-01' + NULLIF(cut_from, -2000000000),
			NULLIF(revoked, TIMESTAMPTZ '0001-01-01 00:00:00Z'), NULLIF(cut, TIMESTAMPTZ '0001-01-01 00:00:00Z'), cut_revoked, recorded, version
		FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int2[], $7::int2[], $8::int2[],
			$9::int4[], $10::int4[], $11::int4[], $12::timestamptz[], $13::timestamptz[], $14::bool[], $15::timestamptz[], $16::int4[])
			AS u (id, continues, submission, crn, authority, measure, state, percent, starts, ends, cut_from, revoked, cut, cut_revoked, recorded, version)`,
		c.id, c.continues, c.submission, c.crn, c.authority, c.measure, c.state, c.percent,
		c.start, c.end, c.cutFrom, c.revokedAt, c.cutAt, c.cutRevoked, c.recorded, c.version)
}

type noticeUpdate struct {
	id               [][16]byte
	state            []int16
	end, cutFrom     []int32
	revokedAt, cutAt []time.Time
	cutRevoked       []bool
	version, base    []int32
}

func (c *noticeUpdate) add(n *register.Notice, base int) {
	c.id = append(c.id, n.ID)
	c.state = append(c.state, int16(n.State))
	c.end = append(c.end, int32(n.End))
	c.revokedAt = append(c.revokedAt, timeOrZero(n.RevokedAt))
	at, from, revoked := cut(n)
	c.cutAt, c.cutFrom, c.cutRevoked = append(c.cutAt, at), append(c.cutFrom, from), append(c.cutRevoked, revoked)
	c.version, c.base = append(c.version, int32(n.Version)), append(c.base, int32(base))
}

func (c *noticeUpdate) queue(b *pgx.Batch) {
	want := int64(len(c.id))
	if want == 0 {
		return
	}
	b.Queue(`UPDATE notice n SET state = u.state, end_date = DATE '1970-01-01' + u.ends, cut_from = DATE '1970-01-01' + NULLIF(u.cut_from, -2000000000),
			revoked_at = NULLIF(u.revoked, TIMESTAMPTZ '0001-01-01 00:00:00Z'), cut_at = NULLIF(u.cut, TIMESTAMPTZ '0001-01-01 00:00:00Z'),
			cut_revoked = u.cut_revoked, version = u.version
		FROM unnest($1::uuid[], $2::int2[], $3::int4[], $4::int4[], $5::timestamptz[], $6::timestamptz[], $7::bool[], $8::int4[], $9::int4[])
			AS u (id, state, ends, cut_from, revoked, cut, cut_revoked, version, base)
		WHERE n.id = u.id AND n.version = u.base`,
		c.id, c.state, c.end, c.cutFrom, c.revokedAt, c.cutAt, c.cutRevoked, c.version, c.base).
		Exec(func(ct pgconn.CommandTag) error { return allOf("notices", want, ct) })
}

// allOf makes an update that missed rows an error worth trying again: somebody
// changed them without the lock, or between reading and locking.
func allOf(what string, want int64, ct pgconn.CommandTag) error {
	if got := ct.RowsAffected(); got != want {
		return fault.New(fault.Conflict, "CONCURRENT_UPDATE", "%s", fmt.Sprintf("%d of %d %s were changed meanwhile", want-got, want, what))
	}
	return nil
}

type history struct {
	id, submission         [][16]byte
	version                []int32
	state                  []int16
	start, end             []int32
	revokedAt, effectiveAt []time.Time
	actor                  []string
}

func (c *history) add(s *Step) {
	c.id = append(c.id, s.Notice.ID)
	c.submission = append(c.submission, s.SubmissionID)
	c.version = append(c.version, int32(s.Notice.Version))
	c.state = append(c.state, int16(s.Notice.State))
	c.start = append(c.start, int32(s.Notice.Start))
	c.end = append(c.end, int32(s.Notice.End))
	c.revokedAt = append(c.revokedAt, timeOrZero(s.Notice.RevokedAt))
	c.effectiveAt = append(c.effectiveAt, s.EffectiveAt)
	c.actor = append(c.actor, s.Actor)
}

func (c *history) queue(b *pgx.Batch) {
	b.Queue(`INSERT INTO notice_history (notice_id, submission_id, version, state, start_date, end_date, revoked_at, effective_at, actor)
		SELECT id, NULLIF(submission, '00000000-0000-0000-0000-000000000000'), version, state, DATE '1970-01-01' + starts, DATE '1970-01-01' + ends,
			NULLIF(revoked, TIMESTAMPTZ '0001-01-01 00:00:00Z'), effective, actor
		FROM unnest($1::uuid[], $2::uuid[], $3::int4[], $4::int2[], $5::int4[], $6::int4[], $7::timestamptz[], $8::timestamptz[], $9::text[])
			AS u (id, submission, version, state, starts, ends, revoked, effective, actor)`,
		c.id, c.submission, c.version, c.state, c.start, c.end, c.revokedAt, c.effectiveAt, c.actor)
}
