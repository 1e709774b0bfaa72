package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
)

func TestEveryKindComesBack(t *testing.T) {
	t.Parallel()
	for k := fault.Invalid; k < fault.Internal; k++ {
		sent := fault.New(k, "SOME_REASON", "in a sentence").WithField("a.b", "is wrong").WithField("c[2]", "too").
			WithHelp("Do it otherwise.").WithRetry(1500*time.Millisecond).WithMeta("version", "3").Wrap(errors.New("secret cause"))
		err := rpc.Status(fmt.Errorf("handler: %w", sent))
		if strings.Contains(status.Convert(err).String(), "secret") {
			t.Errorf("%v: the cause leaks: %v", k, err)
		}
		var got *fault.Error
		if !errors.As(rpc.Fault(err), &got) {
			t.Fatalf("%v: Fault(%v) is no fault", k, err)
		}
		if !errors.Is(got, err) {
			t.Errorf("%v: the status is lost", k)
		}
		got.Err = sent.Err
		if !reflect.DeepEqual(got, sent) {
			t.Errorf("%v came back as %+v, want %+v", k, got, sent)
		}
	}
}

func TestDefectsAreNeutral(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		errors.New("secret"),
		fault.New(fault.Internal, "", "secret").WithMeta("a", "secret"),
		fault.New(fault.Unknown, "", "secret"),
		fault.New(fault.Kind(99), "", "secret"),
		status.Error(codes.Unknown, "secret"),
		status.Error(codes.Internal, "secret"),
		fmt.Errorf("ask registry: %w", status.Error(codes.InvalidArgument, "secret")),
	} {
		got := status.Convert(rpc.Status(err))
		if got.Code() != codes.Internal || strings.Contains(got.String(), "secret") || strings.Contains(fmt.Sprint(got.Details()), "secret") {
			t.Errorf("%v became %v %v", err, got, got.Details())
		}
	}
}

func TestStatusOfOtherErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code codes.Code
	}{
		{nil, codes.OK},
		{fmt.Errorf("query: %w", context.DeadlineExceeded), codes.DeadlineExceeded},
		{context.Canceled, codes.Canceled},
		{status.Error(codes.OutOfRange, "as it is"), codes.OutOfRange},
		{fmt.Errorf("ask registry: %w", status.Error(codes.Unavailable, "connection refused to 10.0.0.1")), codes.Unavailable},
		{fault.New(fault.Conflict, "", "somebody else acted").Wrap(context.DeadlineExceeded), codes.Aborted},
	} {
		if got := status.Convert(rpc.Status(c.err)); got.Code() != c.code || strings.Contains(got.Message(), "10.0.0.1") {
			t.Errorf("Status(%v) = %v, want %v", c.err, got, c.code)
		}
	}
}

func TestFaultOfOtherErrors(t *testing.T) {
	t.Parallel()
	plain, own := errors.New("plain"), fault.New(fault.NotFound, "X", "x")
	for _, same := range []error{nil, plain, own} {
		if got := rpc.Fault(same); got != same { //nolint:errorlint // must be the very same
			t.Errorf("Fault(%v) = %v", same, got)
		}
	}
	for _, c := range []struct {
		err       error
		kind      fault.Kind
		retryable bool
	}{
		{status.Error(codes.Unavailable, "gone"), fault.Unavailable, true},
		{fmt.Errorf("w: %w", status.Error(codes.DeadlineExceeded, "late")), fault.Deadline, true},
		{status.Error(codes.InvalidArgument, "bad"), fault.Invalid, false},
		{status.Error(codes.Unknown, "?"), fault.Unknown, false},
		{status.Error(codes.Unimplemented, "?"), fault.Internal, false},
		{context.Canceled, fault.Canceled, true},
		{fmt.Errorf("w: %w", context.DeadlineExceeded), fault.Deadline, true},
	} {
		got := rpc.Fault(c.err)
		var f *fault.Error
		if fault.KindOf(got) != c.kind || fault.Retryable(got) != c.retryable || !errors.As(got, &f) || f.Reason == "" || !errors.Is(got, c.err) {
			t.Errorf("Fault(%v) = %v %+v", c.err, fault.KindOf(got), got)
		}
	}
}

func TestUnavailableSaysWhenToRetry(t *testing.T) {
	t.Parallel()
	var f *fault.Error
	if errors.As(rpc.Fault(rpc.Status(fault.New(fault.Unavailable, "DOWN", "down"))), &f); f == nil || f.RetryAfter <= 0 {
		t.Errorf("no time to retry in %+v", f)
	}
}

func TestFieldsOfOneAnswerAreBounded(t *testing.T) {
	t.Parallel()
	many := fault.InvalidField("a", "is bad")
	for i := range 1000 {
		many = many.WithField(fmt.Sprintf("list[%d]", i), "is bad")
	}
	var f *fault.Error
	if errors.As(rpc.Fault(rpc.Status(many)), &f); f == nil || len(f.Fields) != 32 {
		t.Errorf("%d fields in one answer", len(f.Fields))
	}
}
