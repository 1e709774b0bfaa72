// Package fault is the one vocabulary of errors. Every part of the hub speaks
// it; one map leads to gRPC status codes (pkg/rpc), one to acknowledgements
// (pkg/inbox). Standard library only.
package fault

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind says what sort of trouble an error is.
type Kind uint8

// The kinds.
const (
	// Unknown is an error nobody classified; treated as a defect.
	Unknown Kind = iota
	// Invalid: the input is wrong, whatever the state.
	Invalid
	// Unauthenticated: nobody knows who calls.
	Unauthenticated
	// Denied: the caller may not do this.
	Denied
	// NotFound: absent, or not to be seen by the caller.
	NotFound
	// Exists: it is there already.
	Exists
	// Precondition: the state does not allow it.
	Precondition
	// Conflict: somebody else acted at the same time.
	Conflict
	// Exhausted: a limit is reached; try later.
	Exhausted
	// Unavailable: a part is out of reach; try later.
	Unavailable
	// Deadline: time ran out.
	Deadline
	// Canceled: the caller gave up.
	Canceled
	// Internal: a defect.
	Internal
)

var kinds = [...]string{"unknown", "invalid", "unauthenticated", "denied", "not found", "exists", "precondition", "conflict", "exhausted", "unavailable", "deadline", "canceled", "internal"}

// String names the kind for logs and metrics.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return kinds[Unknown]
}

// Field is what is wrong with one field of the input.
type Field struct {
	// Path of the field, such as "submission.notice_to_commence.start_date".
	Path string
	// Description says what is wrong and what is allowed.
	Description string
}

// Error is an error with everything the one who gets it needs.
type Error struct {
	// Kind of trouble.
	Kind Kind
	// Reason is machine-readable, UPPER_SNAKE_CASE.
	Reason string
	// Message is one sentence, without personal data.
	Message string
	// Fields are the fields concerned; Invalid errors should have some.
	Fields []Field
	// Help says what to do; may be empty.
	Help string
	// RetryAfter is when to try again; 0 means unsaid.
	RetryAfter time.Duration
	// Meta holds further machine-readable facts, without personal data.
	Meta map[string]string
	// Err is the cause; never shown to callers.
	Err error
}

// New makes an error of a kind; the message is formatted from the rest.
func New(kind Kind, reason, format string, a ...any) *Error {
	return &Error{Kind: kind, Reason: reason, Message: fmt.Sprintf(format, a...)}
}

// ActionReused refuses an action whose action_id, which makes repeating it one
// action, was another action's.
func ActionReused() *Error {
	return New(Precondition, "ACTION_ID_REUSED", "another action was done under this action_id").
		WithHelp("Choose a new action_id for a new action.").WithField("action_id", "it is used already")
}

// InvalidField makes an Invalid error about one field.
func InvalidField(path, format string, a ...any) *Error {
	description := fmt.Sprintf(format, a...)
	return &Error{
		Kind: Invalid, Reason: "FIELD_INVALID", Message: path + ": " + description,
		Fields: []Field{{Path: path, Description: description}},
	}
}

// Error is the message with the cause, for logs.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Message)
	if e.Err != nil {
		b.WriteString(": ")
		b.WriteString(e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// WithField adds a field and returns e.
func (e *Error) WithField(path, description string) *Error {
	e.Fields = append(e.Fields, Field{Path: path, Description: description})
	return e
}

// WithHelp says what to do and returns e.
func (e *Error) WithHelp(help string) *Error {
	e.Help = help
	return e
}

// WithRetry says when to try again and returns e.
func (e *Error) WithRetry(after time.Duration) *Error {
	e.RetryAfter = after
	return e
}

// WithMeta adds a machine-readable fact and returns e.
func (e *Error) WithMeta(key, value string) *Error {
	if e.Meta == nil {
		e.Meta = make(map[string]string)
	}
	e.Meta[key] = value
	return e
}

// Wrap sets the cause and returns e.
func (e *Error) Wrap(err error) *Error {
	e.Err = err
	return e
}

// KindOf returns the kind of err, looking through wrapping. Context errors are
// Deadline and Canceled; anything unclassified is Unknown.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return Unknown
	case errors.As(err, &e):
		return e.Kind
	case errors.Is(err, context.DeadlineExceeded):
		return Deadline
	case errors.Is(err, context.Canceled):
		return Canceled
	default:
		return Unknown
	}
}

// Is reports whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Retryable reports whether err is trouble of the infrastructure that may pass
// by itself: the same work may be tried again unchanged.
func Retryable(err error) bool {
	switch KindOf(err) {
	case Unavailable, Deadline, Exhausted, Conflict, Canceled:
		return err != nil
	default:
		return false
	}
}
