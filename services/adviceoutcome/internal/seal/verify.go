package seal

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
)

// What one run of Check does at most; the next goes on where it ended. A million
// lines take some seconds.
const (
	reportsPerCheck = 50
	linesPerCheck   = 1_000_000
)

// Check rebuilds the next sealed reports from the ledger and compares; run
// again and again it walks through all of them, for ever. Damage is counted,
// logged and returned, and does not end the walk.
func (s *Sealer) Check(ctx context.Context, _ time.Time) error {
	var problems []error
	var lines int64
	for n := 0; n < reportsPerCheck && lines < linesPerCheck; n++ {
		r, found, err := s.Store.SealedAfter(ctx, s.checked)
		if err != nil {
			return err
		}
		if !found {
			s.checked = clock.ID{}
			break
		}
		if err := s.Verify(ctx, r); err != nil {
			if ctx.Err() != nil || fault.Retryable(err) {
				return err
			}
			s.damaged.Inc()
			s.Log.Error("sealed report is damaged", "report", r.ReportID.String(), "authority", r.AuthorityID, "date", r.Date.String(), "error", err.Error())
			problems = append(problems, err)
		}
		s.checked = r.ReportID
		lines += r.Lines
	}
	return errors.Join(problems...)
}

// Verify renders a sealed report again from the ledger and compares every byte,
// count and digest with what is stored; it checks the link to the report before
// and the signature. The error is Internal, reason REPORT_DAMAGED, when anything
// differs.
func (s *Sealer) Verify(ctx context.Context, r report.Report) error {
	chain, err := s.Store.ChainOf(ctx, r.Head)
	if err != nil {
		return err
	}
	next := map[report.Form]int32{report.CSV: 0, report.JSON: 0}
	seal, err := s.compose(ctx, r.Head, chain, func(c report.Chunk) error {
		stored, err := s.Store.Chunk(ctx, r.ReportID, c.Form, c.Number)
		if err != nil {
			return err
		}
		if !bytes.Equal(stored, c.Content) {
			return damaged(r, "chunk %d of its %s form is not what the ledger gives", c.Number, c.Form)
		}
		next[c.Form] = c.Number + 1
		return nil
	})
	if err != nil {
		return err
	}
	for form, number := range next {
		more, err := s.Store.Chunk(ctx, r.ReportID, form, number)
		if err != nil {
			return err
		}
		if more != nil {
			return damaged(r, "its %s form has more chunks than the ledger gives", form)
		}
	}
	switch {
	case seal.Lines != r.Lines || seal.OwnLines != r.OwnLines || seal.Pending != r.Pending:
		return damaged(r, "its counts are not what the ledger gives")
	case !same(seal.CSV, r.CSV) || !same(seal.JSON, r.JSON):
		return damaged(r, "its digests are not those of its bytes")
	case !bytes.Equal(chain.PreviousDigest, r.PreviousDigest):
		return damaged(r, "it does not name the digest of the report before")
	}
	public, err := s.Store.Key(ctx, r.KeyID)
	if err != nil {
		return fmt.Errorf("key %s: %w", r.KeyID, err)
	}
	if !report.Verify(ed25519.PublicKey(public), r.Head, r.Seal) {
		return damaged(r, "its signature is not that of key %s", r.KeyID)
	}
	return nil
}

func same(a, b report.Digest) bool { return a.Size == b.Size && bytes.Equal(a.Sum, b.Sum) }

func damaged(r report.Report, format string, a ...any) error {
	return fault.New(fault.Internal, "REPORT_DAMAGED", "report %s of %s: %s", r.Date, r.AuthorityID, fmt.Sprintf(format, a...)).
		WithHelp("Do not deliver it. Compare the ledger and the report's rows with a backup.")
}
