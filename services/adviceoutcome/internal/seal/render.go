package seal

import (
	"context"
	"errors"
	"slices"

	"github.com/noticehub/noticehub/pkg/crashpoint"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// chunksAhead is how many chunks may wait between rendering and storing. Reading,
// rendering and storing then overlap, with a megabyte or two of memory whatever
// the size of the report.
const chunksAhead = 4

// render reads the report's lines, turns them into both forms and stores the
// chunks as they fill: one connection reads, the transaction of sealing writes.
func (s *Sealer) render(ctx context.Context, sealing store.Sealing) (report.Seal, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	full := make(chan report.Chunk, chunksAhead)
	free := make(chan []byte, chunksAhead+2) // every buffer has room here
	for range chunksAhead + 2 {
		free <- make([]byte, 0, report.ChunkSize)
	}
	type result struct {
		seal report.Seal
		err  error
	}
	rendered := make(chan result, 1)
	go func() {
		seal, err := s.compose(ctx, sealing.Head, sealing.Chain, func(c report.Chunk) error {
			crashpoint.Here("report.mid-render")
			select {
			case buffer := <-free:
				c.Content = append(buffer[:0], c.Content...)
			case <-ctx.Done():
				return ctx.Err()
			}
			select {
			case full <- c:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		rendered <- result{seal, err}
		close(full)
	}()

	var last []byte
	err := sealing.Write(ctx, func() (report.Chunk, bool, error) {
		if last != nil {
			free <- last
			last = nil
		}
		chunk, more := <-full
		last = chunk.Content
		return chunk, more, nil
	})
	if err != nil {
		cancel()
	}
	for range full { // the other side ends before its connection is given back
	}
	end := <-rendered
	if end.err != nil && (err == nil || !errors.Is(end.err, context.Canceled)) {
		return report.Seal{}, end.err
	}
	return end.seal, err
}

// compose runs the ledger's lines of a report through a renderer.
func (s *Sealer) compose(ctx context.Context, h report.Head, c report.Chain, emit func(report.Chunk) error) (report.Seal, error) {
	renderer, err := report.NewRenderer(h, c, emit)
	if err != nil {
		return report.Seal{}, err
	}
	if err := s.Store.Lines(ctx, h, renderer.Line); err != nil {
		return report.Seal{}, err
	}
	seal, err := renderer.Finish()
	seal.PreviousDigest = slices.Clone(seal.PreviousDigest)
	return seal, err
}
