package scenario

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/noticehub/noticehub/pkg/calendar"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// daily is the JSON form of a report, as an authority reads it.
type daily struct {
	Date  string       `json:"report_date"`
	Lines []reportLine `json:"lines"`
}

type reportLine struct {
	ID        string `json:"submission_id"`
	Reference string `json:"reference"`
	Type      string `json:"information_type"`
	CRN       string `json:"crn"`
	Outcome   string `json:"outcome"`
	Start     string `json:"start_date"`
	End       string `json:"end_date"`
	By        string `json:"decided_by"`
	Note      string `json:"note"`
}

func (r reportLine) String() string {
	return fmt.Sprintf("%s %s %s %s by %s %s to %s", r.Reference, r.Type, r.Outcome, r.CRN, r.By, r.Start, r.End)
}

// inLedger looks for an outcome that waits for the report of a date; 1 as long as
// it is not there.
func (p *player) inLedger(ctx context.Context, client advicev1.ReportServiceClient, date calendar.Date, reference string) (int, error) {
	request := &advicev1.ListAdviceOutcomesRequest{ReportDate: date.String(), PageSize: 1000}
	for {
		page, err := client.ListAdviceOutcomes(ctx, request)
		if err != nil {
			return 0, err
		}
		if slices.ContainsFunc(page.GetOutcomes(), func(o *advicev1.AdviceOutcome) bool { return o.GetReference() == reference }) {
			return 0, nil
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return 1, nil
		}
	}
}

