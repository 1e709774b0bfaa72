package operations_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/noticehub/noticehub/pkg/fault"
	operationsv1 "github.com/noticehub/noticehub/proto/noticehub/operations/v1"
	"github.com/noticehub/noticehub/proto/subject"
)

func (w *world) redrive(r *operationsv1.RedriveParkedRequest) *operationsv1.RedriveParkedResponse {
	w.t.Helper()
	r.Service, r.Consumer, r.Reason = "registry", subject.RegistryOutcomes, "the table is there now"
	answer, err := w.client.RedriveParked(w.t.Context(), r)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

func (w *world) redriveOne(id string) *operationsv1.RedriveParkedResponse {
	w.t.Helper()
	return w.redrive(&operationsv1.RedriveParkedRequest{Which: &operationsv1.RedriveParkedRequest_EventId{EventId: id}})
}

func (w *world) redriveCause(cause string) *operationsv1.RedriveParkedResponse {
	w.t.Helper()
	return w.redrive(&operationsv1.RedriveParkedRequest{Which: &operationsv1.RedriveParkedRequest_Cause{Cause: cause}})
}

func (w *world) want(what string, a *operationsv1.RedriveParkedResponse, redriven, resolved int64, because string) {
	w.t.Helper()
	if a.GetRedriven() != redriven || a.GetResolved() != resolved || a.GetUnresolved() != redriven-resolved || a.GetError().GetMessage() != because {
		w.t.Errorf("%s: %v", what, a)
	}
}

func (w *world) parked() *operationsv1.ListParkedResponse {
	w.t.Helper()
	answer, err := w.client.ListParked(w.t.Context(), &operationsv1.ListParkedRequest{})
	if err != nil {
		w.t.Fatal(err)
	}
	return answer
}

// A real event fails in a real consumer, is listed without what it holds, and is
// driven again: while it still fails, and after what failed was repaired.
func TestRedriveOne(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fail("lost", &pgconn.PgError{Code: "42P01", Message: `relation of "Ann Example" does not exist`, TableName: "measure"})
	w.consume()
	id := w.send("good", "lost", "good")[1]
	w.quarantined(1)

	page := w.parked()
	if len(page.GetEvents()) != 1 || len(page.GetCauses()) != 1 {
		t.Fatalf("listed: %v", page)
	}
	e, c := page.GetEvents()[0], page.GetCauses()[0]
	const cause = "failed: SQLSTATE 42P01 table measure"
	if e.GetEventId() != id || e.GetService() != "registry" || e.GetConsumer() != subject.RegistryOutcomes || e.GetState() != operationsv1.ParkedState_PARKED_STATE_QUARANTINED ||
		e.GetAttempts() != 1 || e.GetCause() != cause || e.GetTraceId() != "0af7651916cd43dd8448eb211c80319c" || e.GetNextAt() != nil || e.GetParkedAt() == nil {
		t.Errorf("listed: %v", e)
	}
	if c.GetCause() != cause || c.GetEvents() != 1 || c.GetOldestAt().AsTime() != e.GetParkedAt().AsTime() {
		t.Errorf("cause: %v", c)
	}
	if strings.Contains(page.String(), "Ann") {
		t.Errorf("it quotes what was in the event: %v", page)
	}

	w.fail("lost", errors.New("still no table"))
	w.want("while it fails", w.redriveOne(id), 1, 0, "failed: still no table")
	w.quarantined(1)
	w.fail("lost", nil)
	w.want("repaired", w.redriveOne(id), 1, 1, "")
	if left := w.parked(); len(left.GetEvents()) != 0 || len(left.GetCauses()) != 0 {
		t.Errorf("left: %v", left)
	}

	_, err := w.client.RedriveParked(t.Context(), &operationsv1.RedriveParkedRequest{
		Service: "registry", Consumer: subject.RegistryOutcomes, Reason: "once more", Which: &operationsv1.RedriveParkedRequest_EventId{EventId: id},
	})
	if f := faultOf(err); f.Kind != fault.NotFound || f.Reason != "EVENT_NOT_QUARANTINED" {
		t.Errorf("an event that is not there: %v", err)
	}

	// Twice on record, by whom, and with the reason as a digest only.
	text := one[string](w, w.log, "SELECT string_agg(convert_from(entries, 'UTF8'), '') FROM audit.record WHERE actor = 'officer:sue'")
	if strings.Count(text, `"event.redriven"`) != 2 || !strings.Contains(text, "event/"+id) || strings.Contains(text, "table is there") {
		t.Errorf("on record: %s", text)
	}
}

func TestRedriveByCause(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fail("one", errors.New("cause one"))
	w.fail("two", errors.New("cause one and more")) // begins as the other
	w.consume()
	w.send("one", "good", "two")
	w.send("one", "one")
	w.quarantined(4)
	causes := w.parked().GetCauses()
	if len(causes) != 2 || causes[0].GetCause() != "failed: cause one" || causes[0].GetEvents() != 3 || causes[1].GetEvents() != 1 {
		t.Fatalf("causes: %v", causes)
	}
	w.fail("one", nil)
	w.want("all of the cause", w.redriveCause("failed: cause one"), 3, 3, "")
	w.want("nothing is left of it", w.redriveCause("failed: cause one"), 0, 0, "")
	w.want("another still fails", w.redriveCause("failed: cause one and more"), 1, 0, "failed: cause one and more")
}

// Some of a cause go well, one fails in another way: each is told as what it is.
func TestRedriveInPart(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fail("one", errors.New("all alike"))
	w.fail("two", errors.New("all alike"))
	w.consume()
	w.send("one", "two", "one", "two", "one")
	w.quarantined(5)
	w.fail("one", nil)
	w.fail("two", errors.New("something else"))
	w.want("in part", w.redriveCause("failed: all alike"), 5, 3, "failed: something else")
}

// An event that nobody tries is not told as resolved.
func TestRedriveWithoutAConsumer(t *testing.T) {
	t.Parallel()
	w := setup(t)
	id := w.park(w.pool, subject.RegistryOutcomes, "quarantined", "failed: x", anHourAgo())
	w.want("nobody consumes", w.redriveOne(id), 1, 0, "")
}

// A message that could not be decoded is one event until it is taken apart; it is
// resolved when what was in it is.
func TestRedriveAWholeMessage(t *testing.T) {
	t.Parallel()
	w := setup(t)
	w.fail("undecodable", errors.New("no such version"))
	w.consume()
	w.send("good", "bad")
	w.quarantined(1)
	const cause = "undecodable: no such version"
	w.want("still", w.redriveCause(cause), 1, 0, cause)
	w.fail("undecodable", nil)
	w.fail("bad", errors.New("this one is bad"))
	w.want("taken apart, one fails", w.redriveCause(cause), 1, 0, "failed: this one is bad")
	w.fail("bad", nil)
	w.quarantined(1)
	w.want("now all", w.redriveCause("failed: this one is bad"), 1, 1, "")

	w.fail("undecodable", errors.New("no such version"))
	w.send("good", "good")
	w.quarantined(1)
	w.fail("undecodable", nil)
	w.want("taken apart, all well", w.redriveCause(cause), 1, 1, "")
}

func TestRedriveOfNobody(t *testing.T) {
	t.Parallel()
	w := setup(t)
	for field, r := range map[string]*operationsv1.RedriveParkedRequest{
		"service":  {Service: "nobody", Consumer: subject.RegistryOutcomes, Reason: "why not", Which: &operationsv1.RedriveParkedRequest_Cause{Cause: "x"}},
		"consumer": {Service: "registry", Consumer: "intake-status", Reason: "why not", Which: &operationsv1.RedriveParkedRequest_Cause{Cause: "x"}},
		"reason":   {Service: "registry", Consumer: subject.RegistryOutcomes, Which: &operationsv1.RedriveParkedRequest_Cause{Cause: "x"}},
		"event_id": {Service: "registry", Consumer: subject.RegistryOutcomes, Reason: "why not", Which: &operationsv1.RedriveParkedRequest_EventId{EventId: "x"}},
	} {
		_, err := w.client.RedriveParked(t.Context(), r)
		if f := faultOf(err); f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Fields[0].Path != field {
			t.Errorf("%s: %v", field, err)
		}
	}
}
