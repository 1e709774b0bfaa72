package events

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/outbox"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// Fate is what became of a record.
type Fate int

// The fates.
const (
	Unchanged Fate = iota
	Created
	Replaced
)

// Book is the records of a batch, locked, on their way to new versions. It is
// the only way records change: officers' calls, imports, feeds, notices and what
// follows from other records all make their versions here. Versions of a record
// have no gaps, and each has its entries in the history and in the audit log and
// its event in the same transaction. A record may change several times in a batch.
//
// A Book belongs to one transaction and to one goroutine.
type Book struct {
	store   *store.Store
	reading *store.Reading
	cause   Cause
	zone    *time.Location
	today   calendar.Date
	pages   map[string]*page

	changes  []CustomerChange
	versions []store.Version
	follow   []store.FollowOn
	entries  []audit.Entry
	created  bool
}

// page is one record of the batch.
type page struct {
	locked *store.Locked // nil when there was no record
	// customer is the record as it stands now; nil when there is none. encoded is
	// the same as it travels, body as it is kept.
	customer      *registryv1.Customer
	encoded, body []byte
	// renamed and supplied say that names and providers have to be indexed again.
	renamed, supplied bool
}

// Open reads the records of a batch and locks them until tx ends.
func Open(ctx context.Context, st *store.Store, tx pgx.Tx, w store.Wanted, c Cause, zone *time.Location) (*Book, error) {
	r, err := st.Read(ctx, tx, w)
	if err != nil {
		return nil, err
	}
	return newBook(st, r, c, zone), nil
}

// newBook makes a book of what was read. The time of its versions is that of
// the cause, unless a record has a version recorded later already: the clocks
// of replicas differ a little, and a record's history must not go back.
func newBook(st *store.Store, r *store.Reading, c Cause, zone *time.Location) *Book {
	for _, l := range r.Records {
		if l.RecordedAt.After(c.At) {
			c.At = l.RecordedAt
		}
	}
	return &Book{store: st, reading: r, cause: c, zone: zone, today: calendar.FromTime(c.At, zone), pages: make(map[string]*page, len(r.Records))}
}

// Today is the local day of the changes.
func (b *Book) Today() calendar.Date { return b.today }

// Change makes a new version of a record, unless that is the same. f gets a
// copy of the record, nil when there is none, and returns what it becomes, which
// may be the copy. When f fails nothing of the record changes, and others of the
// batch may go on.
func (b *Book) Change(crn string, src Source, f func(current *registryv1.Customer) (*registryv1.Customer, error)) (Fate, error) {
	return b.change(crn, src, f, touched)
}

// Refresh brings a record in line with what it repeats of others. It reports
// false when the record or one of those is not there.
func (b *Book) Refresh(crn string) (bool, error) {
	p, err := b.page(crn)
	if err != nil || p.customer == nil {
		return false, err
	}
	if _, err := b.change(crn, Source{Actor: System}, unchanged, everything); err != nil {
		return false, err
	}
	return b.complete(p.customer), nil
}

// Measure brings a record's spells under measures in line with the notices read.
// A record that is being created unseen did not see the notices either: one that
// is not there is refreshed later.
func (b *Book) Measure(crn string) error {
	p, err := b.page(crn)
	if err != nil {
		return err
	}
	if p.customer == nil {
		b.follow = append(b.follow, store.FollowOn{What: store.Refresh, CRN: crn, Later: true})
		return nil
	}
	_, err = b.change(crn, Source{Actor: System}, unchanged, spells)
	return err
}

func unchanged(c *registryv1.Customer) (*registryv1.Customer, error) { return c, nil }

// scope is what a change looks at beside what it touches itself.
type scope int

const (
	touched scope = iota
	// spells: the notices of the register.
	spells
	// everything that is repeated of other records, too.
	everything
)

func (b *Book) change(crn string, src Source, f func(*registryv1.Customer) (*registryv1.Customer, error), look scope) (Fate, error) {
	p, err := b.page(crn)
	if err != nil {
		return Unchanged, err
	}
	var next *registryv1.Customer
	if p.customer != nil {
		next = proto.CloneOf(p.customer)
	}
	if next, err = f(next); err != nil {
		return Unchanged, err
	}
	if err := b.finish(p, next, look); err != nil {
		return Unchanged, err
	}
	changed := Changed(p.customer, next)
	// Between a notice and its continuation no measure is in force for a moment;
	// that alone is no change, but it is told with one.
	if p.customer != nil && !slices.ContainsFunc(changed, func(part string) bool { return part != measurePart }) {
		return Unchanged, nil
	}
	return b.turn(p, next, src, changed)
}

