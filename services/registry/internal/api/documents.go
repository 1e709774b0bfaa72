package api

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

// defaultPage is the page size when none is asked for, as the contract says.
const defaultPage = 50

// ListDocuments pages through the documents on a customer's record, newest first.
func (s *Server) ListDocuments(ctx context.Context, req *registryv1.ListDocumentsRequest) (*registryv1.ListDocumentsResponse, error) {
	after, err := readToken(req.GetPageToken())
	if err != nil {
		return nil, err
	}
	if _, err := s.open(ctx, req.GetCrn()); err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	// One more than asked for tells whether there is a next page.
	documents, err := s.Store.Documents(ctx, req.GetCrn(), after, size+1)
	if err != nil {
		return nil, err
	}
	page := &registryv1.ListDocumentsResponse{}
	if len(documents) > size {
		documents = documents[:size]
		last := documents[size-1]
		page.NextPageToken = writeToken(store.Position{CreatedAt: last.CreatedAt, ID: last.ID})
	}
	for _, d := range documents {
		page.Documents = append(page.Documents, documentOf(d))
	}
	return page, nil
}

func documentOf(d store.Document) *registryv1.Document {
	doc := &registryv1.Document{
		DocumentId: d.ID.String(), Crn: d.CRN, Title: d.Title, Text: d.Text, OfficerId: d.Officer, CreatedAt: timestamppb.New(d.CreatedAt),
	}
	if !d.Submission.IsZero() {
		doc.SubmissionId = d.Submission.String()
	}
	return doc
}

// PlaceDocument places an officer's document on a customer's record. Placing it
// again answers with the one that is there.
func (s *Server) PlaceDocument(ctx context.Context, req *registryv1.PlaceDocumentRequest) (*registryv1.PlaceDocumentResponse, error) {
	id, err := clock.ParseID(req.GetDocumentId())
	if err != nil || id.IsZero() {
		return nil, fault.InvalidField("document_id", "must be a UUID")
	}
	caller, ok := identity.From(ctx)
	if !ok {
		return nil, fault.New(fault.Unauthenticated, "CALLER_UNKNOWN", "nobody is known to be calling")
	}
	if _, err := s.open(ctx, req.GetCrn()); err != nil {
		return nil, err
	}
	kept, err := s.Store.PlaceDocument(ctx, store.Document{
		ID: id, CRN: req.GetCrn(), Title: req.GetTitle(), Text: req.GetText(), Officer: caller.ID, CreatedAt: s.Clock.Now(),
	})
	if err != nil {
		return nil, err
	}
	if kept.CRN != req.GetCrn() || kept.Title != req.GetTitle() || kept.Text != req.GetText() || kept.Officer != caller.ID || !kept.Submission.IsZero() {
		return nil, fault.New(fault.Exists, "DOCUMENT_EXISTS", "there is another document with this id").
			WithHelp("Choose an id of its own for each document.")
	}
	return &registryv1.PlaceDocumentResponse{Document: documentOf(kept)}, nil
}

// A page token is the position's microseconds and id, in base64.
const (
	tokenBytes = 8 + len(clock.ID{})
	lastMicros = 253402300799_999999 // the year 9999 ends: PostgreSQL's clock goes further, documents do not
)

func writeToken(p store.Position) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.CreatedAt.UnixMicro()))
	return base64.RawURLEncoding.EncodeToString(append(b, p.ID[:]...))
}

func readToken(token string) (*store.Position, error) {
	if token == "" {
		return nil, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) != tokenBytes {
		return nil, fault.InvalidField("page_token", "must be the next_page_token of an earlier answer")
	}
	micros := binary.BigEndian.Uint64(b)
	if micros > lastMicros {
		return nil, fault.InvalidField("page_token", "must be the next_page_token of an earlier answer")
	}
	return &store.Position{CreatedAt: time.UnixMicro(int64(micros)).UTC(), ID: clock.ID(b[8:])}, nil
}
