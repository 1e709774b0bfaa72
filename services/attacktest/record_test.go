//go:build attack

package attacktest

import (
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/noticehub/noticehub/pkg/clock"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// records are cases 7 to 9: another authority's submissions, disclosures, reports
// and notices are the same as none.
func records() []attack {
	return []attack{
		{number: 7, name: "another's submission by leaked and guessed id", record: "call.refused SUBMISSION_NOT_FOUND", run: guessIDs},
		{number: 8, name: "another's notice is revoked", lodges: true, record: "submission.lodged", run: func(a *attempt) {
			a.meddle("revoke", func(reference string) *intakev1.Submission {
				return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_NoticeToRevoke{NoticeToRevoke: &intakev1.NoticeToRevoke{Customer: identityOf(a.neighbour)}}}
			})
		}},
		{number: 9, name: "another's notice is continued", lodges: true, record: "submission.lodged", run: func(a *attempt) {
			a.meddle("continue", func(reference string) *intakev1.Submission { return a.commence(reference, "") })
		}},
	}
}

// guessIDs asks for what is qld-cp's in every way there is, and for what is nobody's.
func guessIDs(a *attempt) {
	conn := a.hostile(attacker)
	intake := intakev1.NewIntakeServiceClient(conn)
	absent := clock.NewID(time.Now()).String()
	next := []byte(a.theirs.GetSubmissionId())
	next[len(next)-1] = "123456789abcdef0"[next[len(next)-1]%16]
	var texts []string
	for _, id := range []string{a.theirs.GetSubmissionId(), a.secret.GetSubmissionId(), absent, string(next), clock.DerivedID(clock.ID{}, "1").String()} {
		_, err := intake.GetSubmission(a.ctx, &intakev1.GetSubmissionRequest{SubmissionId: id})
		a.refused("by id", err, codes.NotFound, "SUBMISSION_NOT_FOUND")
		b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(status.Convert(err).Proto())
		texts = append(texts, fmt.Sprint(len(b), status.Convert(err).Message()))
		_, err = processingv1.NewDisclosureServiceClient(conn).GetDisclosure(a.ctx, &processingv1.GetDisclosureRequest{SubmissionId: id})
		if code := status.Code(err); code != codes.NotFound {
			a.Errorf("a disclosure by id: %v", err)
		}
	}
	for _, text := range texts {
		if text != texts[2] {
			a.Errorf("another's is told from none: %q and %q", text, texts[2])
		}
	}
	_, err := intake.GetSubmission(a.ctx, &intakev1.GetSubmissionRequest{Reference: a.theirs.GetReference()})
	a.refused("by another's reference", err, codes.NotFound, "SUBMISSION_NOT_FOUND")
	list, err := intake.ListSubmissions(a.ctx, &intakev1.ListSubmissionsRequest{Crn: a.victim.GetCrn()})
	if err != nil || len(list.GetSubmissions()) != 0 {
		a.Errorf("a list by another's customer: %d, %v", len(list.GetSubmissions()), err)
	}
	stream, err := intake.WatchSubmissions(a.ctx, &intakev1.WatchSubmissionsRequest{SubmissionId: a.theirs.GetSubmissionId()})
	if err == nil {
		_, err = stream.Recv()
	}
	a.refused("to watch another's", err, codes.NotFound, "SUBMISSION_NOT_FOUND")
	outcomes, err := advicev1.NewReportServiceClient(conn).ListAdviceOutcomes(a.ctx, &advicev1.ListAdviceOutcomesRequest{})
	if err != nil {
		a.Error(err)
	}
	for _, o := range outcomes.GetOutcomes() {
		if o.GetSubmissionId() == a.theirs.GetSubmissionId() {
			a.Error("another's outcome is listed")
		}
	}
}

func (w *world) commence(reference, text string) *intakev1.Submission {
	return &intakev1.Submission{Reference: reference, Content: &intakev1.Submission_NoticeToCommence{NoticeToCommence: &intakev1.NoticeToCommence{
		Customer: identityOf(w.neighbour), StartDate: today(), DurationMonths: 3, Text: text,
	}}}
}

