//go:build attack

package attacktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

func containsFold(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// crowds are cases 15 and 32: much of what is allowed.
func crowds() []attack {
	return []attack{
		{number: 15, name: "searches to list the customers", lodges: true, record: "submission.refused ENUMERATION_QUOTA", run: enumerate},
		{number: 32, name: "10,000 notices for one customer, a flood by one authority", lodges: true, record: "submission.refused CUSTOMER_QUOTA", run: flood},
		{number: 32, name: "more calls than the limit", record: "call.refused RATE_LIMITED", run: tooOften},
	}
}

// streamed lodges over a stream and counts the answers by code and reason.
func (a *attempt) streamed(c identity.Caller, next func(i int) *intakev1.Submission, n int, until context.Context) map[string]int {
	counts := map[string]int{}
	stream, err := intakev1.NewIntakeServiceClient(a.hostile(c)).SubmitStream(a.ctx)
	if err != nil {
		a.Error(err)
		return counts
	}
	go func() {
		for i := 0; i < n && until.Err() == nil; i++ {
			if stream.Send(&intakev1.SubmitStreamRequest{Tag: uint64(i), Submission: next(i)}) != nil {
				break
			}
		}
		_ = stream.CloseSend()
	}()
	for {
		answer, err := stream.Recv()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				counts["ended "+reasonOf(err)]++
			}
			return counts
		}
		if e := answer.GetError(); e != nil {
			counts[codes.Code(e.GetCode()).String()]++
		} else {
			counts["OK"]++
		}
	}
}

// enumerate searches until the day's quota is used up. What it is answered tells
// nothing of who was found.
func enumerate(a *attempt) {
	who := authority("nt-spar")
	got := a.streamed(who, func(i int) *intakev1.Submission {
		return lookFor(fmt.Sprint("enum-", i), fmt.Sprint("Guess", i), "1980-01-01")
	}, searchQuota+50, a.ctx)
	if got["OK"] > searchQuota || got["OK"]+10 < searchQuota-1 {
		a.Errorf("%d searches of a quota of %d: %v", got["OK"], searchQuota, got)
	}
	_, err := intakev1.NewIntakeServiceClient(a.hostile(who)).Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("enum-last", "Guess", "1980-01-01")})
	a.refused("one more", err, codes.ResourceExhausted, "ENUMERATION_QUOTA")
	if !strings.Contains(a.log.String(), "has used up a quota") {
		a.Error("no alarm in the log")
	}
	// Another authority searches on.
	if _, err := intakev1.NewIntakeServiceClient(a.hostile(authority("frc"))).Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("enum-other", "Guess", "1980-01-01")}); err != nil {
		a.Errorf("another authority: %v", err)
	}
}

// flood lodges notices for one customer and as much as it can; others are served.
func flood(a *attempt) {
	person := synthetic.Person(1, 7)
	one := func(i int) *intakev1.Submission {
		s := disclosure(fmt.Sprint("flood-", i), person)
		s.GetDisclosure().Customer.FamilyName = "Flooded"
		return s
	}
	began := time.Now()
	got := a.streamed(attacker, one, 10_000, must2(context.WithTimeout(a.ctx, 4*time.Second)))
	allowed := 20 + int(time.Since(began).Seconds()) + 2
	if got["OK"] > allowed || got[codes.ResourceExhausted.String()] == 0 {
		a.Errorf("for one customer: %v, at most %d are allowed", got, allowed)
	}
	quiet := min(a.latency(authority("frc"), 50), a.latency(authority("frc"), 50))
	ctx, cancel := context.WithTimeout(a.ctx, 4*time.Second)
	defer cancel()
	var wait sync.WaitGroup
	for s := range 3 {
		wait.Go(func() {
			a.streamed(attacker, func(i int) *intakev1.Submission {
				return disclosure(fmt.Sprint("million-", s, "-", i), synthetic.Person(1, 10_000+s*400_000+i))
			}, 1_000_000, ctx)
		})
	}
	time.Sleep(500 * time.Millisecond)
	loud := min(a.latency(authority("frc"), 50), a.latency(authority("frc"), 50))
	wait.Wait()
	if limit := max(2*quiet, 300*time.Millisecond); loud > limit {
		a.Errorf("others wait %s (99th of 100), %s when it is quiet", loud, quiet)
	}
	a.Logf("others: %s quiet, %s in the flood", quiet, loud)
}

func must2(ctx context.Context, _ context.CancelFunc) context.Context { return ctx }

// latency of another authority's calls, the 99th of 100.
func (a *attempt) latency(c identity.Caller, n int) time.Duration {
	client := intakev1.NewIntakeServiceClient(a.hostile(c))
	var all []time.Duration
	for range n {
		began := time.Now()
		if _, err := client.GetSubmission(a.ctx, &intakev1.GetSubmissionRequest{Reference: "hello"}); err != nil {
			a.Errorf("another authority: %v", err)
		}
		all = append(all, time.Since(began))
		time.Sleep(22 * time.Millisecond) // within the limit of calls
	}
	slices.Sort(all)
	return all[len(all)*99/100]
}

// tooOften calls more than the limit of calls lets.
func tooOften(a *attempt) {
	client := intakev1.NewIntakeServiceClient(a.hostile(attacker))
	var limited atomic.Int64
	var wait sync.WaitGroup
	for range 25 {
		wait.Go(func() {
			for range 20 {
				_, err := client.GetSubmission(a.ctx, &intakev1.GetSubmissionRequest{Reference: "hello"})
				if err != nil {
					a.refused("too often", err, codes.ResourceExhausted, "RATE_LIMITED")
					limited.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if limited.Load() == 0 {
		a.Error("500 calls at once were all let through")
	}
}
