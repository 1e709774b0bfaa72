// Package api serves the audit log to auditors over gRPC. Nothing in it changes
// the log; the door puts what auditors read on record.
package api

import (
	"context"
	"encoding/json"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	auditv1 "github.com/noticehub/noticehub/proto/noticehub/audit/v1"
	"github.com/noticehub/noticehub/services/audit/internal/store"
	"github.com/noticehub/noticehub/services/internal/access"
)

const (
	// defaultPage is the page size when none is asked for.
	defaultPage = 50
	// maxRecord is the most entries of a record that are shown at once.
	maxRecord = 200
	// followEvery is the pause between looks for new entries of a followed export;
	// the log grows about as often.
	followEvery = 500 * time.Millisecond
)

// Server implements the audit service.
type Server struct {
	auditv1.UnimplementedAuditServiceServer
	store    *store.Store
	customer func(crn string) string
}

// New makes a server; customer names a customer as entries do.
func New(s *store.Store, customer func(crn string) string) *Server {
	return &Server{store: s, customer: customer}
}

// Register adds the service to a server.
func (s *Server) Register(r grpc.ServiceRegistrar) { auditv1.RegisterAuditServiceServer(r, s) }

// Methods says who may call what: auditors only.
func Methods() identity.Table { return access.Table(auditv1.AuditService_ServiceDesc.ServiceName) }

// SearchEntries pages through entries, newest first.
func (s *Server) SearchEntries(ctx context.Context, req *auditv1.SearchEntriesRequest) (*auditv1.SearchEntriesResponse, error) {
	f := store.Filter{
		Actor: req.GetActor(), Action: req.GetAction(), Object: req.GetObject(), Method: req.GetMethod(),
		Result: results[req.GetResult()], Before: store.End, Limit: int(req.GetPageSize()),
	}
	if f.Limit == 0 {
		f.Limit = defaultPage
	}
	if req.GetCrn() != "" {
		f.Object = s.customer(req.GetCrn())
	}
	if req.GetFrom() != nil {
		f.From = req.GetFrom().AsTime()
	}
	if req.GetTo() != nil {
		f.To = req.GetTo().AsTime()
	}
	l, err := listOf(req)
	if err != nil {
		return nil, err
	}
	if req.GetPageToken() != "" {
		if f.Before, err = l.position(req.GetPageToken()); err != nil {
			return nil, err
		}
	}
	entries, next, err := s.store.Search(ctx, f)
	if err != nil {
		return nil, err
	}
	answer := &auditv1.SearchEntriesResponse{Entries: toProto(entries)}
	if next > 0 {
		answer.NextPageToken = l.token(next)
	}
	return answer, nil
}

// GetEntry returns one entry, or those of a record.
func (s *Server) GetEntry(ctx context.Context, req *auditv1.GetEntryRequest) (*auditv1.GetEntryResponse, error) {
	if req.GetRecordId() != "" {
		id, err := clock.ParseID(req.GetRecordId())
		if err != nil {
			return nil, fault.InvalidField("record_id", "is not a UUID")
		}
		entries, err := s.store.OfRecord(ctx, id, maxRecord)
		if err != nil {
			return nil, err
		}
		return &auditv1.GetEntryResponse{Entries: toProto(entries)}, nil
	}
	e, err := s.store.At(ctx, req.GetPosition())
	if err != nil {
		return nil, err
	}
	return &auditv1.GetEntryResponse{Entries: toProto([]store.Entry{e})}, nil
}

// GetProof proves an entry.
func (s *Server) GetProof(ctx context.Context, req *auditv1.GetProofRequest) (*auditv1.GetProofResponse, error) {
	p, err := s.store.Prove(ctx, req.GetPosition(), req.GetOlderCheckpoint())
	if err != nil {
		return nil, err
	}
	document, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fault.New(fault.Internal, "ENCODING", "the proof cannot be written").Wrap(err)
	}
	answer := &auditv1.GetProofResponse{Leaf: []byte(p.Header + "\n" + p.Entry), Checkpoint: p.Checkpoint, Document: append(document, '\n')}
	for _, h := range p.Hashes {
		answer.Hashes = append(answer.Hashes, h[:])
	}
	return answer, nil
}

// GetCheckpoint returns the newest checkpoint.
func (s *Server) GetCheckpoint(ctx context.Context, _ *auditv1.GetCheckpointRequest) (*auditv1.GetCheckpointResponse, error) {
	signed, size, public, err := s.store.Checkpoint(ctx)
	if err != nil {
		return nil, err
	}
	return &auditv1.GetCheckpointResponse{Checkpoint: signed, Size: size, PublicKey: public}, nil
}

// ExportEntries streams the log as a file.
func (s *Server) ExportEntries(req *auditv1.ExportEntriesRequest, stream grpc.ServerStreamingServer[auditv1.ExportEntriesResponse]) error {
	ctx := stream.Context()
	export, err := s.store.Export(ctx, req.GetFrom(), req.GetLast(), pieces{stream})
	if err != nil {
		return err
	}
	if _, err := export.Advance(ctx); err != nil {
		return err
	}
	if !req.GetFollow() {
		return export.End()
	}
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := export.Advance(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// maxPiece of a streamed file, well below what clients receive at once.
const maxPiece = 64 << 10

// pieces writes to a stream.
type pieces struct {
	stream grpc.ServerStreamingServer[auditv1.ExportEntriesResponse]
}

// Write sends b in pieces.
func (p pieces) Write(b []byte) (int, error) {
	for at := 0; at < len(b); at += maxPiece {
		// The stream may keep what it is given; the writer uses b again.
		piece := append([]byte(nil), b[at:min(len(b), at+maxPiece)]...)
		if err := p.stream.Send(&auditv1.ExportEntriesResponse{Content: piece}); err != nil {
			return at, err
		}
	}
	return len(b), nil
}

var results = map[auditv1.Result]audit.Result{
	auditv1.Result_RESULT_DONE:    audit.Done,
	auditv1.Result_RESULT_REFUSED: audit.Refused,
}

func toProto(entries []store.Entry) []*auditv1.Entry {
	list := make([]*auditv1.Entry, len(entries))
	for i, e := range entries {
		list[i] = &auditv1.Entry{
			Position: e.Position, RecordId: clock.ID(e.ID).String(), RecordedAt: timestamppb.New(e.At),
			Service: e.Service, Actor: e.Header.Actor, Method: e.Method, Session: e.Session, Trace: e.Trace,
			Action: e.Action, Object: e.Object, Reason: e.Reason, Version: e.Version, Digest: e.Digest, Detail: e.Detail,
		}
		switch e.Result {
		case audit.Done:
			list[i].Result = auditv1.Result_RESULT_DONE
		case audit.Refused:
			list[i].Result = auditv1.Result_RESULT_REFUSED
		}
	}
	return list
}
