package rpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/fault"
)

const (
	// domain of every ErrorInfo.
	domain = "noticehub"
	// locale of the texts that say what to do.
	locale = "en-AU"
	// neutral is all a caller learns of a defect; the log has the rest.
	neutral = "something went wrong inside the hub; it has been recorded"
	// retryUnsaid is when to come back to something unavailable if nobody said.
	retryUnsaid = time.Second
	// maxFields bounds the field violations of one answer: details travel in a
	// header, and proxies between us and the caller allow a few KiB of them.
	maxFields = 32
)

// code of each kind. Unknown is INTERNAL: an error nobody classified is a defect.
var code = map[fault.Kind]codes.Code{
	fault.Unknown:         codes.Internal,
	fault.Invalid:         codes.InvalidArgument,
	fault.Unauthenticated: codes.Unauthenticated,
	fault.Denied:          codes.PermissionDenied,
	fault.NotFound:        codes.NotFound,
	fault.Exists:          codes.AlreadyExists,
	fault.Precondition:    codes.FailedPrecondition,
	fault.Conflict:        codes.Aborted,
	fault.Exhausted:       codes.ResourceExhausted,
	fault.Unavailable:     codes.Unavailable,
	fault.Deadline:        codes.DeadlineExceeded,
	fault.Canceled:        codes.Canceled,
	fault.Internal:        codes.Internal,
}

// reason given when an error has none of its own.
var reason = map[fault.Kind]string{
	fault.Unknown: "INTERNAL", fault.Invalid: "INVALID", fault.Unauthenticated: "UNAUTHENTICATED",
	fault.Denied: "DENIED", fault.NotFound: "NOT_FOUND", fault.Exists: "ALREADY_EXISTS",
	fault.Precondition: "PRECONDITION_FAILED", fault.Conflict: "CONFLICT", fault.Exhausted: "EXHAUSTED",
	fault.Unavailable: "UNAVAILABLE", fault.Deadline: "DEADLINE_EXCEEDED", fault.Canceled: "CANCELED",
	fault.Internal: "INTERNAL",
}

// Status turns an error into a gRPC status error with google.rpc details; nil
// stays nil. It is the only such map: ErrorInfo has the reason and the metadata,
// BadRequest the fields (at most 32), RetryInfo when to try again, and
// LocalizedMessage what to do.
//
// Causes (fault.Error.Err) never leave. Unknown and internal errors become
// INTERNAL with a neutral text; whoever calls Status outside a handler's return
// must log them, the server does so for handlers. A bare gRPC status passes
// unless it is a defect; one that is wrapped is another service's answer, of
// which only its being retryable concerns our caller.
func Status(err error) error {
	if err == nil {
		return nil
	}
	var f *fault.Error
	var foreign grpcStatus
	switch {
	case errors.As(err, &f):
	case errors.Is(err, context.DeadlineExceeded):
		f = fault.New(fault.Deadline, "", "the call's time ran out")
	case errors.Is(err, context.Canceled):
		f = fault.New(fault.Canceled, "", "the call was cancelled")
	case errors.As(err, &foreign):
		if _, bare := err.(grpcStatus); bare && !defect(foreign.GRPCStatus().Code()) { //nolint:errorlint // bare means not wrapped
			return err
		}
		if fault.Retryable(Fault(err)) {
			f = fault.New(fault.KindOf(Fault(err)), "", "a part of the hub cannot answer now")
		}
	}
	if f == nil {
		f = &fault.Error{Kind: fault.Unknown}
	}
	return details(f)
}

type grpcStatus interface{ GRPCStatus() *status.Status }

func defect(c codes.Code) bool {
	return c == codes.Unknown || c == codes.Internal || c == codes.DataLoss || c == codes.OK
}

func details(f *fault.Error) error {
	c, known := code[f.Kind]
	if !known {
		c = codes.Internal
	}
	message, info := f.Message, &errdetails.ErrorInfo{Reason: f.Reason, Domain: domain, Metadata: f.Meta}
	if c == codes.Internal {
		message, info.Metadata = neutral, nil
	}
	if info.Reason == "" {
		info.Reason = reason[f.Kind]
	}
	list := []protoadapt.MessageV1{info}
	if len(f.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, field := range f.Fields[:min(len(f.Fields), maxFields)] {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{Field: field.Path, Description: field.Description})
		}
		list = append(list, bad)
	}
	after := f.RetryAfter
	if after == 0 && f.Kind == fault.Unavailable {
		after = retryUnsaid
	}
	if after > 0 {
		list = append(list, &errdetails.RetryInfo{RetryDelay: durationpb.New(after)})
	}
	if f.Help != "" {
		list = append(list, &errdetails.LocalizedMessage{Locale: locale, Message: f.Help})
	}
	st := status.New(c, message)
	if with, err := st.WithDetails(list...); err == nil { // fails only for text that is not UTF-8
		st = with
	}
	return st.Err()
}
