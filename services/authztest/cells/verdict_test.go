package cells

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// bare is a walk over two authorities, without a hub.
func bare() *walk {
	with := func(id, word, crn string) *part {
		return &part{authority: &registryv1.Authority{AuthorityId: id}, word: word, about: ids{crn: crn, decided: "0199aaaa-0000-7000-8000-00000000000" + crn[:1], reference: "ref-" + crn[:1]}}
	}
	hub := &Hub{}
	w := &World{hub: hub, parts: []*part{with("one", "Kanarone", "100000000A"), with("two", "Kanartwo", "200000000A")}}
	return &walk{World: w, seen: map[string]*seen{}}
}

func (s *walk) cell(t *testing.T, method, who string, o object) *cell {
	t.Helper()
	book, err := access.Load()
	if err != nil {
		t.Fatal(err)
	}
	row, ok := book.Row(method)
	if !ok {
		t.Fatalf("no row of %s", method)
	}
	for _, c := range s.callers(book) {
		if c.name == who {
			if list := s.cells(&row, c, o, native); len(list) > 0 {
				return list[0]
			}
		}
	}
	t.Fatalf("no cell of %s by %s", method, who)
	return nil
}

func reply(t *testing.T, m proto.Message) *answer {
	t.Helper()
	a := &answer{}
	if err := a.add(m); err != nil {
		t.Fatal(err)
	}
	return a
}

const (
	getCustomer   = "/noticehub.registry.v1.RegistryService/GetCustomer"
	listNotices   = "/noticehub.processing.v1.RegisterService/ListNotices"
	getSubmission = "/noticehub.intake.v1.IntakeService/GetSubmission"
)

// A walk that finds nothing must be one that could have.
func TestAWalkFindsLeaks(t *testing.T) {
	t.Parallel()
	record := func(street string) *registryv1.GetCustomerResponse {
		return &registryv1.GetCustomerResponse{Customer: &registryv1.Customer{Crn: "1", Addresses: []*registryv1.Address{{Street: street}}}}
	}
	for name, c := range map[string]struct {
		method, who string
		object      object
		answer      *answer
		leak        string
	}{
		"a refusal":                     {getCustomer, "person administrator", own, &answer{code: codes.PermissionDenied, reason: "METHOD_DENIED"}, ""},
		"no refusal":                    {getCustomer, "person administrator", own, reply(t, record("")), "let in"},
		"found instead of refused":      {getCustomer, "person administrator", absent, &answer{code: codes.NotFound}, "let in"},
		"a stranger is told of absence": {getCustomer, "anonymous", absent, &answer{code: codes.NotFound}, "let in"},
		"garbage is refused":            {getCustomer, "garbage", own, &answer{code: codes.Unauthenticated}, ""},
		"what an officer may see":       {getCustomer, "person officer", own, reply(t, record("1 Kanartwostreet")), ""},
		"a masked field":                {getCustomer, "person auditor", own, reply(t, record("1 Plain Street")), "customer.addresses.street"},
		"masked for one of two roles":   {getCustomer, "person officer+auditor", own, reply(t, record("1 Plain Street")), ""},
		"a restricted record":           {getCustomer, "person officer", restricted, reply(t, record(hiddenWord)), "restricted record"},
		"not opened by who may":         {getCustomer, "person restricted-access-officer", restricted, reply(t, record(hiddenWord)), "restricted record"},
		"shown to who may":              {listNotices, "person restricted-access-officer", restricted, reply(t, record(hiddenWord)), ""},
		"a word in an error":            {getCustomer, "person officer", restricted, &answer{code: codes.PermissionDenied, reason: "RESTRICTED_ACCESS", text: hiddenWord}, "restricted record"},
		"another authority's":           {getSubmission, "authority one", foreign, reply(t, &intakev1.GetSubmissionResponse{Submission: &intakev1.SubmissionView{Submission: &intakev1.Submission{CaseWorker: "Kanartwo"}}}), "tells of a record of two"},
	} {
		s := bare()
		cell := s.cell(t, c.method, c.who, c.object)
		s.verdict(cell, c.answer)
		s.words(cell, c.answer)
		if found := strings.Join(s.leaks, "\n"); (c.leak == "") != (found == "") || !strings.Contains(found, c.leak) {
			t.Errorf("%s: found %q, want %q", name, found, c.leak)
		}
	}
}

func TestAWalkTellsForeignFromAbsent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		foreign, absent *answer
		leaks           int
	}{
		"alike":           {&answer{code: codes.NotFound, text: "no 0199aaaa-0000-7000-8000-000000000002", size: 9}, &answer{code: codes.NotFound, text: "no " + nothing.decided, size: 9}, 0},
		"another code":    {&answer{code: codes.PermissionDenied, size: 9}, &answer{code: codes.NotFound, size: 9}, 1},
		"another size":    {&answer{code: codes.NotFound, size: 10}, &answer{code: codes.NotFound, size: 9}, 1},
		"another message": {&answer{code: codes.NotFound, text: "not yours", size: 9}, &answer{code: codes.NotFound, text: "not there", size: 9}, 1},
	} {
		s := bare()
		for o, a := range map[object]*answer{foreign: c.foreign, absent: c.absent} {
			cell := s.cell(t, getSubmission, "authority one", o)
			s.seen[cell.key(o)] = &seen{cell.request, a}
		}
		s.compare()
		if len(s.leaks) != c.leaks {
			t.Errorf("%s: %v", name, s.leaks)
		}
	}
	if (fingerprint{"a": "1", "b": "2"}).differs(fingerprint{"a": "1", "b": "3"}) == nil {
		t.Error("a changed table is not seen")
	}
	if caller := (&caller{Caller: identity.Caller{Kind: identity.Authority, ID: "x"}}); caller.authority() {
		t.Error("an authority nobody knows has records")
	}
}
