package registry_test

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/fault"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
)

// When the audit log takes no record nothing is done, and it is the hub's trouble:
// callers may come back, and events are tried again instead of being given up.
func TestWithoutTheAuditLogNothingIsDone(t *testing.T) {
	t.Parallel()
	w := watch(t)
	w.put(t, customer(1))
	if _, err := w.admin.Exec(t.Context(), "ALTER TABLE audit.record ADD CONSTRAINT broken CHECK (false) NOT VALID"); err != nil {
		t.Fatal(err)
	}
	before := w.state(t)
	c := customer(1)
	c.RentType = "BOARD"
	_, err := w.as(t, officer).PutCustomer(t.Context(), put(c, 1))
	wantCode(t, err, codes.Unavailable)
	err = w.apply(t.Context(), notice(1, c.GetCrn(), "activated", 2, eventv1.Measure_MEASURE_CPEIM, "2026-01-01"))
	if !fault.Retryable(err) {
		t.Errorf("the event fails with %v", err)
	}
	if after := w.state(t); after != before {
		t.Error("something was written")
	}
}
