package registry

import (
	"errors"
	"fmt"
	"time"
)

// Config are the registry's settings.
type Config struct {
	// ImportBatch is how many records of an import share a transaction.
	ImportBatch int `config:"import_batch" default:"500" doc:"records of an import that share a transaction, 1 to 2000"`
	// OutboxDepth is how many messages may wait to be published before changes wait too.
	OutboxDepth int `config:"outbox_depth" default:"20000" doc:"messages that may wait to be consumed before changes of records wait, at least 100"`
	// MaxEvents is how many decided events share a transaction.
	MaxEvents int `config:"max_events" default:"500" doc:"decided events that share a transaction, 1 to 5000"`
	// FollowOns is how often what changes mean for other records is looked for; it is also done right after each change.
	FollowOns time.Duration `config:"follow_ons" default:"5s" doc:"pause between looks for records that repeat what changed in others, 100ms to 1m"`
}

// Defaults are the settings when nobody says otherwise.
func Defaults() Config {
	return Config{ImportBatch: 500, OutboxDepth: 20_000, MaxEvents: 500, FollowOns: 5 * time.Second}
}

// Validate reports all settings that cannot be.
func (c Config) Validate() error {
	var problems []error
	if c.ImportBatch < 1 || c.ImportBatch > 2000 {
		problems = append(problems, fmt.Errorf("import_batch is %d, must be 1 to 2000", c.ImportBatch))
	}
	if c.OutboxDepth < 100 {
		problems = append(problems, fmt.Errorf("outbox_depth is %d, must be at least 100", c.OutboxDepth))
	}
	if c.MaxEvents < 1 || c.MaxEvents > 5000 {
		problems = append(problems, fmt.Errorf("max_events is %d, must be 1 to 5000", c.MaxEvents))
	}
	if c.FollowOns < 100*time.Millisecond || c.FollowOns > time.Minute {
		problems = append(problems, fmt.Errorf("follow_ons is %v, must be 100ms to 1m", c.FollowOns))
	}
	return errors.Join(problems...)
}
