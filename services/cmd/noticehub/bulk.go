package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/schollz/progressbar/v3"
	"google.golang.org/grpc/status"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/internal/lodge"
)

// bulk lodges every submission of a file over one stream. What is receipted
// goes to the journal before it counts, so that a run that was cut off goes on
// where it stopped; references make repetitions harmless in any case.
func (c *submitCommand) bulk(ctx context.Context, out io.Writer) error {
	submissions, err := lodge.ReadFile(c.File)
	if err != nil {
		return err
	}
	path := c.Journal
	if path == "" {
		path = c.File + ".journal"
	}
	if c.File == "-" && c.Journal == "" {
		return errors.New("name a journal with --journal when the submissions come from standard input")
	}
	journal, err := lodge.OpenJournal(path)
	if err != nil {
		return err
	}
	defer journal.Close()
	todo := journal.Missing(submissions)
	conn, err := c.dial()
	if err != nil {
		return err
	}
	defer conn.Close()

	var refused atomic.Int64
	bar := progressbar.NewOptions(len(submissions), progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription("lodging"),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100_000_000), progressbar.OptionClearOnFinish())
	_ = bar.Add(len(submissions) - len(todo)) // a progress bar that cannot be drawn is no reason to stop
	err = lodge.Stream(ctx, intakev1.NewIntakeServiceClient(conn), todo, c.InFlight, func(s *intakev1.Submission, answer *intakev1.SubmitStreamResponse) error {
		_ = bar.Add(1)
		if e := answer.GetError(); e != nil {
			refused.Add(1)
			fmt.Fprintf(out, "refused   %s: %v\n", s.GetReference(), explain(status.ErrorProto(e)))
			return nil
		}
		return journal.Record(answer.GetReceipt())
	})
	_ = bar.Finish()
	if err != nil {
		return fmt.Errorf("%d of %d lodged; run the same command again to go on: %w", journal.Len(), len(submissions), explain(err))
	}
	fmt.Fprintf(out, "%d lodged, %d refused; journal %s\n", journal.Len(), refused.Load(), path)
	if refused.Load() > 0 {
		return fmt.Errorf("%d submissions were refused", refused.Load())
	}
	return nil
}
