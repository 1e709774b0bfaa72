//go:build !sabotage

package sabotage

// The switches; all off in this build.
const (
	AckBeforeCommit = false
	NoInbox         = false
	OutboxLastID    = false
)
