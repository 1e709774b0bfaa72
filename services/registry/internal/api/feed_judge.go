package api

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// feed takes a batch of records in one transaction and leaves in each what
// became of it.
func (s *Server) feed(ctx context.Context, batch []*fed) error {
	w := wantedOf(batch)
	if len(w.CRNs) == 0 { // all malformed
		return nil
	}
	return s.change(ctx, w, func(tx pgx.Tx, book *events.Book) error {
		if err := s.judge(ctx, tx, book, batch, judging{}); err != nil {
			return err
		}
		entries, err := s.Store.WriteFeed(ctx, tx, s.taken(batch))
		book.Tell(entries...)
		return err
	})
}

// taken are the records of a batch that are kept.
func (s *Server) taken(batch []*fed) []store.FeedRecord {
	now := s.Clock.Now()
	list := make([]store.FeedRecord, 0, len(batch))
	for _, f := range batch {
		if f.fate != feedApplied && f.fate != feedAside {
			continue
		}
		r := store.FeedRecord{FeedKey: f.key, Digest: f.digest, CRN: f.record.GetCrn(), OccurredAt: f.at}
		if f.fate == feedAside {
			r.Aside = &store.Aside{
				ID: clock.NewID(now), FeedKey: f.key, CRN: r.CRN, Reason: f.reason, Detail: f.detail(), Record: f.body, At: now,
			}
		}
		list = append(list, r)
	}
	return list
}

// wantedOf is what the changes of a batch must know.
func wantedOf(batch []*fed) store.Wanted {
	var w store.Wanted
	member := make(map[string]bool)
	for _, f := range batch {
		if f.malformed {
			continue
		}
		if crn := f.record.GetCrn(); !member[crn] {
			member[crn] = true
			w.CRNs = append(w.CRNs, crn)
		}
		wants(&w, f.record.GetChanges())
	}
	return w
}

// judging says how records are judged.
type judging struct {
	// redriven records are known, and what is wrong with them keeps them aside.
	redriven bool
	// anyOrder applies also what happened before what was applied already.
	anyOrder bool
	// by is added to the reason of the versions made.
	by string
}

// judge applies the records of a batch in their order to the customers' records
// in memory, as far as they can be, and sets the fate of each. A record that was
// set aside does not keep later ones of its customer waiting: each record tells
// the state of something, and the order counts against applied ones only.
func (s *Server) judge(ctx context.Context, tx pgx.Tx, book *events.Book, batch []*fed, how judging) error {
	var keys []store.FeedKey
	var lines []store.FeedLine
	line := make(map[store.FeedLine]bool)
	for _, f := range batch {
		if f.malformed {
			continue
		}
		f.fate, f.reason, f.err = feedApplied, 0, nil
		if l := f.line(); !line[l] {
			line[l] = true
			lines = append(lines, l)
		}
		if !how.redriven {
			keys = append(keys, f.key)
		}
	}
	// The customers are locked: nobody else applies to them meanwhile.
	state, err := s.Store.FeedState(ctx, tx, keys, lines)
	if err != nil {
		return err
	}
	for _, f := range batch {
		if f.malformed || (!how.redriven && !f.fresh(state)) {
			continue
		}
		if err := f.apply(book, state.Newest, how); err != nil {
			return err
		}
		if f.fate != feedRefused {
			state.Digests[f.key] = f.digest
		}
	}
	return nil
}

func (f *fed) line() store.FeedLine {
	return store.FeedLine{Feed: f.key.Feed, CRN: f.record.GetCrn()}
}

// fresh reports whether the record was not taken before, also in this batch.
func (f *fed) fresh(state store.FeedState) bool {
	switch digest, known := state.Digests[f.key]; {
	case !known:
		return true
	case digest == f.digest:
		f.fate = feedRepeated
	default:
		f.refuse(fault.New(fault.Exists, "REFERENCE_REUSED", "the reference was used before in this feed, with other content").
			WithHelp("Send what is new under a reference of its own."))
	}
	return false
}

// apply makes the record's version, or says what keeps it. The error is trouble.
func (f *fed) apply(book *events.Book, newest map[store.FeedLine]time.Time, how judging) error {
	crn := f.record.GetCrn()
	current, err := book.Customer(crn)
	if err != nil {
		return err
	}
	last, told := newest[f.line()]
	switch {
	case current == nil:
		f.setAside(store.AsideUnknownCustomer, unknownCustomer())
		return nil
	case told && f.at.Before(last) && !how.anyOrder:
		f.setAside(store.AsideOutOfOrder, fault.New(fault.Precondition, "OUT_OF_ORDER", "it happened before what the feed told of the customer already").
			WithHelp("Try it again accepting what is out of order, if it still says how things are."))
		return nil
	}
	src := source{Actor: "feed:" + f.key.Feed, Reason: "record " + f.key.Reference + how.by}
	_, err = book.Change(crn, src, func(c *registryv1.Customer) (*registryv1.Customer, error) {
		return c, applyChanges(c, f.record.GetChanges(), book.Today())
	})
	switch fault.KindOf(err) {
	case fault.Invalid:
		if !how.redriven {
			f.refuse(within("record.", err))
			return nil
		}
		f.setAside(store.AsideNotApplicable, err)
	case fault.Precondition, fault.NotFound, fault.Exists:
		f.setAside(store.AsideNotApplicable, err)
	default:
		if err != nil {
			return err
		}
		if !told || f.at.After(last) {
			newest[f.line()] = f.at
		}
	}
	return nil
}
