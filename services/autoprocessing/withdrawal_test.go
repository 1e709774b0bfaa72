package autoprocessing_test

import (
	"context"
	"testing"

	"github.com/noticehub/noticehub/proto/term"
)

func TestWithdrawals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.registry.knows(someone(1))
	status := func(e string) term.Status {
		return term.Status(one[int16](w, "SELECT status FROM submission WHERE id = $1", e))
	}

	// Before the submission itself.
	s := w.lodgings.lodge(qldCP, disclose(p))
	ref := "ref-1"
	w.decide(w.lodgings.withdraw(qldCP, ref))
	w.decide(s)
	if got := status(id(s)); got != term.Withdrawn {
		t.Errorf("withdrawn before: %s", got)
	}
	if v := one[int32](w, "SELECT version FROM submission WHERE id = $1", id(s)); v != 2 {
		t.Errorf("version %d, want 2", v)
	}

	// With it, whatever the order in the batch.
	s = w.lodgings.lodge(qldCP, disclose(p))
	w.decide(s, w.lodgings.withdraw(qldCP, "ref-2"))
	if got := status(id(s)); got != term.Withdrawn {
		t.Errorf("withdrawn with: %s", got)
	}

	// While an officer has it.
	s = w.lodgings.lodge(qldCP, refer(p))
	w.decide(s)
	before := len(w.told)
	w.decide(w.lodgings.withdraw(qldCP, "ref-3"), w.lodgings.withdraw(qldCP, "ref-3"))
	if got := status(id(s)); got != term.Withdrawn {
		t.Errorf("withdrawn while unprocessed: %s", got)
	}
	equal(t, "told", kinds(w.told[before:]), []string{"decided WITHDRAWN"})
	if d := w.told[before].GetSubmissionDecided(); !d.GetWasUnprocessed() || d.GetVersion() != 4 || d.GetByOfficer() {
		t.Errorf("told %v", d)
	}

	// After the decision, and of another authority's reference.
	s = w.lodgings.lodge(qldCP, disclose(p))
	w.decide(s)
	w.decide(w.lodgings.withdraw(qldCP, "ref-4"))
	other := w.lodgings.lodge(qldCP, refer(p))
	w.decide(other)
	w.decide(w.lodgings.withdraw(ntCP, "ref-5"))
	if a, b := status(id(s)), status(id(other)); a != term.Processed || b != term.Unprocessed {
		t.Errorf("withdrawn too late: %s, of another authority: %s", a, b)
	}
	if open := one[int64](w, "SELECT count(*) FROM withdrawal WHERE NOT settled"); open != 1 {
		t.Errorf("%d withdrawals are open, want the one without a submission", open)
	}
	w.sound()
}

func TestAWithdrawalThatCrossedItsSubmissionIsFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.lodgings.lodge(qldCP, refer(w.registry.knows(someone(1))))
	w.decide(s)
	// What another replica committed at the same time, seeing no submission.
	if _, err := w.pool.Exec(context.Background(), "INSERT INTO withdrawal VALUES ('qld-cp', 'ref-1', now(), 'note', false)"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := w.p.Withdrawals(context.Background(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	equal(t, "told", kinds(w.outboxEvents()), []string{"unprocessed DECLARATION_REQUIRED", "decided WITHDRAWN"})
	w.sound()
}