// turn makes next the record's current version.
func (b *Book) turn(p *page, next *registryv1.Customer, src Source, changed []string) (Fate, error) {
	measure := next.GetRegisterMeasure()
	next.RegisterMeasure, next.RecordVersion = 0, 0
	body, err := proto.MarshalOptions{Deterministic: true}.Marshal(next)
	if err != nil {
		return Unchanged, fmt.Errorf("encode a customer's record: %w", err)
	}
	fate, version := Replaced, p.customer.GetRecordVersion()+1
	if p.customer == nil {
		fate, b.created = Created, true
	}
	next.RegisterMeasure, next.RecordVersion = measure, version
	b.followOns(p, next, changed)
	p.renamed = p.renamed || fate == Created || slices.ContainsFunc(changed, func(part string) bool {
		return part == "name" || part == "aliases" || part == "date_of_birth"
	})
	p.supplied = p.supplied || slices.Contains(changed, "expenses")
	restricted := p.customer.GetRestrictedAccess() || next.GetRestrictedAccess()
	opened := p.customer.GetRestrictedAccess() && !next.GetRestrictedAccess()
	before, err := b.travelling(p.customer, p.encoded, restricted)
	if err != nil {
		return Unchanged, fmt.Errorf("encode a customer's record: %w", err)
	}
	p.customer, p.body, p.encoded = next, body, AppendRecord(nil, body, term.Measure(measure), version)
	after, err := b.travelling(next, p.encoded, restricted)
	if err != nil {
		return Unchanged, fmt.Errorf("encode a customer's record: %w", err)
	}
	b.changes = append(b.changes, CustomerChange{
		CRN: next.GetCrn(), Version: version, Changed: changed, Before: before, After: after, Actor: src.Actor,
		Restricted: restricted, Opened: opened,
	})
	b.versions = append(b.versions, store.Version{
		CRN: next.GetCrn(), Version: version, RecordedAt: b.cause.At, Actor: src.Actor, Reason: src.Reason, Changed: changed, Body: p.encoded,
	})
	return fate, nil
}

// page is a record as it stands, decoded when it is first needed.
func (b *Book) page(crn string) (*page, error) {
	if p, ok := b.pages[crn]; ok {
		return p, nil
	}
	p := &page{locked: b.reading.Records[crn]}
	if l := p.locked; l != nil {
		p.customer = new(registryv1.Customer)
		if err := proto.Unmarshal(l.Body, p.customer); err != nil {
			return nil, fmt.Errorf("decode a customer's record: %w", err)
		}
		p.customer.RegisterMeasure, p.customer.RecordVersion = registerMeasure(p.customer), l.Version
		p.body, p.encoded = l.Body, AppendRecord(nil, l.Body, term.Measure(p.customer.GetRegisterMeasure()), l.Version)
	}
	b.pages[crn] = p
	return p, nil
}

// Customer is a record as it stands; nil when there is none. Not to be changed.
func (b *Book) Customer(crn string) (*registryv1.Customer, error) {
	p, err := b.page(crn)
	if err != nil {
		return nil, err
	}
	return p.customer, nil
}

// FollowOns reports whether the changes may mean something for other records.
func (b *Book) FollowOns() bool { return b.created || len(b.follow) > 0 }

// Write writes the versions made, with the rows of the outbox, in one round trip
// and returns the rows to hand over after the commit.
func (b *Book) Write(ctx context.Context, st *store.Store, tx pgx.Tx) ([]outbox.Row, error) {
	w := b.batch()
	if err := st.WriteCustomers(ctx, tx, w); err != nil {
		return nil, err
	}
	late, err := b.opened(ctx, st, tx)
	if err == nil && len(late) > 0 {
		err = outbox.Insert(ctx, tx, late...)
	}
	return append(w.Events, late...), err
}

// Tell adds entries to the audit record that Write leaves of the batch.
func (b *Book) Tell(entries ...audit.Entry) { b.entries = append(b.entries, entries...) }

// batch is what there is to write.
func (b *Book) batch() store.Batch {
	w := store.Batch{Versions: b.versions, FollowOns: b.follow, Entries: b.entries}
	inForce := make(map[string][]store.InForce)
	for crn, p := range b.pages {
		if p.customer == nil || (p.locked != nil && p.locked.Version == p.customer.GetRecordVersion()) {
			continue
		}
		if p.locked == nil {
			w.Created = append(w.Created, b.write(p))
			continue
		}
		w.Replaced = append(w.Replaced, b.write(p))
		if p.locked.InForce != nil && b.today <= p.locked.InForce.LastDay {
			inForce[crn] = []store.InForce{*p.locked.InForce}
		}
	}
	w.Withheld = withheld(b.changes, inForce)
	w.Events = append(Customers(b.cause, b.changes), Notifications(b.cause, b.changes, inForce)...)
	return w
}
