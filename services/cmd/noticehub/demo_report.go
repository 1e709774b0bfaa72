package main

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// reported is what the daily reports said.
type reported struct {
	// lines are the outcomes, by authority and reference.
	lines map[string]string
	// notifications of changed circumstances, and how often.
	notifications map[notification]int
	// until is the date of the last report read, by authority.
	until map[string]string
}

// notification is a line that tells an authority of changed circumstances.
type notification struct{ authority, crn, date, note string }

// moveTo moves the clock on once all that was decided or is to be told waits for
// its report: what comes later than its report's sealing stands in the next one.
func (s *story) moveTo(ctx context.Context, day calendar.Date) error {
	for _, a := range synthetic.Authorities() {
		client, err := s.reports(a.GetAuthorityId())
		if err != nil {
			return err
		}
		want := 0
		for key := range s.decided {
			if strings.HasPrefix(key, a.GetAuthorityId()+" ") {
				want++
			}
		}
		for n, times := range s.notifications {
			if n.authority == a.GetAuthorityId() {
				want += times
			}
		}
		err = s.until(ctx, fmt.Sprintf("%d lines wait for the reports of %s", want, a.GetAuthorityId()), func() (bool, error) {
			ledger, err := client.ListAdviceOutcomes(ctx, &advicev1.ListAdviceOutcomesRequest{PageSize: 1000})
			return len(ledger.GetOutcomes()) >= want, err
		})
		if err != nil {
			return err
		}
	}
	return s.advanceTo(ctx, day)
}

// reportsArrive moves on some days and reads every new report of every
// authority: each decision must be one line of one report, and so must each
// notification of changed circumstances, in the report of the next business day.
func (s *story) reportsArrive(ctx context.Context) error {
	today, err := s.today(ctx)
	if err != nil {
		return err
	}
	// Nine days on, at least one business day has come for every jurisdiction.
	today = today.Add(9)
	if err := s.moveTo(ctx, today); err != nil {
		return err
	}
	days, err := calendar.Load()
	if err != nil {
		return err
	}
	for _, a := range synthetic.Authorities() {
		client, err := s.reports(a.GetAuthorityId())
		if err != nil {
			return err
		}
		last, err := days.AddBusinessDays(strings.TrimPrefix(a.GetJurisdiction().String(), "JURISDICTION_"), today.Add(1), -1)
		if err != nil {
			return err
		}
		if err := s.readReports(ctx, client, a.GetAuthorityId(), last.String()); err != nil {
			return err
		}
	}
	for key, outcome := range s.decided {
		if s.reported.lines[key] != outcome {
			return fmt.Errorf("%s: the report says %q, decided was %q", key, s.reported.lines[key], outcome)
		}
	}
	if len(s.reported.lines) != len(s.decided) {
		return fmt.Errorf("%d lines for %d decisions", len(s.reported.lines), len(s.decided))
	}
	if !maps.Equal(s.reported.notifications, s.notifications) {
		return fmt.Errorf("the reports tell of changed circumstances %v, expected was %v", s.reported.notifications, s.notifications)
	}
	s.tell("All reports together: %d decisions and %d notifications of changed circumstances, as expected.", len(s.reported.lines), len(s.reported.notifications))
	return nil
}

// readReports reads the reports of an authority that were not read before, up to
// the date of the last one there must be.
func (s *story) readReports(ctx context.Context, client advicev1.ReportServiceClient, authority, last string) error {
	var list *advicev1.ListReportsResponse
	err := s.until(ctx, "the reports of "+authority+" are sealed", func() (bool, error) {
		var err error
		list, err = client.ListReports(ctx, &advicev1.ListReportsRequest{PageSize: 500})
		return err == nil && len(list.GetReports()) > 0 && list.GetReports()[0].GetReportDate() >= last, err
	})
	if err != nil {
		return err
	}
	before := s.reported.until[authority]
	s.reported.until[authority] = list.GetReports()[0].GetReportDate()
	read, empty := 0, 0
	for _, r := range list.GetReports() {
		if r.GetReportDate() <= before {
			break // newest first
		}
		if read++; r.GetLines() == 0 {
			empty++
			continue
		}
		if err := s.readReport(ctx, client, authority, r); err != nil {
			return err
		}
	}
	s.tell("%s: %d reports, of which %d nil", authority, read, empty)
	return nil
}

func (s *story) readReport(ctx context.Context, client advicev1.ReportServiceClient, authority string, r *advicev1.Report) error {
	var csv strings.Builder
	if _, err := fetch(ctx, client, r.GetReportDate(), "csv", &csv); err != nil {
		return err
	}
	s.tell("\n%s, report %d of %s, covers %s to %s, %d unprocessed:\n%s", authority, r.GetSequence(), r.GetReportDate(), r.GetCoversFrom(), r.GetCoversTo(), r.GetUnprocessed(), indent(csv.String()))
	outcomes, err := client.ListAdviceOutcomes(ctx, &advicev1.ListAdviceOutcomesRequest{ReportDate: r.GetReportDate(), PageSize: 1000})
	if err != nil {
		return err
	}
	if int64(len(outcomes.GetOutcomes())) != r.GetLines() {
		return fmt.Errorf("report %s of %s has %d lines, the ledger %d", r.GetReportDate(), authority, r.GetLines(), len(outcomes.GetOutcomes()))
	}
	for _, o := range outcomes.GetOutcomes() {
		if o.GetInformationType() == eventv1.InformationType_INFORMATION_TYPE_CHANGE_OF_CIRCUMSTANCES {
			s.reported.notifications[notification{authority, o.GetCrn(), r.GetReportDate(), o.GetNote()}]++
			continue
		}
		key := authority + " " + o.GetReference()
		if _, twice := s.reported.lines[key]; twice {
			return fmt.Errorf("%s stands in two reports", key)
		}
		s.reported.lines[key] = short(o.GetOutcome())
	}
	return nil
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\n", "\n  ")
}
