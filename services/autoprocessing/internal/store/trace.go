package store

import "encoding/hex"

// Trace is the id of a trace; zero when none is known.
type Trace [16]byte

// TraceOf is the trace a traceparent (W3C Trace Context) belongs to. It comes
// with every event, so one that cannot be read is none rather than an error.
func TraceOf(traceparent string) (t Trace) {
	const from, end = len("00-"), len("00-") + 2*len(t)
	if len(traceparent) <= end || traceparent[end] != '-' {
		return Trace{}
	}
	if _, err := hex.Decode(t[:], []byte(traceparent[from:end])); err != nil {
		return Trace{}
	}
	return t
}

// String is 32 hexadecimal digits; empty without a trace.
func (t Trace) String() string {
	if t == (Trace{}) {
		return ""
	}
	return hex.EncodeToString(t[:])
}
