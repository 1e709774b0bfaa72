package api

import (
	"context"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	"github.com/noticehub/noticehub/services/intake/internal/lodging"
)

// lodger is who lodges: an authority, and the case worker behind the call.
type lodger struct {
	lodging.Authority
	caseWorker string // as the caller proved to be; may be empty
}

// lodger returns the calling authority if it may lodge.
func (s *Server) lodger(ctx context.Context) (lodger, error) {
	caller, err := s.changer(ctx)
	if err != nil {
		return lodger{}, err
	}
	return s.mayLodge(lodger{Authority: lodging.Authority{ID: caller.ID}, caseWorker: caller.CaseWorker})
}

// mayLodge looks the authority up, which may have been disabled meanwhile.
func (s *Server) mayLodge(l lodger) (_ lodger, err error) {
	if l.Authority, err = s.Directory.Lookup(l.ID); err != nil {
		return l, err
	}
	return l, l.MayLodge()
}

// changer returns the calling authority if it may change anything at all.
func (s *Server) changer(ctx context.Context) (identity.Caller, error) {
	if _, err := identity.MustAuthority(ctx); err != nil {
		return identity.Caller{}, err
	}
	caller, _ := identity.From(ctx)
	if s.options.RequireCaseWorker && caller.CaseWorker == "" {
		return caller, fault.New(fault.Denied, "CASE_WORKER_REQUIRED", "the call does not prove which case worker makes it").
			WithHelp("Send a statement of the case worker signed by the certificate's holder, or a token with the claim case_worker.")
	}
	return caller, nil
}

// withCaseWorker is what is lodged with the case worker the caller proved to be; a
// different one is refused. What was lodged is not changed.
func (l lodger) withCaseWorker(lodged *intakev1.Submission) (*intakev1.Submission, error) {
	named := lodged.GetCaseWorker()
	switch {
	case l.caseWorker == "" || named == l.caseWorker:
		return lodged, nil
	case named != "":
		return nil, fault.New(fault.Denied, "CASE_WORKER_MISMATCH", "the submission names another case worker than the one who calls").
			WithHelp("Leave case_worker empty: it is taken from the caller's credentials.")
	}
	filled := &intakev1.Submission{Reference: lodged.GetReference(), CaseWorker: l.caseWorker, Content: lodged.GetContent()}
	return filled, rpc.Validate(filled)
}
