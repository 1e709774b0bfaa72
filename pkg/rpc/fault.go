package rpc

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/fault"
)

// kind of each code: the inverse of code, and a home for the codes the hub
// does not use itself.
var kind = map[codes.Code]fault.Kind{
	codes.OutOfRange:    fault.Invalid,
	codes.Unimplemented: fault.Internal,
	codes.DataLoss:      fault.Internal,
	codes.Unknown:       fault.Unknown,
}

func init() {
	for k, c := range code {
		if k != fault.Unknown {
			kind[c] = k
		}
	}
}

// Fault turns the error of a call into a *fault.Error with what its details
// say, the original as its cause; callers of other services use it, so that
// retries and acknowledgements follow the one vocabulary. Errors that are no
// gRPC status, and nil, are returned as they are.
func Fault(err error) error {
	var own *fault.Error
	if err == nil || errors.As(err, &own) {
		return err
	}
	var foreign grpcStatus
	if !errors.As(err, &foreign) {
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			return fault.New(fault.Deadline, reason[fault.Deadline], "the call's time ran out").Wrap(err)
		case errors.Is(err, context.Canceled):
			return fault.New(fault.Canceled, reason[fault.Canceled], "the call was cancelled").Wrap(err)
		}
		return err
	}
	return fromStatus(foreign.GRPCStatus()).Wrap(err)
}

func fromStatus(st *status.Status) *fault.Error {
	k := kind[st.Code()]
	f := &fault.Error{Kind: k, Reason: reason[k], Message: st.Message()}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			f.Reason, f.Meta = d.GetReason(), d.GetMetadata()
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				f.Fields = append(f.Fields, fault.Field{Path: v.GetField(), Description: v.GetDescription()})
			}
		case *errdetails.RetryInfo:
			f.RetryAfter = d.GetRetryDelay().AsDuration()
		case *errdetails.LocalizedMessage:
			f.Help = d.GetMessage()
		}
	}
	return f
}
