package autoprocessing

import (
	"errors"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/services/autoprocessing/internal/queue"
)

// Config is how much is decided at a time, and how often the clock is looked at.
type Config struct {
	// MaxEvents bounds one transaction of decisions.
	MaxEvents int `config:"max_events" default:"500" doc:"most submissions decided in one transaction"`
	// Workers is how many transactions decide at a time. One decides everything
	// in turn; more keep PostgreSQL busy while rules are evaluated, at the price of
	// submissions of one customer meeting out of turn now and then.
	Workers int `config:"workers" default:"1" doc:"transactions deciding at a time"`
	// OutboxDepth holds decisions back while their consumers are behind.
	OutboxDepth int `config:"outbox_depth" default:"20000" doc:"most messages waiting to be consumed before decisions are held back"`
	// Attempts before a submission that fails technically is left to an officer;
	// 0 takes the policy's number.
	Attempts int `config:"attempts" default:"0" doc:"failed tries before a submission is left to an officer as TECHNICAL_FAILURE; 0 takes the policy's number"`
	// Claim is how long an officer's claim lasts.
	Claim time.Duration `config:"claim" default:"30m" doc:"how long a claimed entry stays with its officer"`
	// DayRollEvery is the pause between looks for notices that change by date.
	// A change counts from the start of its day whenever it is found.
	DayRollEvery time.Duration `config:"day_roll_every" default:"30s" doc:"pause between looks for notices that come into force or end"`
	// QueueEvery is the pause between looks for expired claims, holds and lifts
	// that are over, and late withdrawals. What is over counts for nothing before it.
	QueueEvery time.Duration `config:"queue_every" default:"5s" doc:"pause between looks for expired claims, holds and lifts, and late withdrawals"`
	// RestrictedViews is how many restricted records one officer may look at in an
	// hour before it raises an alarm.
	RestrictedViews int `config:"restricted_views" default:"200" doc:"views of restricted records by one officer in an hour before it raises an alarm"`
}

// DefaultConfig has every default.
func DefaultConfig() Config {
	return Config{
		MaxEvents: 500, Workers: 1, OutboxDepth: 20_000, Claim: queue.DefaultClaim, DayRollEvery: 30 * time.Second, QueueEvery: 5 * time.Second,
		RestrictedViews: 200,
	}
}

// Validate reports every setting that cannot work.
func (c Config) Validate() error {
	var problems []error
	for _, n := range []struct {
		name           string
		value, low, up int
	}{
		{"max_events", c.MaxEvents, 1, 2000}, // the registry takes 2000 queries a call
		{"workers", c.Workers, 1, 8},
		{"outbox_depth", c.OutboxDepth, 1, 1 << 30},
		{"attempts", c.Attempts, 0, 100},
		{"restricted_views", c.RestrictedViews, 1, 100_000},
	} {
		if n.value < n.low || n.value > n.up {
			problems = append(problems, fmt.Errorf("%s is %d, must be between %d and %d", n.name, n.value, n.low, n.up))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"claim", c.Claim}, {"day_roll_every", c.DayRollEvery}, {"queue_every", c.QueueEvery},
	} {
		if d.value <= 0 {
			problems = append(problems, fmt.Errorf("%s is %s, must be above 0", d.name, d.value))
		}
	}
	return errors.Join(problems...)
}
