package main

import (
	"context"
	"fmt"
	"strings"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/internal/synthetic"
)

// reportsArrive moves on to the next days and reads every report of every
// authority: each decision must be one line of one report.
func (s *story) reportsArrive(ctx context.Context) error {
	// Nine days on, at least one business day has come for every jurisdiction.
	if err := s.advanceTo(ctx, s.first.Add(45)); err != nil {
		return err
	}
	lines := map[string]string{}
	for _, a := range synthetic.Authorities() {
		client, err := s.reports(a.GetAuthorityId())
		if err != nil {
			return err
		}
		if err := s.readReports(ctx, client, a.GetAuthorityId(), lines); err != nil {
			return err
		}
	}
	for key, outcome := range s.decided {
		if lines[key] != outcome {
			return fmt.Errorf("%s: the report says %q, decided was %q", key, lines[key], outcome)
		}
	}
	if len(lines) != len(s.decided) {
		return fmt.Errorf("%d lines for %d decisions", len(lines), len(s.decided))
	}
	return nil
}

func (s *story) readReports(ctx context.Context, client advicev1.ReportServiceClient, authority string, lines map[string]string) error {
	var list *advicev1.ListReportsResponse
	target := s.first.Add(43).String()
	err := s.until(ctx, "the reports of "+authority+" are sealed", func() (bool, error) {
		var err error
		list, err = client.ListReports(ctx, &advicev1.ListReportsRequest{PageSize: 100})
		return err == nil && len(list.GetReports()) > 0 && list.GetReports()[0].GetReportDate() >= target, err
	})
	if err != nil {
		return err
	}
	empty := 0
	for _, r := range list.GetReports() {
		if r.GetLines() == 0 {
			empty++
			continue
		}
		var csv strings.Builder
		if _, err := fetch(ctx, client, r.GetReportDate(), "csv", &csv); err != nil {
			return err
		}
		s.tell("\n%s, report %d of %s, covers %s to %s, %d unprocessed:\n%s", authority, r.GetSequence(), r.GetReportDate(), r.GetCoversFrom(), r.GetCoversTo(), r.GetUnprocessed(), indent(csv.String()))
		outcomes, err := client.ListAdviceOutcomes(ctx, &advicev1.ListAdviceOutcomesRequest{ReportDate: r.GetReportDate(), PageSize: 1000})
		if err != nil {
			return err
		}
		for _, o := range outcomes.GetOutcomes() {
			key := authority + " " + o.GetReference()
			if _, twice := lines[key]; twice {
				return fmt.Errorf("%s stands in two reports", key)
			}
			lines[key] = short(o.GetOutcome())
		}
	}
	s.tell("%s: %d reports, of which %d nil", authority, len(list.GetReports()), empty)
	return nil
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimRight(text, "\r\n"), "\n", "\n  ")
}
