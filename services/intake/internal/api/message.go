package api

import (
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
	eventv1 "github.com/noticehub/noticehub/proto/noticehub/event/v1"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/proto/term"
	"github.com/noticehub/noticehub/services/intake/internal/receipt"
	"github.com/noticehub/noticehub/services/intake/internal/store"
)

func receiptMessage(r *receipt.Receipt) *intakev1.Receipt {
	proof := &intakev1.ReceiptProof{LeafIndex: int32(r.Proof.LeafIndex), TreeSize: int32(r.Proof.TreeSize)}
	if len(r.Proof.Path) > 0 {
		proof.Path = make([][]byte, len(r.Proof.Path))
		for i := range r.Proof.Path {
			proof.Path[i] = r.Proof.Path[i][:]
		}
	}
	return &intakev1.Receipt{
		SubmissionId: r.SubmissionID.String(), AuthorityId: r.AuthorityID, Reference: r.Reference,
		ContentHash: r.ContentHash[:], LodgedAt: timestamppb.New(r.LodgedAt),
		Status:             eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING,
		EarliestReportDate: r.EarliestReportDate.String(), Signature: r.Signature, KeyId: r.KeyID, Proof: proof,
	}
}

// decisionMessage is nil for a nil status.
func decisionMessage(s *store.Status) *intakev1.Decision {
	if s == nil {
		return nil
	}
	d := &intakev1.Decision{
		Status: eventv1.SubmissionStatus(s.Status), Outcome: eventv1.Outcome(s.Outcome), At: timestamppb.New(s.At),
		ByOfficer: s.ByOfficer, StartDate: dateText(s.StartDate), EndDate: dateText(s.EndDate),
		Note: s.Note, Crn: s.CRN, Version: s.Version,
	}
	for _, r := range s.Reasons {
		d.Reasons = append(d.Reasons, eventv1.RejectionReason(r))
	}
	return d
}

func dateText(d *calendar.Date) string {
	if d == nil {
		return ""
	}
	return d.String()
}

// pending is where a submission stands by its own row.
func pending(r *receipt.Receipt) *intakev1.Decision {
	return &intakev1.Decision{Status: eventv1.SubmissionStatus_SUBMISSION_STATUS_PENDING, At: timestamppb.New(r.LodgedAt), Version: 1}
}

func viewMessage(v *store.View) (*intakev1.SubmissionView, error) {
	content := new(intakev1.Submission)
	if err := proto.Unmarshal(v.Payload, content); err != nil {
		return nil, fault.New(fault.Internal, "PAYLOAD", "submission %v cannot be decoded", v.SubmissionID).Wrap(err)
	}
	message := &intakev1.SubmissionView{
		Receipt: receiptMessage(&v.Receipt), InformationType: eventv1.InformationType(v.Type),
		Submission: content, Decision: decisionMessage(v.Latest),
	}
	if v.Latest == nil {
		message.Decision = pending(&v.Receipt)
	}
	if !v.ParentID.IsZero() {
		message.ParentSubmissionId = v.ParentID.String()
	}
	return message, nil
}

// historyMessage starts with PENDING and puts AUTO_PROCESSING where it was left
// out: events tell of version 3, which only comes after 2, in the same step.
func historyMessage(r *receipt.Receipt, statuses []store.Status) []*intakev1.Decision {
	history := []*intakev1.Decision{pending(r)}
	for i := range statuses {
		if len(history) == 1 && statuses[i].Version > 2 {
			history = append(history, decisionMessage(&store.Status{Status: term.AutoProcessing, At: statuses[i].At, Version: 2}))
		}
		history = append(history, decisionMessage(&statuses[i]))
	}
	return history
}

// statusMessage is an error as a stream carries it: as a unary call would.
func statusMessage(err error) *spb.Status {
	st, _ := status.FromError(rpc.Status(err))
	return st.Proto()
}
