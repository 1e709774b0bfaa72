package api

import (
	"crypto/sha256"
	"errors"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// aheadOfClock is how far ahead of the hub's clock a record may be. One from
// the far future would put every later record of its customer out of order.
const aheadOfClock = 24 * time.Hour

// fed is one record of a feed on its way into the store.
type fed struct {
	position int64
	key      store.FeedKey
	record   *registryv1.FeedRecord
	// body is the record encoded, digest that of its content.
	body   []byte
	digest string
	// at is when it happened, as exactly as it is kept.
	at time.Time
	// malformed records are refused whatever the state.
	malformed bool
	// fate, and what is wrong unless it was applied or repeated.
	fate   feedFate
	reason store.AsideReason
	err    error
}

// feedFate is what became of a record of a feed.
type feedFate int

const (
	feedApplied feedFate = iota
	feedRepeated
	feedAside
	feedRefused
)

// FeedChanges takes the records of feeds, in transactions of some hundred
// records, and answers when all of them are committed. When the stream breaks,
// the batches kept so far stay; sending the feed again finds them taken before.
func (s *Server) FeedChanges(stream grpc.ClientStreamingServer[registryv1.FeedChangesRequest, registryv1.FeedChangesResponse]) error {
	ctx := stream.Context()
	answer := &registryv1.FeedChangesResponse{}
	batch := make([]*fed, 0, s.ImportBatch)
	size := 0
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := s.Outbox.Room(ctx); err != nil {
			return err
		}
		if err := s.feed(ctx, batch); err != nil {
			return err
		}
		count(answer, batch)
		batch, size = batch[:0], 0
		return nil
	}
	err := each(stream, func(position int64, req *registryv1.FeedChangesRequest) error {
		f, err := s.receive(position, req)
		if err != nil {
			return err
		}
		if len(batch) >= s.ImportBatch || size+len(f.body) > batchBytes {
			if err := flush(); err != nil {
				return err
			}
		}
		batch, size = append(batch, f), size+len(f.body)
		return nil
	})
	if err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	return stream.SendAndClose(answer)
}

// receive checks the form of a record. What is malformed stays in its batch, so
// that errors are reported by position. The error is trouble, not the record's fault.
func (s *Server) receive(position int64, req *registryv1.FeedChangesRequest) (*fed, error) {
	f := &fed{position: position, record: req.GetRecord()}
	bad, err := checked(req, func() (err error) {
		r := f.record
		if err := r.GetOccurredAt().CheckValid(); err != nil {
			return fault.InvalidField("record.occurred_at", "must be a time of the calendar")
		}
		f.at = happened(r)
		if f.at.After(s.Clock.Now().Add(aheadOfClock)) {
			return fault.InvalidField("record.occurred_at", "must not be more than a day ahead of the hub's clock")
		}
		if err := checkChanges("record.changes", r.GetChanges(), s.today()); err != nil {
			return err
		}
		f.key = store.FeedKey{Feed: r.GetFeed(), Reference: r.GetReference()}
		if f.body, err = (proto.MarshalOptions{Deterministic: true}).Marshal(r); err != nil {
			return fault.InvalidField("record", "cannot be encoded").Wrap(err)
		}
		sum := sha256.Sum256(f.body)
		f.digest = string(sum[:])
		return nil
	})
	if bad != nil {
		f.malformed = true
		f.refuse(bad)
	}
	return f, err
}

// happened is when a record happened, to the microsecond that PostgreSQL keeps.
func happened(r *registryv1.FeedRecord) time.Time {
	return r.GetOccurredAt().AsTime().Truncate(time.Microsecond)
}

func (f *fed) refuse(err error) { f.fate, f.err = feedRefused, err }

// setAside keeps the record back; whatever else err says is told to the feed and
// kept with the record.
func (f *fed) setAside(reason store.AsideReason, err error) {
	f.fate, f.reason, f.err = feedAside, reason, err
}

// detail is what keeps a record, in words.
func (f *fed) detail() string {
	var known *fault.Error
	if errors.As(f.err, &known) {
		return known.Message
	}
	return f.err.Error()
}

// within puts the fields of an error below the message that holds them.
func within(path string, err error) error {
	var known *fault.Error
	if !errors.As(err, &known) {
		return err
	}
	below := *known
	below.Fields = make([]fault.Field, len(known.Fields))
	for i, field := range known.Fields {
		below.Fields[i] = fault.Field{Path: path + field.Path, Description: field.Description}
	}
	return &below
}

// count adds a batch to the answer: every record once, the first errors in full.
func count(answer *registryv1.FeedChangesResponse, batch []*fed) {
	for _, f := range batch {
		switch f.fate {
		case feedApplied:
			answer.Applied++
			continue
		case feedRepeated:
			answer.RepeatedRecords++
			continue
		case feedAside:
			answer.Quarantined++
		case feedRefused:
			answer.Refused++
		}
		if len(answer.Errors) < maxRefusals {
			answer.Errors = append(answer.Errors, &registryv1.ImportError{Position: f.position, Error: status.Convert(rpc.Status(f.err)).Proto()})
		}
	}
}
