package fault

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	wrapped := fmt.Errorf("outer: %w", New(Precondition, "STATE", "it is %s", "closed").Wrap(errors.New("cause")))
	for _, c := range []struct {
		err       error
		kind      Kind
		retryable bool
	}{
		{nil, Unknown, false},
		{errors.New("plain"), Unknown, false},
		{wrapped, Precondition, false},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), Deadline, true},
		{context.Canceled, Canceled, true},
		{New(Unavailable, "DOWN", "down"), Unavailable, true},
		{New(Conflict, "RACE", "race"), Conflict, true},
		{InvalidField("a.b", "must be %d", 3), Invalid, false},
	} {
		if got := KindOf(c.err); got != c.kind {
			t.Errorf("KindOf(%v) = %v, want %v", c.err, got, c.kind)
		}
		if got := Retryable(c.err); got != c.retryable {
			t.Errorf("Retryable(%v) = %v", c.err, got)
		}
	}
}

func TestErrorCarriesEverything(t *testing.T) {
	t.Parallel()
	e := InvalidField("a", "is bad").WithField("b", "too").WithHelp("do x").WithRetry(time.Second).WithMeta("k", "v")
	if len(e.Fields) != 2 || e.Help == "" || e.RetryAfter != time.Second || e.Meta["k"] != "v" {
		t.Errorf("lost something: %+v", e)
	}
	cause := errors.New("why")
	if e.Wrap(cause); !errors.Is(e, cause) || e.Error() != "a: is bad: why" {
		t.Errorf("Error() = %q", e.Error())
	}
	if Kind(200).String() != "unknown" {
		t.Error("a kind beyond the list must print as unknown")
	}
}
