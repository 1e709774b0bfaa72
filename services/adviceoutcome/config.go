package adviceoutcome

import (
	"errors"
	"fmt"
	"time"
)

// Config of the service.
type Config struct {
	// SigningKeyFile is the PEM file (PKCS #8) with the ed25519 key that signs
	// reports; readable by its owner only.
	SigningKeyFile string `config:"signing_key_file" default:"" doc:"PEM file (PKCS 8) with the ed25519 key that signs daily reports"`
	// CreateKeys makes the key when the file is missing; for single machines. A
	// service with replicas must be given the same key on each.
	CreateKeys bool `config:"create_keys" default:"false" doc:"make a signing key when the file is missing"`
	// SealEvery is the pause between looks for reports that are due.
	SealEvery time.Duration `config:"seal_every" default:"15s" doc:"pause between looks for daily reports that are due"`
	// CheckEvery is the pause between checks that rebuild up to 50 sealed reports
	// each and compare them; 0 switches them off.
	CheckEvery time.Duration `config:"check_every" default:"1h" doc:"pause between checks that rebuild sealed reports and compare them; 0 for none"`
	// BatchEvents is the most decided events, or notifications, applied in one transaction.
	BatchEvents int `config:"batch_events" default:"500" doc:"most decided events, or notifications, applied in one transaction, 1 to 500"`
	// OutboxDepth is how many unsent messages may wait before reading pauses.
	OutboxDepth int `config:"outbox_depth" default:"20000" doc:"unsent messages that may wait before reading pauses"`
}

// Validate reports everything that is wrong with the settings.
func (c Config) Validate() error {
	var problems []error
	if c.SigningKeyFile == "" {
		problems = append(problems, errors.New("signing_key_file is not set: daily reports are signed"))
	}
	if c.SealEvery < 100*time.Millisecond || c.SealEvery > time.Hour {
		problems = append(problems, fmt.Errorf("seal_every is %v, must be between 100ms and 1h", c.SealEvery))
	}
	if c.CheckEvery < 0 {
		problems = append(problems, fmt.Errorf("check_every is %v, must not be negative", c.CheckEvery))
	}
	if c.BatchEvents < 1 || c.BatchEvents > 500 {
		problems = append(problems, fmt.Errorf("batch_events is %d, must be between 1 and 500", c.BatchEvents))
	}
	if c.OutboxDepth < 100 {
		problems = append(problems, fmt.Errorf("outbox_depth is %d, must be at least 100", c.OutboxDepth))
	}
	return errors.Join(problems...)
}
