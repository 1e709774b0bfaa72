//go:build attack

package attacktest

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"net/http"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	sandboxv1 "github.com/noticehub/noticehub/proto/noticehub/sandbox/v1"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
)

// numbers is case 31.
func numbers() []attack {
	return []attack{{number: 31, name: "numbers: negative, not a number, largest, overflowing", noRecord: "malformed fields are answered, not refusals of a right", run: strangeNumbers}}
}

func strangeNumbers(a *attempt) {
	intake := intakev1.NewIntakeServiceClient(a.hostile(attacker))
	for _, n := range []int32{-1, 0, 25, math.MinInt32, math.MaxInt32} {
		s := a.world.commence("number", "")
		s.GetNoticeToCommence().DurationMonths = n
		_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: s})
		a.refused(fmt.Sprint(n, " months"), err, codes.InvalidArgument, "")
	}
	for _, n := range []int32{-1, 101, math.MinInt32, math.MaxInt32} {
		s := a.world.commence("number", "")
		s.GetNoticeToCommence().QuarantinedPercent = n
		_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: s})
		a.refused(fmt.Sprint(n, " percent"), err, codes.InvalidArgument, "")
		_, err = intake.ListSubmissions(a.ctx, &intakev1.ListSubmissionsRequest{PageSize: n})
		if n != 101 && err == nil { // 101 is a page like others
			a.Errorf("a page of %d", n)
		}
	}
	for _, wait := range []*durationpb.Duration{{Seconds: -1}, {Seconds: 9}, {Seconds: math.MaxInt64}, {Seconds: math.MinInt64}, {Nanos: -1}, {Nanos: math.MaxInt32}, {Seconds: 1, Nanos: -5}} {
		_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("number", "Nobody", "1980-01-01"), Wait: wait})
		a.refused(fmt.Sprint("a wait of ", wait), err, codes.InvalidArgument, "")
	}
	for _, day := range []string{"0000-00-00", "9999-99-99", "2026-02-30", "2026-13-01", "-001-01-01", "99999-01-01", "2026-1-1", "１９８０-01-01"} {
		s := a.world.commence("number", "")
		s.GetNoticeToCommence().StartDate = day
		_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: s})
		a.refused("a start on "+day, err, codes.InvalidArgument, "")
	}
	clock := sandboxv1.NewClockServiceClient(a.hostile(admin))
	for _, by := range []*durationpb.Duration{{Seconds: -1}, {Seconds: math.MaxInt64}, {Seconds: math.MinInt64}, {Nanos: math.MinInt32}} {
		_, err := clock.AdvanceClock(a.ctx, &sandboxv1.AdvanceClockRequest{By: by})
		a.refused(fmt.Sprint("the clock by ", by), err, codes.InvalidArgument, "")
	}
	strangeTimes(a)
	body := `{"submission":{"reference":"number","noticeToCommence":{"customer":{"crn":"200000000A","familyName":"X","dateOfBirth":"1980-01-01"},"startDate":"2026-12-01","durationMonths":%s}}}`
	for _, n := range []string{"NaN", `"NaN"`, "Infinity", `"Infinity"`, "-Infinity", "1e999", "1.5", "9223372036854775808", "-9223372036854775809", `"0x10"`, "1e400", "0.0000001", `"3 "`, "true", "[3]", "--3", "3e-1", "00012"} {
		var code int
		var reply string
		for range 50 { // limits come before bodies; they are another case
			code, _, reply = a.send(a.request(http.MethodPost, "/v1/submissions", strings.Replace(body, "%s", n, 1), "Authorization", bearer(attacker), "Content-Type", "application/json"))
			if code != http.StatusTooManyRequests {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if code != http.StatusBadRequest {
			a.Errorf("%s months as JSON: %d %.200s", n, code, reply)
		}
	}
}

// strangeTimes are moments and places in lists that no calendar of the hub reaches.
func strangeTimes(a *attempt) {
	moments := []*timestamppb.Timestamp{{Seconds: math.MaxInt64}, {Seconds: math.MinInt64}, {Seconds: 253402300800}, {Seconds: -62135596801}, {Nanos: -1}, {Nanos: math.MaxInt32}, {Seconds: 1 << 60}}
	for _, at := range moments {
		_, err := processingv1.NewRestrictedAccessServiceClient(a.honest(keyholder)).RecordRiskAssessment(a.ctx, &processingv1.RecordRiskAssessmentRequest{
			SubmissionId: a.secret.GetSubmissionId(), CaseVersion: 1, ActionId: "strange", Decision: processingv1.RiskDecision_RISK_DECISION_KEEP, Reason: "strange", CustomerContactedAt: at,
		})
		a.refused(fmt.Sprint("contacted at ", at), err, codes.InvalidArgument, "")
		_, err = auditv1.NewAuditServiceClient(a.honest(auditor)).SearchEntries(a.ctx, &auditv1.SearchEntriesRequest{From: at})
		a.refused(fmt.Sprint("entries since ", at), err, codes.InvalidArgument, "")
		_, err = processingv1.NewQueueServiceClient(a.honest(contact)).SearchSubmissions(a.ctx, &processingv1.SearchSubmissionsRequest{LodgedFrom: at})
		a.refused(fmt.Sprint("lodged from ", at), err, codes.InvalidArgument, "")
	}
	for _, micros := range []uint64{math.MaxUint64, math.MaxInt64, 1 << 62, 1 << 63, 1 << 60} {
		place := binary.BigEndian.AppendUint64(nil, micros)
		id := make([]byte, 16)
		for _, newest := range []byte{0, 1} {
			token := base64.RawURLEncoding.EncodeToString(append(append([]byte{newest}, place...), id...))
			_, err := processingv1.NewQueueServiceClient(a.honest(contact)).SearchSubmissions(a.ctx, &processingv1.SearchSubmissionsRequest{PageToken: token, Order: processingv1.SortOrder(int32(newest) + 1)})
			if code := status.Code(err); code != codes.OK && code != codes.InvalidArgument {
				a.Errorf("a forged page of the queue: %v", err)
			}
		}
		token := base64.RawURLEncoding.EncodeToString(append(place, id...))
		_, err := registryv1.NewRegistryServiceClient(a.hostile(officer)).ListDocuments(a.ctx, &registryv1.ListDocumentsRequest{Crn: a.customers()[3], PageToken: token})
		if code := status.Code(err); code != codes.OK && code != codes.InvalidArgument {
			a.Errorf("a forged page of documents: %v", err)
		}
		// The list's checksum is no secret: the attacker computes it as the service does.
		filters := &workitemv1.SearchWorkItemsRequest{}
		b, err := proto.MarshalOptions{Deterministic: true}.Marshal(filters)
		if err != nil {
			a.Fatal(err)
		}
		sum := crc32.ChecksumIEEE(append(b, string(filters.ProtoReflect().Descriptor().FullName())+"/"...))
		forged := base64.RawURLEncoding.EncodeToString(append(append(binary.BigEndian.AppendUint32(nil, sum), place...), id...))
		_, err = workitemv1.NewWorkItemServiceClient(a.hostile(officer)).SearchWorkItems(a.ctx, &workitemv1.SearchWorkItemsRequest{PageToken: forged})
		if code := status.Code(err); code != codes.OK && code != codes.InvalidArgument {
			a.Errorf("a forged page of work items: %v", err)
		}
	}
}
