package adviceoutcome

import (
	"context"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

// TestChangesAreTold: each step of a report is told within a second, and nothing
// else is; repetitions change nothing.
func TestChangesAreTold(t *testing.T) {
	t.Parallel()
	b := reported(t)
	as := b.serve()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); _ = b.api.Run(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	stream, err := as(auditor).WatchReports(ctx, &advicev1.WatchReportsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan int64)
	go func() {
		defer close(told)
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			told <- m.GetChanges()
		}
	}()
	hears := func(what string, want int64) {
		t.Helper()
		select {
		case n := <-told:
			if n != want {
				t.Errorf("%s: told of %d changes, want %d", what, n, want)
			}
		case <-time.After(20 * time.Second): // how soon is measured in the browser
			t.Errorf("%s: nothing is told", what)
		}
	}
	hears("at first", 3)
	take(t, as(frc))
	n := <-told // both at once, or one after the other
	if n == 4 {
		n = <-told
	}
	if n != 5 {
		t.Errorf("delivered and acknowledged: %d", n)
	}
	take(t, as(frc)) // changes nothing
	for range 2 {
		if _, err := as(contact).RedeliverReport(t.Context(), again("2026-11-04", "a")); err != nil {
			t.Fatal(err)
		}
	}
	hears("offered again", 6)
	b.record("frc", 3) // no change of a report
	select {
	case n := <-told:
		t.Errorf("told of %d without a change", n)
	case <-time.After(600 * time.Millisecond):
	}
	b.clock.Set(local(6, 0, 0))
	if _, _, err := b.sealer.Close(t.Context(), "qld-cp", b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if err := b.sealer.SweepOne(t.Context(), "qld-cp", b.clock.Now()); err != nil {
		t.Fatal(err)
	}
	hears("sealed", 7)
	refusing, err := as(officer).WatchReports(t.Context(), &advicev1.WatchReportsRequest{})
	if err == nil {
		_, err = refusing.Recv()
	}
	refused(t, "an officer", err, fault.Denied, "METHOD_DENIED")
	stop()
	for range told {
	}
}
