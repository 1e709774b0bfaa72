package commit

import (
	"context"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/outbox"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

// lookUpTime bounds the search for what an interrupted COMMIT left behind.
const lookUpTime = 3 * time.Second

// taken answers a lodgement that was written just now.
func (w *worker) taken(l *Lodgement) {
	w.metrics.taken.Inc()
	l.Answer(Result{Submission: l.Submission})
	for _, r := range l.repeats {
		w.compare(r, l.Submission)
	}
}

// settle answers a lodgement whose reference had been taken before.
func (w *worker) settle(l *Lodgement, earlier *lodging.Submission) {
	if earlier.SubmissionID == l.Submission.SubmissionID {
		// Our own: the commit of it was in doubt. The seal it was stored under counts.
		l.Submission.Receipt = earlier.Receipt
		w.taken(l)
		return
	}
	w.compare(l, earlier)
	for _, r := range l.repeats {
		w.compare(r, earlier)
	}
}

func (w *worker) compare(l *Lodgement, earlier *lodging.Submission) {
	if !l.Submission.Repeats(earlier) {
		w.metrics.reused.Inc()
		l.Answer(Result{Err: lodging.ReferenceReused()})
		return
	}
	w.metrics.repeated.Inc()
	l.Answer(Result{Submission: earlier, Repeated: true})
}

// refuse answers all with an error: nothing of them was written.
func (w *worker) refuse(batch []*Lodgement, cause error) {
	if len(batch) == 0 {
		return
	}
	w.deps.Log.Warn("submissions not stored", "count", len(batch), "error", cause.Error())
	answer := fault.New(fault.Unavailable, "NOT_STORED", "the submission could not be stored just now").
		WithRetry(time.Second).WithHelp("Lodge again with the same reference.").Wrap(cause)
	if !fault.Retryable(cause) {
		answer = fault.New(fault.Internal, "NOT_STORED", "the submission could not be stored").Wrap(cause)
	}
	for _, l := range batch {
		w.metrics.failed.Add(float64(1 + len(l.repeats)))
		l.Answer(Result{Err: answer})
		for _, r := range l.repeats {
			r.Answer(Result{Err: answer})
		}
	}
}

// separate answers those whose references are taken and returns the rest, whose
// lanes were lost to another process and have to be read again.
func (w *worker) separate(ctx context.Context, batch []*Lodgement) ([]*Lodgement, error) {
	w.lanes.forget(batch)
	earlier, err := w.deps.Store.ByReference(ctx, keys(batch))
	if err != nil {
		return batch, err
	}
	left := make([]*Lodgement, 0, len(batch))
	for _, l := range batch {
		if e, ok := earlier[l.key()]; ok {
			w.settle(l, e)
			continue
		}
		left = append(left, l)
	}
	return left, nil
}

// lookUp answers a batch whose COMMIT was cut off. What the database shows is
// answered from there. What it does not show may still appear, when the server
// is finishing the commit at this moment, so it is neither claimed nor written
// again: the caller lodges again and meets whatever became of it.
func (w *worker) lookUp(batch []*Lodgement, rows []outbox.Row, cause error) {
	w.metrics.unknown.Inc()
	ctx, cancel := context.WithTimeout(context.Background(), lookUpTime)
	defer cancel()
	var earlier map[store.Key]*lodging.Submission
	err := cause
	for attempt := 1; err != nil && ctx.Err() == nil; attempt++ {
		if earlier, err = w.deps.Store.ByReference(ctx, keys(batch)); err != nil {
			rest(ctx, attempt)
		}
	}
	var missing []*Lodgement
	ours := false
	for _, l := range batch {
		e, ok := earlier[l.key()]
		if !ok {
			missing = append(missing, l)
			continue
		}
		ours = ours || e.SubmissionID == l.Submission.SubmissionID
		w.settle(l, e)
	}
	if ours {
		w.deps.Relay.Committed(rows...)
	}
	w.refuse(missing, cause)
}

func keys(batch []*Lodgement) []store.Key {
	all := make([]store.Key, len(batch))
	for i, l := range batch {
		all[i] = l.key()
	}
	return all
}
