package intake_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/postgres"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

const resumeHeader = "noticehub-resume-token"

func TestWatch(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	one, two := submit(t, c, notice()), submit(t, c, notice())
	foreign := submit(t, w.as("nt-cp"), notice())
	watch := func(token, only string) intakev1.IntakeService_WatchSubmissionsClient {
		stream, err := c.WatchSubmissions(t.Context(), &intakev1.WatchSubmissionsRequest{ResumeToken: token, SubmissionId: only})
		if err != nil {
			t.Fatal(err)
		}
		if header, err := stream.Header(); err != nil || len(header.Get(resumeHeader)) != 1 {
			t.Fatalf("the stream begins with %v, %v", header, err)
		}
		return stream
	}
	next := func(s intakev1.IntakeService_WatchSubmissionsClient) *intakev1.WatchSubmissionsResponse {
		change, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		return change
	}
	all, only := watch("", ""), watch("", two.GetSubmissionId())
	w.decide(commenced(t, foreign))
	w.decide(commenced(t, one))
	first := next(all)
	if first.GetSubmissionId() != one.GetSubmissionId() || first.GetReference() != one.GetReference() || first.GetDecision().GetVersion() != 3 {
		t.Errorf("first change: %v", first)
	}
	w.decide(commenced(t, two))
	for name, change := range map[string]*intakev1.WatchSubmissionsResponse{
		"all": next(all), "only": next(only), "resumed": next(watch(first.GetResumeToken(), "")),
	} {
		if change.GetSubmissionId() != two.GetSubmissionId() {
			t.Errorf("%s: %v", name, change)
		}
	}
	for token, code := range map[string]codes.Code{"rubbish": codes.InvalidArgument, first.GetResumeToken()[1:]: codes.InvalidArgument} {
		stream, err := c.WatchSubmissions(t.Context(), &intakev1.WatchSubmissionsRequest{ResumeToken: token})
		if err == nil {
			_, err = stream.Recv()
		}
		if status.Code(err) != code {
			t.Errorf("token %q: %v", token, err)
		}
	}
}

func TestWatchesAreBounded(t *testing.T) {
	t.Parallel()
	w := setup(t, func(c *intake.Config) { c.MaxWatches = 1 })
	c := w.as("qld-cp")
	ctx, cancel := context.WithCancel(t.Context())
	first, err := c.WatchSubmissions(ctx, &intakev1.WatchSubmissionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := first.Header(); err != nil {
		t.Fatal(err)
	}
	attempt := func() error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		stream, err := c.WatchSubmissions(ctx, &intakev1.WatchSubmissionsRequest{})
		if err != nil {
			return err
		}
		if header, err := stream.Header(); err == nil && len(header.Get(resumeHeader)) == 1 {
			return nil
		}
		_, err = stream.Recv()
		return err
	}
	if err := attempt(); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("one too many: %v", err)
	}
	cancel()
	eventually(t, "there is room again", func() bool { return attempt() == nil })
}

// TestWatchMissesNothing has many transactions commit status rows out of the
// order they began in, while watchers come and go with their tokens.
func TestWatchMissesNothing(t *testing.T) {
	t.Parallel()
	w := setup(t)
	c := w.as("qld-cp")
	s := store.New(w.pool, w.door, w.audit)
	const writers, each = 6, 40
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	begin, err := c.WatchSubmissions(ctx, &intakev1.WatchSubmissionsRequest{})
	if err != nil {
		t.Fatal(err)
	}
	header, err := begin.Header()
	if err != nil {
		t.Fatal(err)
	}
	token := header.Get(resumeHeader)[0]
	var writing sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				err := postgres.InTx(ctx, w.pool, func(tx pgx.Tx) error {
					for range 3 {
						if err := s.Record(ctx, tx, []store.Status{{
							SubmissionID: clock.NewID(start), AuthorityID: "qld-cp", Version: 3, Status: term.Processed, Outcome: term.Commenced, At: start,
						}}); err != nil {
							return err
						}
					}
					time.Sleep(time.Duration(rand.IntN(4)) * time.Millisecond)
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	const want = writers * each * 3
	seen := make(map[string]int)
	for len(seen) < want {
		stream, err := c.WatchSubmissions(ctx, &intakev1.WatchSubmissionsRequest{ResumeToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for range 1 + rand.IntN(60) { // then the connection "breaks"
			change, err := stream.Recv()
			if err != nil {
				t.Fatalf("%d of %d changes seen: %v", len(seen), want, err)
			}
			seen[fmt.Sprint(change.GetSubmissionId(), change.GetDecision().GetVersion())]++
			if token = change.GetResumeToken(); len(seen) == want {
				break
			}
		}
	}
	writing.Wait()
	for change, n := range seen {
		if n != 1 {
			t.Errorf("%s was seen %d times", change, n)
		}
	}
}
