package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
)

// Every function here that writes the registry's own facts also writes the audit
// entries of it, in the same transaction; so nothing changes without them. What
// only repeats facts of other services (notices, card holds) or is work to be
// done (follow-ons) leaves none: what comes of it does.

// Tell writes entries that no other write of the transaction takes along.
func (s *Store) Tell(ctx context.Context, tx pgx.Tx, entries ...audit.Entry) error {
	return failed(s.audit.Write(ctx, tx, entries...), "write audit entries")
}

// actor names who did it where that is not who calls: a feed, or the registry
// itself in the course of a call.
func actor(ctx context.Context, who string) string {
	switch caller, called := identity.From(ctx); {
	case called && caller.Actor() == who, !called && who == system:
		return ""
	}
	return who
}

// system is the actor of what the registry does by itself, as histories name it.
const system = "system"

func (s *Store) ofVersions(ctx context.Context, versions []Version) []audit.Entry {
	entries := make([]audit.Entry, len(versions))
	for i := range versions {
		v := &versions[i]
		sum := sha256.Sum256(v.Body)
		entries[i] = audit.Entry{
			Action: "customer.changed", Object: s.audit.Customer(v.CRN), Result: audit.Done, Actor: actor(ctx, v.Actor),
			Version: v.Version, Digest: sum[:], Detail: map[string]string{"changed": strings.Join(v.Changed, between)},
		}
	}
	return entries
}

// ofFeeds tells of a batch by feed how many records were applied, with one
// digest of them; the versions they made have entries of their own. Each record
// set aside has one.
func (s *Store) ofFeeds(records []FeedRecord) []audit.Entry {
	var entries []audit.Entry
	var feeds []string
	applied := make(map[string][]byte)
	for i := range records {
		r := &records[i]
		if a := r.Aside; a != nil {
			entries = append(entries, audit.Entry{
				Action: "feed.quarantined", Object: asideObject(a.ID), Result: audit.Done, Digest: []byte(r.Digest),
				Detail: map[string]string{"feed": r.Feed, "reason": a.Reason.String(), "customer": s.audit.Customer(r.CRN)},
			})
			continue
		}
		if _, known := applied[r.Feed]; !known {
			feeds = append(feeds, r.Feed)
		}
		applied[r.Feed] = append(applied[r.Feed], r.Digest...)
	}
	for _, feed := range feeds {
		sum := sha256.Sum256(applied[feed])
		entries = append(entries, audit.Entry{
			Action: "feed.accepted", Object: "feed/" + feed, Result: audit.Done, Digest: sum[:],
			Detail: map[string]string{"count": strconv.Itoa(len(applied[feed]) / sha256.Size)},
		})
	}
	return entries
}

func (s *Store) ofRedriven(r Redriven) []audit.Entry {
	entries := make([]audit.Entry, 0, len(r.Applied)+len(r.Still))
	add := func(a *Aside, became string) {
		sum := sha256.Sum256(a.Record)
		entries = append(entries, audit.Entry{
			Action: "feed.redriven", Object: asideObject(a.ID), Result: audit.Done, Digest: sum[:],
			Detail: map[string]string{"feed": a.Feed, "became": became, "customer": s.audit.Customer(a.CRN)},
		})
	}
	for i := range r.Applied {
		add(&r.Applied[i], "applied")
	}
	for i := range r.Still {
		add(&r.Still[i], r.Still[i].Reason.String())
	}
	return entries
}

// ofWithheld tells of changes that an authority was not told of, because access to
// the record is restricted.
func (s *Store) ofWithheld(list []Withheld) []audit.Entry {
	entries := make([]audit.Entry, len(list))
	for i, w := range list {
		entries[i] = audit.Entry{
			Action: "notification.withheld", Object: s.audit.Customer(w.CRN), Result: audit.Done, Reason: "RESTRICTED_ACCESS", Version: w.Version,
			Detail: map[string]string{"notice": w.Notice.String(), "authority": w.Authority},
		}
	}
	return entries
}

func asideObject(id clock.ID) string { return "feed-record/" + id.String() }

var asideWords = map[AsideReason]string{
	AsideUnknownCustomer: "UNKNOWN_CUSTOMER", AsideOutOfOrder: "OUT_OF_ORDER", AsideNotApplicable: "NOT_APPLICABLE",
}

// String is the reason as the contract names it.
func (r AsideReason) String() string { return asideWords[r] }

// ofDocuments tells of those documents that were placed; of texts the digest.
func (s *Store) ofDocuments(ctx context.Context, documents []Document, placed map[clock.ID]bool) []audit.Entry {
	var entries []audit.Entry
	for i := range documents {
		d := &documents[i]
		if !placed[d.ID] {
			continue
		}
		sum := sha256.Sum256([]byte(d.Title + "\n" + d.Text))
		e := audit.Entry{
			Action: "customer.document-placed", Object: s.audit.Customer(d.CRN), Result: audit.Done, Digest: sum[:],
			Detail: map[string]string{"document": d.ID.String()},
		}
		if d.Officer != "" {
			e.Actor = actor(ctx, identity.Caller{Kind: identity.Person, ID: d.Officer}.Actor())
		}
		if !d.Submission.IsZero() {
			e.Detail["submission"] = d.Submission.String()
		}
		entries = append(entries, e)
	}
	return entries
}

func ofAuthorities(authorities []Authority) []audit.Entry {
	entries := make([]audit.Entry, len(authorities))
	for i, a := range authorities {
		sum := sha256.Sum256([]byte(a.Name))
		entries[i] = audit.Entry{
			Action: "authority.changed", Object: "authority/" + a.ID, Result: audit.Done, Version: a.Version, Digest: sum[:],
			Detail: map[string]string{
				"function": a.Function.String(), "jurisdiction": a.Jurisdiction.String(),
				"enabled": strconv.FormatBool(a.Enabled), "reports_from": a.ReportsFrom.String(),
			},
		}
	}
	return entries
}

func ofProvider(p Provider) audit.Entry {
	content := binary.BigEndian.AppendUint64([]byte(p.Name+"\n"), uint64(p.FeeCents))
	if p.EndsOn != nil {
		content = append(content, p.EndsOn.String()...)
	}
	sum := sha256.Sum256(content)
	return audit.Entry{Action: "provider.changed", Object: "provider/" + p.ID, Result: audit.Done, Version: p.Version, Digest: sum[:]}
}
