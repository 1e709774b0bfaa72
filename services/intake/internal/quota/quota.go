// Package quota bounds how much an authority may lodge.
//
// Duty: say, before a submission is queued, whether its authority may lodge it now:
// so many about one customer in a short time, so many mutual client searches a day
// (a search answers who is known to the agency, so a great many of them would list
// the customers), and so many submissions a day.
//
// Guarantees: what one authority lodges never costs another anything, nor tells it
// anything; a day's counts are those in the database, which every process adds to
// in the transaction that lodges, so that a restart forgets nothing; what is being
// lodged at the moment counts. Not guaranteed: that several processes together keep
// to a limit exactly, since each learns of the others' submissions seconds later;
// the bound on one customer is kept by each process for itself.
package quota

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rate"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// Limits are how much one authority may lodge; 0 is no limit.
type Limits struct {
	// CustomerRate is how many submissions a second may name one customer.
	CustomerRate float64
	// CustomerBurst is how many may at once.
	CustomerBurst int
	// Searches is the most mutual client searches of a day.
	Searches int64
	// Submissions is the most submissions of a day.
	Submissions int64
}

// customers is how many pairs of authority and customer are remembered, at a few
// hundred bytes each: a pair that is beyond its rate is used often and stays.
const customers = 1 << 16

// Quotas keeps the counts.
type Quotas struct {
	limits    Limits
	log       *slog.Logger
	customers *rate.Keyed
	refused   *prometheus.CounterVec
	loaded    atomic.Bool

	mu   sync.Mutex
	days map[string]*day // by authority
}

// day is an authority's present local day.
type day struct {
	date calendar.Date
	// submissions and searches are what the database counts.
	submissions, searches int64
	// under way are those that are being lodged.
	submitting, searching int64
	warned                bool
}

// New makes quotas; nothing is admitted before Load.
func New(l Limits, log *slog.Logger, metrics *prometheus.Registry) *Quotas {
	q := &Quotas{
		limits: l, log: log, days: make(map[string]*day), customers: rate.NewKeyed(l.CustomerRate, l.CustomerBurst, customers),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "noticehub_intake_quota_refused_total",
			Help: "Submissions refused because a quota was used up. Any of ENUMERATION_QUOTA should be looked into.",
		}, []string{"authority", "reason"}),
	}
	_ = metrics.Register(q.refused) // a second service in one process counts for itself
	return q
}

// Load takes the counts of a day as the database has them, from all processes.
func (q *Quotas) Load(counts []store.Day) {
	q.Counted(counts)
	q.loaded.Store(true)
}

// Counted takes what the counts of authorities' days have become. Older news than
// what is known changes nothing: counts only grow.
func (q *Quotas) Counted(counts []store.Day) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range counts {
		d := q.of(c.AuthorityID, c.Day)
		if d.date == c.Day {
			d.submissions, d.searches = max(d.submissions, c.Submissions), max(d.searches, c.Searches)
		}
	}
}

// of is the authority's day, begun if its last one is over. Callers hold mu.
func (q *Quotas) of(authority string, date calendar.Date) *day {
	d := q.days[authority]
	if d == nil {
		d = &day{date: date}
		q.days[authority] = d
	}
	if d.date < date {
		// What is under way began before midnight; it counts today until it is over.
		*d = day{date: date, submitting: d.submitting, searching: d.searching}
	}
	return d
}

// Request is what an authority wants to lodge.
type Request struct {
	// Authority that lodges.
	Authority string
	// CRN it names; "" when none.
	CRN string
	// Search is true for a mutual client search.
	Search bool
	// Day is the local day, which ends after Left.
	Day  calendar.Date
	Left time.Duration
}

// Admit admits a submission or refuses it: Exhausted with the time after which to
// try again, reason CUSTOMER_QUOTA, ENUMERATION_QUOTA or DAILY_QUOTA. What is
// admitted must be released when it was lodged, or was not. now is real time.
func (q *Quotas) Admit(ctx context.Context, r Request, now time.Time) error {
	if !q.loaded.Load() {
		return fault.New(fault.Unavailable, "STARTING", "the counts of the day are not loaded yet").WithRetry(time.Second)
	}
	if r.CRN != "" {
		if ok, wait := q.customers.Allow(r.Authority+" "+r.CRN, 1, now); !ok {
			q.refused.WithLabelValues(r.Authority, "CUSTOMER_QUOTA").Inc()
			return fault.New(fault.Exhausted, "CUSTOMER_QUOTA", "too many submissions about one customer at a time").
				WithRetry(wait).WithHelp("Lodge again later with the same reference; what you lodge about other customers is not held up.")
		}
	}
	q.mu.Lock()
	d := q.of(r.Authority, r.Day)
	reason := q.beyond(d, r)
	first := reason != "" && !d.warned
	if reason == "" {
		d.add(r, 1)
	}
	d.warned = d.warned || first
	q.mu.Unlock()
	if reason == "" {
		return nil
	}
	q.refused.WithLabelValues(r.Authority, reason).Inc()
	if first {
		q.log.WarnContext(ctx, "an authority has used up a quota of the day", "authority", r.Authority, "reason", reason)
	}
	what := "submissions"
	if reason == "ENUMERATION_QUOTA" {
		what = "mutual client searches"
	}
	return fault.New(fault.Exhausted, reason, "the authority has lodged as many %s as it may in a day", what).
		WithRetry(max(r.Left, time.Second)).WithHelp("Go on tomorrow, or ask the agency's contact officer for a higher quota.")
}

func (q *Quotas) beyond(d *day, r Request) string {
	switch {
	case r.Search && q.limits.Searches > 0 && d.searches+d.searching >= q.limits.Searches:
		return "ENUMERATION_QUOTA"
	case q.limits.Submissions > 0 && d.submissions+d.submitting >= q.limits.Submissions:
		return "DAILY_QUOTA"
	}
	return ""
}

func (d *day) add(r Request, n int64) {
	d.submitting += n
	if r.Search {
		d.searching += n
	}
}

// Release ends what Admit admitted: by now it is in the counts, or was not lodged.
func (q *Quotas) Release(r Request) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.of(r.Authority, r.Day).add(r, -1)
}
