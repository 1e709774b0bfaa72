package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// receipt is a line of the journal.
type receipt struct {
	Authority  string `json:"authority"`
	Reference  string `json:"reference"`
	Submission string `json:"submission"`
	Hash       string `json:"hash"`
}

// journal is the witness: a line is on disk before the client goes on.
type journal struct {
	mu      sync.Mutex
	file    *os.File
	entries []receipt
}

func (j *journal) add(r receipt) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	j.entries = append(j.entries, r)
	return j.file.Sync()
}

// Len is the number of receipts.
func (j *journal) Len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

// clients lodge, repeat what was not answered, withdraw now and then, and an
// officer records outcomes.
type clients struct {
	w        *world
	journal  *journal
	cancel   context.CancelFunc
	wait     sync.WaitGroup
	recorded atomic.Int64
	lodged   sync.Map // authority/reference → *intakev1.Submission, for repetitions
	broken   atomic.Value
	// outcomes the officer was told are recorded, by submission.
	outcomes sync.Map
}

const lodgers = 12

func startLoad(ctx context.Context, w *world) (*clients, error) {
	file, err := os.Create(filepath.Join(w.dir, "journal.ndjson"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c := &clients{w: w, journal: &journal{file: file}, cancel: cancel}
	for n := range lodgers {
		c.wait.Go(func() { c.lodge(ctx, n) })
	}
	c.wait.Go(func() { c.officer(ctx) })
	return c, nil
}

func (c *clients) stop() {
	c.cancel()
	c.wait.Wait()
	c.journal.file.Close()
}

// wrong notes what must never be: an answer no client can accept.
func (c *clients) wrong(format string, a ...any) {
	c.broken.CompareAndSwap(nil, fmt.Sprintf(format, a...))
}

// lodge makes submissions one after the other; each is repeated until it is
// receipted, and its receipt is in the journal before the next is made.
func (c *clients) lodge(ctx context.Context, n int) {
	authority := authorities[n%len(authorities)]
	conn, err := c.w.dial(fmt.Sprintf("intake-%d", 1+n%2), identity.Caller{Kind: identity.Authority, ID: authority.id})
	if err != nil {
		c.wrong("dial: %v", err)
		return
	}
	defer conn.Close()
	client, r := intakev1.NewIntakeServiceClient(conn), c.w.random(uint64(100+n))
	for i := 0; ctx.Err() == nil; i++ {
		s := authority.submission(r, fmt.Sprintf("c%d-%d", n, i))
		c.lodged.Store(authority.id+"/"+s.GetReference(), s)
		got, err := untilReceipted(ctx, client, s)
		if err != nil {
			if ctx.Err() == nil {
				c.wrong("%s %s was refused: %v", authority.id, s.GetReference(), err)
			}
			return
		}
		if err := c.journal.add(receipt{authority.id, s.GetReference(), got.GetSubmissionId(), hex.EncodeToString(got.GetContentHash())}); err != nil {
			c.wrong("journal: %v", err)
			return
		}
		if r.IntN(25) == 0 {
			// Whether it takes effect depends on who is faster; it must not do harm.
			_, _ = client.WithdrawSubmission(ctx, &intakev1.WithdrawSubmissionRequest{Reference: s.GetReference()})
		}
		time.Sleep(time.Duration(r.IntN(8)) * time.Millisecond)
	}
}

// untilReceipted repeats a call while the hub is out of reach.
func untilReceipted(ctx context.Context, client intakev1.IntakeServiceClient, s *intakev1.Submission) (*intakev1.Receipt, error) {
	for pause := 20 * time.Millisecond; ; pause = min(pause*2, 500*time.Millisecond) {
		call, cancel := context.WithTimeout(ctx, 5*time.Second)
		answer, err := client.Submit(call, &intakev1.SubmitRequest{Submission: s})
		cancel()
		switch status.Code(err) {
		case codes.OK:
			return answer.GetReceipt(), nil
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted, codes.Canceled, codes.PermissionDenied:
			// PermissionDenied: intake does not know the authority yet.
		default:
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause + time.Duration(rand.IntN(50))*time.Millisecond):
		}
	}
}
