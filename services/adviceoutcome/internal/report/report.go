// Package report holds the rules of the daily report: which date an outcome is
// reported on, which dates have a report, what a report's bytes are and what is
// signed. It knows no database and no network; the same facts always give the
// same dates, bytes and signatures.
package report

import (
	"encoding/binary"
	"time"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/proto/term"
)

// Layout is the version of the two forms that new reports get. A report is
// always rendered in the layout it was closed with, so a change of columns (a
// column that names a corrected line, say) takes a new number here and leaves
// every sealed report as it is.
const Layout = 1

// Form is one of the forms a report is sealed in; the numbers are those of the
// contract.
type Form int16

// The forms.
const (
	CSV Form = iota + 1
	JSON
)

// String names the form.
func (f Form) String() string {
	switch f {
	case CSV:
		return "csv"
	case JSON:
		return "json"
	}
	return ""
}

// MediaType is the form's media type.
func (f Form) MediaType() string {
	if f == CSV {
		return "text/csv; charset=utf-8"
	}
	return "application/json"
}

// Authority is what the daily report needs to know of a referring authority.
type Authority struct {
	// ID such as "frc".
	ID string
	// Jurisdiction whose public holidays count.
	Jurisdiction term.Jurisdiction
	// ReportsFrom is the first day a report may be dated.
	ReportsFrom calendar.Date
	// Enabled is false when it may no longer lodge; its reports go on, since
	// what it lodged before is still decided.
	Enabled bool
	// Version of the authority's record, growing.
	Version int64
}

// Head is what is fixed when a report is closed: from then on no outcome can
// enter or leave it.
type Head struct {
	// ReportID is the same however often the report is closed again.
	ReportID clock.ID
	// AuthorityID is the authority it is for.
	AuthorityID string
	// Sequence counts the authority's reports: 1, 2, 3, … without gaps.
	Sequence int64
	// Date is the business day it is delivered.
	Date calendar.Date
	// Previous is the date of the authority's report before; nil for the first.
	// The report holds the outcomes with report dates in (Previous, Date].
	Previous *calendar.Date
	// CoversFrom and CoversTo are the first and last local day it covers.
	CoversFrom, CoversTo calendar.Date
	// Layout it is rendered in.
	Layout int16
	// ClosedAt is the business time of the close, to the microsecond.
	ClosedAt time.Time
	// Counts at the close.
	Counts Counts
}

// Counts are taken when a report is closed, from what this service had heard of
// by then, as of the start of the report's date: events still on their way are
// not in them, and they are never corrected afterwards.
type Counts struct {
	// Lodged by the authority itself up to the last day covered, since ever.
	Lodged int64
	// Unprocessed submissions, with those the hub created.
	Unprocessed int64
	// UnprocessedOwn leaves out those the hub created.
	UnprocessedOwn int64
}

// Chain is what a report takes from the authority's earlier ones.
type Chain struct {
	// PreviousDigest is the SHA-256 of the previous report's JSON form; empty for the first.
	PreviousDigest []byte
	// ReportedOwn counts the lines of all earlier reports that concern
	// submissions the authority lodged itself.
	ReportedOwn int64
}

// Seal is what is known once a report is rendered and signed.
type Seal struct {
	// Lines of the report; 0 for a nil report.
	Lines int64
	// OwnLines leaves out lines of submissions the hub created and of notifications.
	OwnLines int64
	// Pending counts submissions lodged but neither reported nor unprocessed; never negative.
	Pending int64
	// CSV and JSON are the digests of the two forms.
	CSV, JSON Digest
	// PreviousDigest is the SHA-256 of the previous report's JSON form.
	PreviousDigest []byte
	// Signature over Statement.
	Signature []byte
	// KeyID names the key that signed.
	KeyID string
	// SealedAt is the business time of the seal; it is not part of the bytes.
	SealedAt time.Time
}

// Digest is the SHA-256 and the size in bytes of one form.
type Digest struct {
	Sum  []byte
	Size int64
}

// Of returns the digest of a form.
func (s *Seal) Of(f Form) Digest {
	if f == CSV {
		return s.CSV
	}
	return s.JSON
}

// Report is a report with everything that happened to it.
type Report struct {
	Head
	Seal
	// Offer counts how often it was offered again: 0 is its first offer.
	Offer int32
	// Offered is when it was last offered again; nil for the first offer.
	Offered *time.Time
	// Delivered is when the authority first fetched this offer; nil before.
	Delivered *time.Time
	// Acknowledged is when the authority acknowledged this offer; nil before.
	Acknowledged *time.Time
}

// IDOf is the id of an authority's report of a date. It is derived, so that
// closing again after a crash, or twice at once, speaks of the same report.
func IDOf(authority string, date calendar.Date) clock.ID {
	// Ids begin with their time in milliseconds. It is that of the day before, in
	// the past wherever the agency is: an id from the future would take the ids
	// made after it along.
	var day [8]byte
	binary.BigEndian.PutUint64(day[:], uint64(date.Add(-1))*uint64((24*time.Hour).Milliseconds())<<16)
	var parent clock.ID
	copy(parent[:6], day[:])
	return clock.DerivedID(parent, "daily-report/"+authority+"/"+date.String())
}

// Line is one advice outcome, or one notification of changed circumstances, as
// it stands in a report. The texts may be reused by the reader for the next line.
type Line struct {
	// SubmissionID is the notification's id for a notification.
	SubmissionID    clock.ID
	Reference       []byte
	InformationType term.InformationType
	CRN             []byte
	// Outcome is 0 for a notification.
	Outcome   term.Outcome
	LodgedAt  time.Time
	DecidedAt time.Time
	StartDate *calendar.Date
	EndDate   *calendar.Date
	ByOfficer bool
	Note      []byte
}

// HubCreated reports whether the reference is the hub's own, of a submission it
// lodged itself or of a notification: authorities may not begin one with "~".
func HubCreated[T ~string | ~[]byte](reference T) bool {
	return len(reference) > 0 && reference[0] == '~'
}
