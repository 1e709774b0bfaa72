package events

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/inbox"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/decision"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

// Exhausted leaves a submission that could not be decided again and again to an
// officer, as TECHNICAL_FAILURE; from there it can be sent to automatic
// processing again. What is not known to be a submission stays in quarantine,
// for which the cause is returned.
func (p *Processor) Exhausted(ctx context.Context, tx pgx.Tx, e inbox.Event, cause error) (inbox.Effects, error) {
	in, _ := e.Value.(*incoming)
	if in == nil || in.lodged == nil {
		return inbox.Effects{}, cause
	}
	in.lodged.inTrace(ctx)
	at := p.Moment()
	out := NewAssembly(p.zone)
	result := decision.TechnicalFailure(in.lodged.Submission)
	if err := out.First(in.lodged, &result, at); err != nil {
		return inbox.Effects{}, err
	}
	err := p.write(ctx, tx, out)
	if errors.Is(err, store.ErrKnown) {
		return inbox.Effects{}, nil // decided after all
	}
	if err != nil {
		return inbox.Effects{}, err
	}
	effects := inbox.Effects{Outbox: Rows(out)}
	if e.Key != "" {
		effects.Ready = []string{e.Key}
	}
	return effects, nil
}
