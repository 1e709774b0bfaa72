package intake_test

import (
	"crypto/sha256"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
)

func TestReceiptVerifies(t *testing.T) {
	t.Parallel()
	w := setup(t)
	s := notice()
	got := submit(t, w.as("qld-cp"), s)
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if want := sha256.Sum256(payload); string(got.GetContentHash()) != string(want[:]) {
		t.Error("the hash is not that of the deterministic encoding")
	}
	// Lodged on a Monday in Sydney; Queensland has no holiday on the Tuesday.
	if got.GetEarliestReportDate() != "2026-11-24" || got.GetStatus() != eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING || !got.GetLodgedAt().AsTime().Equal(start) {
		t.Errorf("receipt %v", got)
	}
	if err := w.verify(got); err != nil {
		t.Error(err)
	}
}

// verify checks a receipt as its holder would.
func (w *world) verify(got *intakev1.Receipt) error {
	w.t.Helper()
	day, err := calendar.ParseDate(got.GetEarliestReportDate())
	if err != nil {
		return err
	}
	r := receipt.Receipt{
		SubmissionID: idOf(w.t, got), AuthorityID: got.GetAuthorityId(), Reference: got.GetReference(), ContentHash: [32]byte(got.GetContentHash()),
		LodgedAt: got.GetLodgedAt().AsTime(), EarliestReportDate: day, Signature: got.GetSignature(), KeyID: got.GetKeyId(),
		Proof: receipt.Proof{LeafIndex: int(got.GetProof().GetLeafIndex()), TreeSize: int(got.GetProof().GetTreeSize())},
	}
	for _, hash := range got.GetProof().GetPath() {
		r.Proof.Path = append(r.Proof.Path, receipt.Hash(hash))
	}
	_, public := w.intake.ReceiptKey()
	return receipt.Verify(public, r)
}

// TestReceiptsSealedTogether lodges many at once: the receipts share signatures,
// each verifies by itself, and read, listed and repeated, by a process with
// another key too, they are the same.
func TestReceiptsSealedTogether(t *testing.T) {
	t.Parallel()
	w := setup(t)
	const n = 120
	c := w.as("qld-cp")
	lodged, receipts := make([]*intakev1.Submission, n), make([]*intakev1.Receipt, n)
	var all sync.WaitGroup
	for i := range lodged {
		lodged[i] = notice()
		all.Go(func() { receipts[i] = submit(t, c, lodged[i]) })
	}
	all.Wait()
	byID := make(map[string]*intakev1.Receipt)
	signatures := make(map[string]bool)
	for _, r := range receipts {
		if err := w.verify(r); err != nil {
			t.Errorf("%v: %v", r, err)
		}
		byID[r.GetSubmissionId()] = r
		signatures[string(r.GetSignature())] = true
	}
	if kept := scalar[int](t, w.pool, "SELECT count(*) FROM receipt_batch"); kept != len(signatures) || kept == n {
		t.Errorf("%d receipts, %d signatures, %d kept", n, len(signatures), kept)
	}
	_, second := w.serve()
	two := dial(t, second, identity.Caller{Kind: identity.Authority, ID: "qld-cp"})
	list, err := two.ListSubmissions(t.Context(), &intakev1.ListSubmissionsRequest{PageSize: 500})
	if err != nil || len(list.GetSubmissions()) != n {
		t.Fatalf("%d listed, %v", len(list.GetSubmissions()), err)
	}
	for i, view := range list.GetSubmissions() {
		if r := view.GetReceipt(); !proto.Equal(r, byID[r.GetSubmissionId()]) {
			t.Errorf("listed %v\nlodged %v", r, byID[r.GetSubmissionId()])
		}
		again, err := two.Submit(t.Context(), &intakev1.SubmitRequest{Submission: lodged[i]})
		if err != nil || !again.GetRepeated() || !proto.Equal(again.GetReceipt(), receipts[i]) {
			t.Errorf("repeated %v, %v\nlodged %v", again, err, receipts[i])
		}
		if i > 0 {
			continue
		}
		if got := get(t, two, receipts[i]).GetSubmission().GetReceipt(); !proto.Equal(got, receipts[i]) {
			t.Errorf("read   %v\nlodged %v", got, receipts[i])
		}
	}
}

