package api

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/csvtext"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	"github.com/noticehub/noticehub/services/autoprocessing/internal/store"
)

const (
	// maxExported is the most rows of one file.
	maxExported = 100_000
	// exportEach is how many rows are read and sent at a time.
	exportEach = 500
)

// columns of an export; %s is the agency's zone, in which its times are.
var columns = []string{
	"Submission", "Authority", "Business function", "Reference", "Information type", "Status", "Outcome", "Reasons", "CRN",
	"Lodged (%s)", "In this status since (%s)", "Case worker", "Held by", "On hold until",
}

// ExportSubmissions streams what a search finds as CSV, page by page in the order
// of the search: a row that comes or goes meanwhile is in it or not, none is twice.
func (l *Workload) ExportSubmissions(r *processingv1.ExportSubmissionsRequest, stream grpc.ServerStreamingServer[processingv1.ExportSubmissionsResponse]) error {
	return l.Export(stream.Context(), r.GetSearch(), maxExported, func(piece []byte) error {
		return stream.Send(&processingv1.ExportSubmissionsResponse{Content: piece})
	})
}

// Export writes a file of at most so many rows.
func (l *Workload) Export(ctx context.Context, r *processingv1.SearchSubmissionsRequest, most int, send func([]byte) error) error {
	f, err := l.q.all(ctx, r, l.q.p.Moment(), exportEach)
	if err != nil {
		return err
	}
	zone := l.q.p.Zone
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = strings.ReplaceAll(c, "%s", zone.String())
	}
	// The head leaves at once, and with it the record of the read.
	if err := send(csvtext.AppendRow(nil, head...)); err != nil {
		return err
	}
	var piece []byte
	var broken error
	n, in, more := 0, 0, false
	_, err = f.read(ctx, math.MaxInt, func(_ *store.Found, row *processingv1.SubmissionSummary) bool {
		if more = n == most; more {
			return false
		}
		piece = csvtext.AppendRow(piece, cells(row, zone)...)
		n++
		if in++; in == exportEach {
			broken = send(piece)
			piece, in = nil, 0
		}
		return broken == nil
	})
	if err == nil {
		err = broken
	}
	if err != nil {
		return err
	}
	end := make([]string, len(columns)) // as many cells as every row has
	end[0] = fmt.Sprintf("# end of export: %d rows, complete", n)
	if more {
		end[0] = fmt.Sprintf("# end of export: %d rows, not complete: more match than one file holds", n)
	}
	return send(csvtext.AppendRow(piece, end...))
}

// cells are what a row of the search shows.
func cells(s *processingv1.SubmissionSummary, zone *time.Location) []string {
	reasons := make([]string, len(s.GetReasons()))
	for i, r := range s.GetReasons() {
		reasons[i] = reasonWords[r]
	}
	why := strings.Join(reasons, "; ")
	if why == "" {
		why = s.GetDescription() // why none is shown
	}
	return []string{
		s.GetSubmissionId(), s.GetAuthorityId(), functionWords[s.GetBusinessFunction()], s.GetReference(), typeWords[s.GetInformationType()],
		statusWords[s.GetStatus()], outcomeWords[s.GetOutcome()], why, s.GetCrn(),
		local(s.GetLodgedAt(), zone), local(s.GetSince(), zone), s.GetCaseWorker(), s.GetHeldBy(), s.GetHoldUntil(),
	}
}

func local(t *timestamppb.Timestamp, zone *time.Location) string {
	return t.AsTime().In(zone).Format("2006-01-02 15:04:05")
}
