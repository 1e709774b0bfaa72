package events

// Source is who changes records and why, as their history tells it.
type Source struct {
	// Actor such as "officer:alice", "feed:payments" or System.
	Actor string
	// Reason in the actor's words; may be empty.
	Reason string
}

// System is the actor of what the registry does by itself.
const System = "system"
