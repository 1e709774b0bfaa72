package autoprocessing_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

const (
	lodgedIn = "0af7651916cd43dd8448eb211c80319c" // as the lodgings of the tests
	actedIn  = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// traced is a context inside a span of another trace.
func traced(ctx context.Context, t *testing.T) context.Context {
	t.Helper()
	id, err := trace.TraceIDFromHex(actedIn)
	if err != nil {
		t.Fatal(err)
	}
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled}))
}

func traces(d *processingv1.GetSubmissionDetailResponse) (out []string) {
	for _, step := range d.GetHistory() {
		out = append(out, step.GetTraceId())
	}
	for _, one := range d.GetDecisions() {
		out = append(out, one.GetTraceId())
	}
	return out
}

func TestEveryStepHasItsTrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	referral, taken, match := w.lodgings.lodge(qldCP, refer(p)), w.lodgings.lodge(qldCP, refer(p)), w.lodgings.lodge(qldCP, find(p))
	w.decide(referral, taken, match)
	w.claim(alice(), id(referral))
	if _, err := w.queue.Reprocess(traced(alice(), t), &processingv1.ReprocessRequest{SubmissionId: id(referral)}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.queue.RecordOutcome(traced(alice(), t), outcome(id(referral), eventv1.Outcome_OUTCOME_REFERRAL_NOTED)); err != nil {
		t.Fatal(err)
	}
	equal(t, "an officer's outcome", traces(w.detail(id(referral))), []string{lodgedIn, lodgedIn, lodgedIn, actedIn, lodgedIn, actedIn})
	withdrawal := w.lodgings.withdraw(qldCP, "ref-2")
	withdrawal.Traceparent = "00-" + actedIn + "-b7ad6b7169203331-01"
	w.decide(withdrawal)
	equal(t, "a withdrawal", traces(w.detail(id(taken))), []string{lodgedIn, lodgedIn, lodgedIn, actedIn, lodgedIn})
	child := one[string](w, "SELECT id::text FROM submission WHERE parent_id = $1", id(match))
	equal(t, "what the hub created", traces(w.detail(child)), []string{lodgedIn, lodgedIn, lodgedIn, lodgedIn})
	untraced := w.lodgings.lodge(qldCP, refer(p))
	untraced.Traceparent = "rubbish"
	w.decide(untraced)
	equal(t, "without a trace", traces(w.detail(id(untraced))), []string{"", "", "", ""})
}
