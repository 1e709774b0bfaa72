package telemetry

// plainKeys are the attributes a log line may carry: ids the hub made, names of
// its parts, counts, kinds and times. The value under any other key is replaced
// and counted, so that a new attribute is decided on here before anybody reads
// it. None of these may ever be given a name, a customer's number, a reference
// of an authority or a text that a person wrote.
var plainKeys = keys(
	// Where a line comes from.
	"service", "part", "server", "version", "policy", "method", "step", "sweep", "consumer", "stream", "relay", "schema", "file", "dir",
	// Who, as identity.Caller.Actor says, and what of.
	"caller", "officer", "peer", "kind", "role", "roles", "authority", "session", "client", "trace", "code", "reason", "what", "state", "status",
	// Ids the hub made.
	"id", "event", "message", "report", "submission", "record", "work_item", "receipt_key", "key_id", "checkpoint",
	// Counts, sizes and positions.
	"count", "rows", "messages", "events", "lines", "records", "entries", "attempts", "processes", "pid", "epoch", "sequence", "size", "position", "record_version", "depth", "bytes", "limit",
	// Times.
	"date", "day", "after", "again_in", "took", "at", "expires", "days_left", "until", "since",
	// Of the infrastructure.
	"checks", "methods", "form", "grpc", "http", "listener", "setting", "certificate", "serial", "subject", "permission", "user", "issuer", "table",
	// A customer, only as audit.Writer.Customer names one.
	"customer",
)

// troubleKeys hold what went wrong, in words of the code's or of a library's:
// what these quote is taken out.
var troubleKeys = keys("error", "cause")

// panicKey and stackKey hold a panic's value and where it happened.
const (
	panicKey = "panic"
	stackKey = "stack"
)

func keys(list ...string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, key := range list {
		set[key] = true
	}
	return set
}

// KnownKey reports whether a log line may carry the attribute.
func KnownKey(key string) bool {
	return plainKeys[key] || troubleKeys[key] || key == panicKey || key == stackKey
}
