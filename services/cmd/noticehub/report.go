package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
)

type reportCommand struct {
	List       reportList       `cmd:"" help:"List the authority's reports, newest first."`
	Get        reportGet        `cmd:"" help:"Fetch a report; its digest is checked."`
	Ack        reportAck        `cmd:"" help:"Acknowledge a report by the file that was fetched, or by date."`
	Deliveries reportDeliveries `cmd:"" help:"Show to an officer how daily reports stand, the one being collected included."`
	Redeliver  reportRedeliver  `cmd:"" help:"Offer a sealed report to its authority again."`
}

func (a authority) reports(f func(advicev1.ReportServiceClient) error) error {
	conn, err := a.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	return f(advicev1.NewReportServiceClient(conn))
}

type reportList struct {
	authority
	Limit int32 `help:"Most rows." default:"30"`
}

// Run lists reports.
func (c *reportList) Run(ctx context.Context, out io.Writer) error {
	return c.reports(func(r advicev1.ReportServiceClient) error {
		answer, err := r.ListReports(ctx, &advicev1.ListReportsRequest{PageSize: c.Limit})
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
		fmt.Fprintln(w, "DATE\tNUMBER\tCOVERS\tLINES\tPENDING\tUNPROCESSED\tDELIVERED\tACKNOWLEDGED")
		for _, r := range answer.GetReports() {
			delivered, acknowledged := "-", "-"
			if r.GetDeliveredAt() != nil {
				delivered = r.GetDeliveredAt().AsTime().Format(time.RFC3339)
			}
			if r.GetAcknowledgedAt() != nil {
				acknowledged = r.GetAcknowledgedAt().AsTime().Format(time.RFC3339)
			}
			fmt.Fprintf(w, "%s\t%d\t%s to %s\t%d\t%d\t%d\t%s\t%s\n", r.GetReportDate(), r.GetSequence(), r.GetCoversFrom(), r.GetCoversTo(), r.GetLines(), r.GetPending(), r.GetUnprocessed(), delivered, acknowledged)
		}
		return w.Flush()
	})
}

type reportGet struct {
	authority
	Date   string `arg:"" help:"Report date, yyyy-mm-dd."`
	Format string `help:"csv or json." enum:"csv,json" default:"csv"`
	Output string `help:"File to write; standard output when empty." short:"o"`
}

func format(name string) advicev1.Format {
	if name == "json" {
		return advicev1.Format_FORMAT_JSON
	}
	return advicev1.Format_FORMAT_CSV
}

// fetch writes a report's bytes to w and checks them against the digest.
func fetch(ctx context.Context, client advicev1.ReportServiceClient, date, form string, w io.Writer) (*advicev1.Report, error) {
	stream, err := client.StreamReport(ctx, &advicev1.StreamReportRequest{ReportDate: date, Format: format(form)})
	if err != nil {
		return nil, err
	}
	var report *advicev1.Report
	digest := sha256.New()
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if piece.GetReport() != nil {
			report = piece.GetReport()
		}
		if _, err := io.MultiWriter(w, digest).Write(piece.GetContent()); err != nil {
			return nil, err
		}
	}
	want := report.GetCsvDigest()
	if form == "json" {
		want = report.GetJsonDigest()
	}
	if string(digest.Sum(nil)) != string(want) {
		return nil, fmt.Errorf("report %s arrived damaged: its digest is not the sealed one; fetch it again", date)
	}
	return report, nil
}

// Run fetches a report.
func (c *reportGet) Run(ctx context.Context, out io.Writer) error {
	return c.reports(func(r advicev1.ReportServiceClient) error {
		if c.Output == "" {
			_, err := fetch(ctx, r, c.Date, c.Format, out)
			return err
		}
		file, err := os.Create(c.Output)
		if err != nil {
			return err
		}
		report, err := fetch(ctx, r, c.Date, c.Format, file)
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
		fmt.Fprintf(out, "report %d of %s: %d lines in %s\n", report.GetSequence(), report.GetReportDate(), report.GetLines(), c.Output)
		return nil
	})
}

type reportAck struct {
	authority
	Date string `arg:"" help:"Report date, yyyy-mm-dd."`
	File string `help:"The file that was fetched; its digest is what is acknowledged. Without it the report is fetched once more."`
}

// Run acknowledges a report.
func (c *reportAck) Run(ctx context.Context, out io.Writer) error {
	return c.reports(func(r advicev1.ReportServiceClient) error {
		digest := sha256.New()
		if c.File != "" {
			file, err := os.Open(c.File)
			if err != nil {
				return err
			}
			defer file.Close()
			if _, err := io.Copy(digest, file); err != nil {
				return err
			}
		} else if _, err := fetch(ctx, r, c.Date, "csv", digest); err != nil {
			return err
		}
		answer, err := r.AcknowledgeReport(ctx, &advicev1.AcknowledgeReportRequest{ReportDate: c.Date, Digest: digest.Sum(nil)})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "report %d of %s acknowledged\n", answer.GetReport().GetSequence(), c.Date)
		return nil
	})
}
