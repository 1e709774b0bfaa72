//go:build sabotage

package sabotage

import "os"

var chosen = os.Getenv("NOTICEHUB_SABOTAGE")

// The switches, read once at start.
var (
	AckBeforeCommit = chosen == "ack-before-commit"
	NoInbox         = chosen == "no-inbox"
	OutboxLastID    = chosen == "outbox-last-id"
)
