package cells

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

const (
	// samples of either kind are taken in a round.
	samples = 120
	// rounds may be needed on a busy machine: only a difference that is there in
	// each of them, and always the same way, is one an outsider could use.
	rounds = 5
	// A difference of medians below both is noise: an outsider's line adds more.
	noiseShare = 0.2
	noiseFloor = 250 * time.Microsecond
)

// Timing compares how long authorities wait for the answer about another's object
// with how long for that about one that does not exist. It tells which methods
// give it away.
func (w *World) Timing(ctx context.Context) (problems []string) {
	other := w.parts[0].about
	for _, look := range []struct {
		full string
		ask  func(ids) proto.Message
	}{
		{intake + "GetSubmission", func(o ids) proto.Message { return &intakev1.GetSubmissionRequest{SubmissionId: o.decided} }},
		{intake + "GetSubmission", func(o ids) proto.Message { return &intakev1.GetSubmissionRequest{Reference: o.reference} }},
		{intake + "ListSubmissions", func(o ids) proto.Message { return &intakev1.ListSubmissionsRequest{Crn: o.crn} }},
		{"noticehub.processing.v1.DisclosureService.GetDisclosure", func(o ids) proto.Message {
			return &processingv1.GetDisclosureRequest{SubmissionId: o.decided}
		}},
		{reports + "GetReport", func(o ids) proto.Message { return &advicev1.GetReportRequest{ReportDate: o.reportDate} }},
		{reports + "DownloadReport", func(o ids) proto.Message { return &advicev1.DownloadReportRequest{ReportDate: o.reportDate} }},
	} {
		m, err := method(look.full)
		if err != nil {
			return append(problems, err.Error())
		}
		var shift time.Duration
		var there, none time.Duration
		for round := range rounds {
			if there, none, err = w.medians(ctx, m, look.ask(other), look.ask(nothing)); err != nil {
				return append(problems, fmt.Sprintf("%s: %v", look.full, err))
			}
			now := there - none
			bound := max(noiseFloor, time.Duration(noiseShare*float64(min(there, none))))
			if now.Abs() <= bound || (round > 0 && (now > 0) != (shift > 0)) {
				shift = 0
				break
			}
			shift = now
		}
		if shift != 0 {
			problems = append(problems, fmt.Sprintf("%s: another's object takes %s, one that is not there %s", look.full, there, none))
		}
	}
	return problems
}

// medians of the time two requests take, asked in turns by several authorities.
func (w *World) medians(ctx context.Context, m protoreflect.MethodDescriptor, one, two proto.Message) (first, second time.Duration, err error) {
	askers := w.parts[1 : len(w.parts)-1]
	took := [2][]time.Duration{}
	for i := range 2 * samples {
		which := (i + i/2) % 2 // each comes first as often as the other
		request := []proto.Message{one, two}[which]
		for {
			began := time.Now()
			a, err := w.hub.call(ctx, native, w.hub.authorization(askers[i/2%len(askers)].caller()), m, request, true)
			spent := time.Since(began)
			if err != nil {
				return 0, 0, err
			}
			if a.code == codes.OK || a.code == codes.NotFound {
				took[which] = append(took[which], spent)
				break
			}
			if a.code != codes.ResourceExhausted || ctx.Err() != nil {
				return 0, 0, fmt.Errorf("answered with %s %s", a.code, a.reason)
			}
			time.Sleep(max(a.after, 20*time.Millisecond))
		}
	}
	return median(took[0]), median(took[1]), nil
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	return d[len(d)/2]
}