// meddle lodges something of the attacker's about a neighbour, who has a notice of
// qld-cp's: that notice must stay as it is.
func (a *attempt) meddle(what string, content func(reference string) *intakev1.Submission) {
	owned, err := a.as(owner)
	if err != nil {
		a.Fatal(err)
	}
	wait := durationpb.New(8 * time.Second)
	if _, err := intakev1.NewIntakeServiceClient(owned).Submit(a.ctx, &intakev1.SubmitRequest{Submission: a.world.commence("notice-1", ""), Wait: wait}); err != nil {
		a.Fatal(err)
	}
	notices := func() (held string) {
		err := a.db.QueryRow(a.ctx, "SELECT coalesce(string_agg(n::text, ';' ORDER BY id), '') FROM autoprocessing.notice n WHERE authority_id = 'qld-cp'").Scan(&held)
		if err != nil {
			a.Fatal(err)
		}
		return held
	}
	before := notices()
	if before == "" {
		a.Fatal("the neighbour has no notice to meddle with")
	}
	if _, err := intakev1.NewIntakeServiceClient(a.hostile(attacker)).Submit(a.ctx, &intakev1.SubmitRequest{Submission: content("meddle-" + what), Wait: nil}); err != nil {
		a.Fatal(err)
	}
	until(a, "the meddling is decided", func() error {
		var n int
		if err := a.db.QueryRow(a.ctx, "SELECT count(*) FROM autoprocessing.submission WHERE reference = $1", "meddle-"+what).Scan(&n); err != nil || n > 0 {
			return err
		}
		return errNotYet
	})
	if after := notices(); after != before {
		a.Errorf("the notice changed from %s to %s", before, after)
	}
}

// keys are cases 11 to 13: idempotency keys.
func keys() []attack {
	return []attack{
		{number: 11, name: "another's idempotency key", lodges: true, record: "submission.lodged", run: func(a *attempt) {
			reply, err := intakev1.NewIntakeServiceClient(a.hostile(attacker)).Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("notice-1", "Nobody", "1980-01-01")})
			if err != nil || reply.GetReceipt().GetAuthorityId() != attacker.ID || reply.GetRepeated() {
				a.Errorf("%v, %v", reply, err)
			}
		}},
		{number: 11, name: "keys of a bad shape", noRecord: "a malformed field is answered, not a refusal of a right", run: func(a *attempt) {
			intake := intakev1.NewIntakeServiceClient(a.hostile(attacker))
			for name, key := range map[string]string{"empty": "", "255": long(255), "10,000": long(10_000), "NUL": "a\x00b", "newline": "a\nb", "path": "../a", "quote": "a'b", "blank": " ", "unicode": "ａ"} {
				_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor(key, "Nobody", "1980-01-01")})
				a.refused(name, err, codes.InvalidArgument, "")
			}
		}},
		{number: 12, name: "a key again with another content", record: "call.refused REFERENCE_REUSED", run: func(a *attempt) {
			intake := intakev1.NewIntakeServiceClient(a.hostile(attacker))
			_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("hello", "Changed", "1980-01-01")})
			a.refused("changed", err, codes.FailedPrecondition, "REFERENCE_REUSED")
		}},
		{number: 13, name: "1,000 parallel calls with one key", lodges: true, record: "submission.lodged", run: sameKey},
	}
}

func long(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = 'k'
	}
	return string(b)
}

// sameKey lodges one submission 1,000 times at once: by unary calls and streams.
func sameKey(a *attempt) {
	intake := intakev1.NewIntakeServiceClient(a.hostile(authority("frc")))
	var mu sync.Mutex
	receipts := map[string]int{}
	took := func(r *intakev1.Receipt) {
		mu.Lock()
		defer mu.Unlock()
		b, _ := proto.MarshalOptions{Deterministic: true}.Marshal(r)
		receipts[string(b)]++
	}
	var wait sync.WaitGroup
	for range 40 {
		wait.Go(func() {
			reply, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("same-key", "Nobody", "1980-01-01")})
			if err != nil {
				a.Errorf("unary: %v", err)
				return
			}
			took(reply.GetReceipt())
		})
	}
	for range 4 {
		wait.Go(func() {
			stream, err := intake.SubmitStream(a.ctx)
			if err != nil {
				a.Errorf("stream: %v", err)
				return
			}
			const each = 240
			go func() {
				for i := range each {
					_ = stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: lookFor("same-key", "Nobody", "1980-01-01")})
				}
				_ = stream.CloseSend()
			}()
			for range each {
				answer, err := stream.Recv()
				if err != nil || answer.GetError() != nil {
					a.Errorf("stream: %v, %v", err, answer.GetError())
					return
				}
				took(answer.GetReceipt())
			}
		})
	}
	wait.Wait()
	if len(receipts) != 1 {
		a.Errorf("%d different receipts", len(receipts))
	}
	var n int
	if err := a.db.QueryRow(a.ctx, "SELECT count(*) FROM intake.submission WHERE authority_id = 'frc' AND reference = 'same-key'").Scan(&n); err != nil || n != 1 {
		a.Errorf("%d submissions, %v", n, err)
	}
}
