package audit

import (
	"errors"
	"fmt"
	"time"
)

// Config of the service.
type Config struct {
	// LogKeyFile holds the ed25519 key that signs the log's checkpoints, readable by
	// its owner only. All replicas need the same one.
	LogKeyFile string `config:"log_key_file" default:"" doc:"file with the key that signs checkpoints of the audit log, mode 0400"`
	// CreateKeys makes the key when the file is missing; for single machines.
	CreateKeys bool `config:"create_keys" default:"false" doc:"make the audit log's key when the file is missing"`
	// AppendEvery is the pause between looks for records to append; entries are under
	// a signed checkpoint about so long after they were written.
	AppendEvery time.Duration `config:"append_every" default:"500ms" doc:"pause between looks for audit records to append and sign, 10ms to 5s"`
	// StaleAfter is how old a record without a place may be before the service is
	// not ready.
	StaleAfter time.Duration `config:"stale_after" default:"1m" doc:"age of an audit record outside the log that makes the service not ready, 10s to 1h"`
}

// Validate reports everything that is wrong with the settings.
func (c Config) Validate() error {
	var problems []error
	if c.LogKeyFile == "" {
		problems = append(problems, errors.New("log_key_file is not set: the audit log is signed"))
	}
	if c.AppendEvery < 10*time.Millisecond || c.AppendEvery > 5*time.Second {
		problems = append(problems, fmt.Errorf("append_every is %v, must be 10ms to 5s", c.AppendEvery))
	}
	if c.StaleAfter < 10*time.Second || c.StaleAfter > time.Hour {
		problems = append(problems, fmt.Errorf("stale_after is %v, must be 10s to 1h", c.StaleAfter))
	}
	return errors.Join(problems...)
}
