package api

import (
	"bytes"
	"context"
	"crypto/sha256"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/fault"
	advicev1 "github.com/noticehub/noticehub/proto/noticehub/advice/v1"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/report"
	"github.com/noticehub/noticehub/services/adviceoutcome/internal/store"
)

// maxDownload is the largest form that goes in one piece, in bytes: 4 MiB, what
// gRPC clients accept unless told otherwise, less room for the report's data.
const maxDownload = 4<<20 - 4<<10

// DownloadReport returns one form in one piece.
func (s *Server) DownloadReport(ctx context.Context, req *advicev1.DownloadReportRequest) (*advicev1.DownloadReportResponse, error) {
	sc, err := one(ctx, req.GetAuthorityId())
	if err != nil {
		return nil, err
	}
	r, err := s.find(ctx, sc, req.GetReportDate())
	if err != nil {
		return nil, err
	}
	form := formOf(req.GetFormat())
	size := r.Of(form).Size
	if size > maxDownload {
		return nil, fault.New(fault.Precondition, "REPORT_TOO_LARGE", "the %s form has %d bytes; at most %d go in one piece", form, size, maxDownload).
			WithHelp("Call StreamReport.")
	}
	content := make([]byte, 0, size)
	err = s.pieces(ctx, s.rows(sc), r, form, func(piece []byte) error {
		content = append(content, piece...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if r, err = s.deliver(ctx, sc, r, form); err != nil {
		return nil, err
	}
	return &advicev1.DownloadReportResponse{Report: toProto(r), Content: content, MediaType: form.MediaType()}, nil
}

// StreamReport streams one form. The report counts as delivered when its last
// piece was handed to the transport; that the other side has it, only its
// acknowledgement tells.
func (s *Server) StreamReport(req *advicev1.StreamReportRequest, stream grpc.ServerStreamingServer[advicev1.StreamReportResponse]) error {
	ctx := stream.Context()
	sc, err := one(ctx, req.GetAuthorityId())
	if err != nil {
		return err
	}
	r, err := s.find(ctx, sc, req.GetReportDate())
	if err != nil {
		return err
	}
	form := formOf(req.GetFormat())
	head := toProto(r)
	err = s.pieces(ctx, s.rows(sc), r, form, func(piece []byte) error {
		response := &advicev1.StreamReportResponse{Report: head, Content: piece}
		head = nil
		return stream.Send(response)
	})
	if err != nil {
		return err
	}
	_, err = s.deliver(ctx, sc, r, form)
	return err
}

// pieces gives a form's chunks to send, one query each, so that a slow reader
// holds neither a transaction nor more than two chunks of memory. The bytes are
// checked against the sealed digest on the way; the last chunk is sent only when
// all of them are right.
func (s *Server) pieces(ctx context.Context, rows store.Reader, r report.Report, form report.Form, send func([]byte) error) error {
	want := r.Of(form)
	hash := sha256.New()
	var held []byte
	var size int64
	for number := int32(0); ; number++ {
		chunk, err := rows.Chunk(ctx, r.ReportID, form, number)
		if err != nil {
			return err
		}
		if chunk == nil {
			break
		}
		if held != nil {
			if err := send(held); err != nil {
				return err
			}
		}
		hash.Write(chunk)
		size += int64(len(chunk))
		held = chunk
	}
	if size != want.Size || !bytes.Equal(hash.Sum(nil), want.Sum) {
		s.Log.Error("sealed report is damaged", "report", r.ReportID.String(), "authority", r.AuthorityID, "form", form.String())
		return fault.New(fault.Internal, "REPORT_DAMAGED", "the stored bytes are not those that were sealed").
			WithHelp("Discard what arrived. The operator of the hub has been told.")
	}
	return send(held)
}
