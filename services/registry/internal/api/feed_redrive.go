package api

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// redriveReserve is what must be left of a call's time to begin another batch;
// a batch takes a tenth of it.
const redriveReserve = 4 * time.Second

// maxStill are reported in full, as the contract says; all are counted.
const maxStill = 100

// RedriveQuarantined tries records that were set aside again, oldest first, in
// transactions of some hundred records. When the call's time runs short it
// stops between two of them; what it did not come to counts as remaining, and
// calling again goes on.
func (s *Server) RedriveQuarantined(ctx context.Context, req *registryv1.RedriveQuarantinedRequest) (*registryv1.RedriveQuarantinedResponse, error) {
	filter := store.AsideFilter{Feed: req.GetFeed(), Reason: store.AsideReason(req.GetReason())}
	for i, id := range req.GetRecordIds() {
		parsed, err := clock.ParseID(id)
		if err != nil {
			return nil, fault.InvalidField(fmt.Sprintf("record_ids[%d]", i), "must be the id of a record that was set aside")
		}
		filter.IDs = append(filter.IDs, parsed)
	}
	conflicts, err := s.conflicts(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.sightOf(ctx)
	if err != nil {
		return nil, err
	}
	answer := &registryv1.RedriveQuarantinedResponse{}
	for {
		if err := s.Outbox.Room(ctx); err != nil {
			return nil, err
		}
		batch, err := s.redrive(ctx, filter, req.GetAcceptOutOfOrder())
		if err != nil {
			return nil, err
		}
		answer.Applied += int64(len(batch.Applied))
		answer.Remaining += int64(len(batch.Still))
		for i := range batch.Still {
			if len(answer.Still) == maxStill {
				break
			}
			q, err := quarantined(v, &batch.Still[i], conflicts)
			if err != nil {
				return nil, err
			}
			answer.Still = append(answer.Still, q)
		}
		if batch.last.IsZero() {
			return answer, nil
		}
		filter.After = batch.last
		if ends, limited := ctx.Deadline(); limited && ends.Sub(clock.System().Now()) < redriveReserve {
			left, err := s.Store.CountAside(ctx, filter)
			answer.Remaining += left
			return answer, err
		}
	}
}

// redriven is what became of a batch; last is zero when there was none.
type redriven struct {
	store.Redriven
	last clock.ID
}

// redrive tries one batch again, in one transaction.
func (s *Server) redrive(ctx context.Context, filter store.AsideFilter, anyOrder bool) (redriven, error) {
	var done redriven
	list, err := s.Store.Aside(ctx, filter, s.ImportBatch)
	if err != nil || len(list) == 0 {
		return done, err
	}
	done.last = list[len(list)-1].ID
	batch, err := fedAgain(list)
	if err != nil {
		return done, err
	}
	var ids []clock.ID
	for i := range list {
		ids = append(ids, list[i].ID)
	}
	by := ", tried again"
	if caller, known := identity.From(ctx); known {
		by += " by " + caller.Actor()
	}
	// Customers are locked before the records, as everywhere.
	err = s.change(ctx, wantedOf(batch), func(tx pgx.Tx, book *events.Book) error {
		done.Redriven = store.Redriven{}
		// Somebody else may have applied some meanwhile.
		locked, err := s.Store.LockAside(ctx, tx, ids)
		if err != nil {
			return err
		}
		batch, err := fedAgain(locked)
		if err != nil {
			return err
		}
		if err := s.judge(ctx, tx, book, batch, judging{redriven: true, anyOrder: anyOrder, by: by}); err != nil {
			return err
		}
		for i, f := range batch {
			a := locked[i]
			if f.fate == feedApplied {
				done.Applied = append(done.Applied, a)
				continue
			}
			a.Reason, a.Detail, a.Tries = f.reason, f.detail(), a.Tries+1
			done.Still = append(done.Still, a)
		}
		entries, err := s.Store.WriteRedriven(ctx, tx, done.Redriven)
		book.Tell(entries...)
		return err
	})
	return done, err
}

// fedAgain are records set aside on their way into the store once more.
func fedAgain(list []store.Aside) ([]*fed, error) {
	batch := make([]*fed, len(list))
	for i := range list {
		r, err := feedRecordOf(&list[i])
		if err != nil {
			return nil, err
		}
		batch[i] = &fed{key: list[i].FeedKey, record: r, at: happened(r)}
	}
	return batch, nil
}
