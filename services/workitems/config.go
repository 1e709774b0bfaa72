package workitems

import (
	"errors"
	"fmt"
	"time"
)

// Config are the service's settings.
type Config struct {
	// Workers is how many batches of changed records are worked on at once.
	Workers int `config:"workers" default:"2" doc:"batches of changed records worked on at once, 1 to 16"`
	// MaxEvents is how many events share a transaction.
	MaxEvents int `config:"max_events" default:"500" doc:"events that share a transaction, 1 to 5000"`
	// OutboxDepth is how many messages may wait to be consumed before raising waits too.
	OutboxDepth int `config:"outbox_depth" default:"20000" doc:"messages that may wait to be consumed before raising items waits, at least 100"`
	// SweepEvery is the pause between looks for what is due by date.
	SweepEvery time.Duration `config:"sweep_every" default:"1m" doc:"pause between looks for what is due by date, 1s to 1h"`
	// SweepWorkers is how many chunks of due customers or notices are worked on at once.
	SweepWorkers int `config:"sweep_workers" default:"2" doc:"chunks of due customers or notices worked on at once, 1 to 16"`
}

// Defaults are the settings when nobody says otherwise.
func Defaults() Config {
	return Config{Workers: 2, MaxEvents: 500, OutboxDepth: 20_000, SweepEvery: time.Minute, SweepWorkers: 2}
}

// Validate reports all settings that cannot be.
func (c Config) Validate() error {
	var problems []error
	within := func(name string, value, from, to int) {
		if value < from || value > to {
			problems = append(problems, fmt.Errorf("%s is %d, must be %d to %d", name, value, from, to))
		}
	}
	within("workers", c.Workers, 1, 16)
	within("max_events", c.MaxEvents, 1, 5000)
	within("sweep_workers", c.SweepWorkers, 1, 16)
	if c.OutboxDepth < 100 {
		problems = append(problems, fmt.Errorf("outbox_depth is %d, must be at least 100", c.OutboxDepth))
	}
	if c.SweepEvery < time.Second || c.SweepEvery > time.Hour {
		problems = append(problems, fmt.Errorf("sweep_every is %v, must be 1s to 1h", c.SweepEvery))
	}
	return errors.Join(problems...)
}