// TestRepetitionsAcrossProcesses lodges the same through two processes with
// different keys and clocks: the receipt stays the first one, byte for byte.
func TestRepetitionsAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, second := w.serve()
	one, two := w.as("qld-cp"), dial(t, second, identity.Caller{Kind: identity.Authority, ID: "qld-cp"})
	s := notice()
	first := submit(t, one, s)
	w.clock.Advance(72 * time.Hour)
	again, err := two.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s})
	if err != nil || !again.GetRepeated() {
		t.Fatalf("%v, %v", again, err)
	}
	a, _ := proto.MarshalOptions{Deterministic: true}.Marshal(first)
	b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(again.GetReceipt())
	if string(a) != string(b) {
		t.Errorf("the repetition's receipt differs:\n%v\n%v", first, again.GetReceipt())
	}
	s.CaseWorker = "Somebody Else"
	_, err = two.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s})
	if f := faultOf(err); f == nil || f.Kind != fault.Precondition || f.Reason != "REFERENCE_REUSED" || len(f.Fields) != 1 || f.Fields[0].Path != "submission.reference" {
		t.Errorf("other content: %+v", f)
	}
	// The reference is the authority's own: another one's is another submission.
	s.CaseWorker = "C. Worker"
	if other := submit(t, w.as("nt-cp"), s); other.GetSubmissionId() == first.GetSubmissionId() {
		t.Error("two authorities share a submission")
	}
	if n := scalar[int](t, w.pool, "SELECT count(*) FROM submission"); n != 2 {
		t.Errorf("%d submissions", n)
	}
}

func TestThousandParallelCalls(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	s := notice()
	var all sync.WaitGroup
	receipts := make([]*intakev1.Receipt, 1000)
	var fresh sync.Map
	for i := range receipts {
		all.Go(func() {
			r, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s})
			if err != nil {
				t.Error(err)
				return
			}
			receipts[i] = r.GetReceipt()
			if !r.GetRepeated() {
				fresh.Store(i, true)
			}
		})
	}
	all.Wait()
	for _, r := range receipts {
		if !proto.Equal(r, receipts[0]) {
			t.Fatalf("receipts differ: %v, %v", r, receipts[0])
		}
	}
	n := 0
	fresh.Range(func(any, any) bool { n++; return true })
	if n != 1 {
		t.Errorf("%d calls were told it is new", n)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	s := notice()
	short, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s, Wait: durationpb.New(50 * time.Millisecond)})
	if err != nil || short.GetReceipt() == nil || short.GetDecision() != nil {
		t.Fatalf("a wait that runs out: %v, %v", short, err)
	}
	answered := make(chan *intakev1.SubmitResponse, 1)
	began := time.Now()
	go func() {
		r, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s, Wait: durationpb.New(8 * time.Second)})
		if err != nil {
			t.Error(err)
		}
		answered <- r
	}()
	w.decide(commenced(t, short.GetReceipt()))
	r := <-answered
	if d := r.GetDecision(); d.GetOutcome() != eventv1.Outcome_OUTCOME_COMMENCED || d.GetEndDate() != "2027-05-31" || d.GetVersion() != 3 || !r.GetRepeated() {
		t.Errorf("%v", r)
	}
	if took := time.Since(began); took > 6*time.Second {
		t.Errorf("the answer took %s", took)
	}
	if at, err := c.Submit(t.Context(), &intakev1.SubmitRequest{Submission: s, Wait: durationpb.New(time.Second)}); err != nil || at.GetDecision().GetNote() != "noted" {
		t.Errorf("already decided: %v, %v", at, err)
	}
}

// TestLanesAcrossServices lodges for one customer through two services at once.
func TestLanesAcrossServices(t *testing.T) {
	t.Parallel()
	w := setup(t)
	_, second := w.serve()
	clients := []intakev1.IntakeServiceClient{w.as("qld-cp"), dial(t, second, identity.Caller{Kind: identity.Authority, ID: "nt-cp"})}
	var all sync.WaitGroup
	for i := range 200 {
		s := notice()
		all.Go(func() { submit(t, clients[i%2], s) })
	}
	all.Wait()
	if n := scalar[int64](t, w.pool, "SELECT max(lane) FROM submission WHERE crn = '123456789A'"); n != 200 {
		t.Errorf("the last lane is %d, want 200", n)
	}
}

// BenchmarkSubmit lodges from 64 callers, a call each. The test database does not
// sync, so this is the cost in CPU of the whole path, client included.
func BenchmarkSubmit(b *testing.B) {
	w := setup(b)
	c := w.as("qld-cp")
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			submit(b, c, ofCustomer(int(references.Load())))
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
}

// BenchmarkSubmitStream lodges over one stream with 512 outstanding.
func BenchmarkSubmitStream(b *testing.B) {
	w := setup(b)
	stream, err := w.as("qld-cp").SubmitStream(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	outstanding := make(chan struct{}, 512)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for i := range b.N {
			outstanding <- struct{}{}
			if stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: ofCustomer(i)}) != nil {
				return
			}
		}
	}()
	for range b.N {
		answer, err := stream.Recv()
		if err != nil || answer.GetReceipt() == nil {
			b.Fatalf("%v, %v", answer, err)
		}
		<-outstanding
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "submissions/s")
}

// ofCustomer is a notice for one of half a million customers.
func ofCustomer(i int) *intakev1.Submission {
	s := notice()
	s.GetNoticeToCommence().Customer.Crn = fmt.Sprintf("%09dA", i%500_000)
	return s
}