// compareReports fetches every report of an authority up to the closing day and
// compares its lines, one to one, with the outcomes that must stand in it.
func (p *player) compareReports(ctx context.Context, authority string) error {
	client, region := p.reports[authority], authorities[authority].Region
	last, err := p.days.AddBusinessDays(region, p.world.Plan.Close.Add(1), -1)
	if err != nil {
		return err
	}
	var list []*advicev1.Report
	err = until(ctx, "the reports of "+authority+" are sealed", func() (int, error) {
		answer, err := client.ListReports(ctx, &advicev1.ListReportsRequest{PageSize: 500})
		if list = answer.GetReports(); err == nil && len(list) > 0 && list[0].GetReportDate() >= last.String() {
			return 0, nil
		}
		return 1 + len(list), err
	})
	if err != nil {
		return err
	}
	slices.Reverse(list)
	if err := p.compareDates(authority, region, list); err != nil {
		return err
	}
	expected, open, err := p.outcomes(authority, region)
	if err != nil {
		return err
	}
	told, err := p.told(authority, region)
	if err != nil {
		return err
	}
	for _, r := range list {
		report, err := p.fetch(ctx, client, r)
		if err != nil {
			return err
		}
		p.compareLines(authority, r, report, expected, told, open)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, e := range expected {
		p.result.differ(e.scene, e.line.Reference, "report line", e.line.String()+" in the report of "+e.date, "no line (submission "+id+")")
	}
	for line, scene := range told {
		p.result.differ(scene, authority, "notification", line.note+" in the report of "+line.date, "no line")
	}
	return nil
}

// compareDates: numbered without gaps, one for each business day.
func (p *player) compareDates(authority, region string, list []*advicev1.Report) error {
	for i, r := range list {
		if r.GetSequence() != int64(i+1) {
			p.complain(authority, "report numbers", fmt.Sprint(i+1), fmt.Sprint(r.GetSequence()))
		}
		if i == 0 {
			continue
		}
		before, err := calendar.ParseDate(list[i-1].GetReportDate())
		if err != nil {
			return err
		}
		due, err := p.days.NextBusinessDay(region, before)
		if err != nil {
			return err
		}
		if r.GetReportDate() != due.String() {
			p.complain(authority, "report dates", due.String(), r.GetReportDate())
		}
	}
	return nil
}

func (p *player) complain(authority, what, want, got string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.differ(nil, authority, what, want, got)
}

// due is a line that must stand in the report of a date.
type due struct {
	scene *Scene
	line  reportLine
	date  string
}

// outcomes are the lines an authority must get, by submission id, and the days
// on which something was left unprocessed, once for each.
func (p *player) outcomes(authority, region string) (map[string]due, []calendar.Date, error) {
	lines := map[string]due{}
	var open []calendar.Date
	add := func(l *Lodging, v *intakev1.SubmissionView, kind eventv1.InformationType, w Want, byOfficer bool) error {
		if !w.Terminal() {
			open = append(open, l.Day)
			return nil
		}
		date, err := p.days.NextBusinessDay(region, l.Day)
		line := reportLine{
			ID: v.GetReceipt().GetSubmissionId(), Reference: v.GetReceipt().GetReference(), Type: strings.TrimPrefix(kind.String(), "INFORMATION_TYPE_"),
			Outcome: strings.TrimPrefix(w.Outcome.String(), "OUTCOME_"), Start: w.Start, End: w.End, By: "AUTOMATIC",
		}
		if byOfficer {
			line.By = "OFFICER"
		}
		if w.Status == processed && w.Outcome != notMatched {
			line.CRN = l.Scene.Person.GetCrn()
		}
		lines[line.ID] = due{l.Scene, line, date.String()}
		return err
	}
	for _, s := range p.world.Scenes {
		for _, l := range s.Lodgings {
			if l.Authority.ID != authority || p.refusals[l] != nil || p.failed[l] {
				continue
			}
			final, v := l.Final(), p.view(l)
			if err := add(l, v, typeOf(l.Submission), final, l.then != nil && l.then.record != 0); err != nil {
				return nil, nil, err
			}
			if final.Disclosure != nil {
				child := p.children[v.GetReceipt().GetSubmissionId()]
				if err := add(l, child, eventv1.InformationType_INFORMATION_TYPE_DISCLOSURE_OF_INFORMATION, *final.Disclosure, false); err != nil {
					return nil, nil, err
				}
			}
		}
	}
	return lines, open, nil
}

func typeOf(s *intakev1.Submission) eventv1.InformationType {
	switch s.GetContent().(type) {
	case *intakev1.Submission_FindMutualClient:
		return eventv1.InformationType_INFORMATION_TYPE_FIND_MUTUAL_CLIENT
	case *intakev1.Submission_Disclosure:
		return eventv1.InformationType_INFORMATION_TYPE_DISCLOSURE_OF_INFORMATION
	case *intakev1.Submission_NoticeToCommence:
		return eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_COMMENCE
	case *intakev1.Submission_NoticeToRevoke:
		return eventv1.InformationType_INFORMATION_TYPE_NOTICE_TO_REVOKE
	}
	return eventv1.InformationType_INFORMATION_TYPE_VOLUNTARY_REFERRAL
}

// fetch reads a report's JSON form and checks it against its digest.
func (p *player) fetch(ctx context.Context, client advicev1.ReportServiceClient, r *advicev1.Report) (*daily, error) {
	stream, err := client.StreamReport(ctx, &advicev1.StreamReportRequest{ReportDate: r.GetReportDate(), Format: advicev1.Format_FORMAT_JSON})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for {
		piece, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		text.Write(piece.GetContent())
	}
	if sum := sha256.Sum256(text.Bytes()); !bytes.Equal(sum[:], r.GetJsonDigest()) {
		return nil, fmt.Errorf("report %s of %s is not what its digest says", r.GetReportDate(), r.GetAuthorityId())
	}
	report := new(daily)
	return report, json.Unmarshal(text.Bytes(), report)
}

// compareLines takes the lines of a report out of those expected, so that a
// second line for the same submission is one too many.
func (p *player) compareLines(authority string, r *advicev1.Report, report *daily, expected map[string]due, told map[toldLine]*Scene, open []calendar.Date) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.result.ReportLines += len(report.Lines)
	p.result.Compared["report lines"] += len(report.Lines)
	p.result.Compared["reports"]++
	if int64(len(report.Lines)) != r.GetLines() || report.Date != r.GetReportDate() {
		p.result.differ(nil, authority, "report of "+r.GetReportDate(), fmt.Sprint(r.GetLines(), " lines"), fmt.Sprint(len(report.Lines), " lines of ", report.Date))
	}
	for _, got := range report.Lines {
		if got.Type == changeOfCircumstances {
			p.compareTold(authority, r.GetReportDate(), got, told)
			continue
		}
		e, ok := expected[got.ID]
		if !ok {
			p.result.differ(nil, authority+" "+got.Reference, "line of a report", "no line, or no second one", got.String()+" in that of "+r.GetReportDate())
			continue
		}
		delete(expected, got.ID)
		compared := got
		compared.Note = "" // the rules say nothing of it
		// Where the rules name no period, what the line says of one is not compared.
		if e.line.Start == "" {
			compared.Start = ""
		}
		if e.line.End == "" {
			compared.End = ""
		}
		if e.line.CRN == "" {
			compared.CRN = ""
		}
		if compared != e.line || e.date != r.GetReportDate() {
			p.result.differ(e.scene, got.Reference, "report line", e.line.String()+" in the report of "+e.date, got.String()+" in the report of "+r.GetReportDate())
		}
	}
	var unprocessed int64
	for _, d := range open {
		if d.String() < r.GetReportDate() {
			unprocessed++
		}
	}
	if r.GetUnprocessed() != unprocessed || r.GetPending() != 0 {
		p.result.differ(nil, authority, "counts of a report", fmt.Sprintf("0 pending, %d unprocessed in that of %s", unprocessed, r.GetReportDate()), fmt.Sprintf("%d pending, %d unprocessed", r.GetPending(), r.GetUnprocessed()))
	}
}
