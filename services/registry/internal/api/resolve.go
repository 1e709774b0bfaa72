package api

import (
	"context"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/calendar"
	"github.com/noticehub/noticehub/pkg/fault"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
	"github.com/noticehub/noticehub/services/registry/internal/events"
	"github.com/noticehub/noticehub/services/registry/internal/matching"
	"github.com/noticehub/noticehub/services/registry/internal/store"
)

const (
	// maxCandidates of one search are answered, as the contract says.
	maxCandidates = 20
	// maxNamesakes of one search are judged; with more nobody is clear.
	maxNamesakes = 50
	// typicalRecord is about the size of a record with its partner's payments.
	typicalRecord = 512
	// maxAnswer bounds an answer in bytes: callers accept 5 MiB.
	maxAnswer = 4 << 20
)

// ResolveCustomers answers, for a batch of submissions, what deciding them
// needs to know about each customer: two queries whatever the batch, and the
// records are passed on as the bytes they are kept as.
//
// The answers are handed to gRPC as one already encoded field of the response,
// so they cannot be read from the returned message, only from what travels.
// A CRN or date of birth that cannot be one finds nobody; it is no error, or one
// bad query would hold up the rest of the batch.
func (s *Server) ResolveCustomers(ctx context.Context, req *registryv1.ResolveCustomersRequest) (*registryv1.ResolveCustomersResponse, error) {
	queries := req.GetQueries()
	known, err := s.byCRN(ctx, queries)
	if err != nil {
		return nil, err
	}
	candidates, err := s.search(ctx, queries)
	if err != nil {
		return nil, err
	}
	size := 0
	for i, q := range queries {
		size += protowire.SizeTag(responseAnswers) + protowire.SizeBytes(len(known[q.GetCrn()])+len(candidates[i]))
	}
	if size > maxAnswer {
		return nil, fault.New(fault.Invalid, "BATCH_TOO_LARGE", "the answer would have %d bytes, at most %d are sent", size, maxAnswer).
			WithHelp("Ask for fewer customers at a time.")
	}
	answers := make([]byte, 0, size)
	for i, q := range queries {
		customer, found := known[q.GetCrn()], candidates[i]
		answers = protowire.AppendTag(answers, responseAnswers, protowire.BytesType)
		answers = protowire.AppendVarint(answers, uint64(len(customer)+len(found)))
		answers = append(append(answers, customer...), found...)
	}
	response := new(registryv1.ResolveCustomersResponse)
	response.ProtoReflect().SetUnknown(answers)
	return response, nil
}

// byCRN returns, for each CRN there is, the part of its answer that tells of
// the customer and the partner.
func (s *Server) byCRN(ctx context.Context, queries []*registryv1.CustomerQuery) (map[string][]byte, error) {
	crns := make([]string, 0, len(queries))
	asked := make(map[string]bool, len(queries))
	for _, q := range queries {
		if crn := q.GetCrn(); isCRN(crn) && !asked[crn] {
			asked[crn] = true
			crns = append(crns, crn)
		}
	}
	known := make(map[string][]byte, len(crns))
	if len(crns) == 0 {
		return known, nil
	}
	arena := make([]byte, 0, len(crns)*typicalRecord) // one block instead of one allocation a customer
	err := s.Store.ByCRN(ctx, crns, func(h *store.Hit) (err error) {
		start := len(arena)
		arena = appendCustomer(arena, h.Body, h.Measure, h.Version)
		if arena, err = appendPartner(arena, answerPartnerPayments, answerPartnerTold, h); err != nil {
			return err
		}
		known[string(h.CRN)] = arena[start:len(arena):len(arena)]
		return nil
	})
	return known, err
}

// isCRN spares the database what cannot be a CRN: nine digits and a letter.
func isCRN(s string) bool {
	if len(s) != 10 || s[9] < 'A' || s[9] > 'Z' {
		return false
	}
	for _, c := range []byte(s[:9]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// namesake is a customer a search found, with its parts of a candidate.
type namesake struct {
	person            matching.Person
	customer, partner []byte
}

// search returns the encoded candidates of each query that has names.
func (s *Server) search(ctx context.Context, queries []*registryv1.CustomerQuery) ([][]byte, error) {
	answers := make([][]byte, len(queries))
	var searches store.Searches
	wanted := make(map[int]matching.Person)
	for i, q := range queries {
		if len(q.GetNames()) == 0 {
			continue
		}
		p := personOf(q)
		wanted[i] = p
		if born, err := calendar.ParseDate(p.BirthDate); err == nil {
			for _, n := range p.Names {
				if n.Searchable() {
					searches.Name(i, n, born)
				}
			}
		}
		if isCRN(p.CRN) {
			searches.CRN(i, p.CRN)
		}
	}
	found := make(map[int][]namesake, len(wanted))
	err := s.Store.ByParticulars(ctx, &searches, maxNamesakes+1, func(h *store.Hit) error {
		n, err := namesakeOf(h)
		found[int(h.Search)] = append(found[int(h.Search)], n)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, namesakes := range found {
		people := make([]matching.Person, len(namesakes))
		for at := range namesakes {
			people[at] = namesakes[at].person
		}
		ranked := matching.Rank(wanted[i], people, len(people) > maxNamesakes)
		for _, c := range ranked[:min(len(ranked), maxCandidates)] {
			n := namesakes[c.Index]
			answers[i] = appendCandidate(answers[i], n.customer, c.Score, c.Clear, c.Contributions, n.partner)
		}
	}
	return answers, nil
}

func personOf(q *registryv1.CustomerQuery) matching.Person {
	p := matching.Person{CRN: q.GetCrn(), BirthDate: q.GetDateOfBirth(), Gender: q.GetGender()}
	for _, n := range q.GetNames() {
		p.Names = append(p.Names, matching.NewName(n.GetFamilyName(), n.GetGivenName()))
	}
	if a := q.GetAddress(); a != nil {
		p.Places = []matching.Place{matching.NewPlace(a.GetLocality(), a.GetPostcode())}
	}
	return p
}

func namesakeOf(h *store.Hit) (namesake, error) {
	c := new(registryv1.Customer)
	if err := proto.Unmarshal(h.Body, c); err != nil {
		return namesake{}, err
	}
	n := namesake{
		person:   matching.Person{CRN: c.GetCrn(), Names: events.NamesOf(c), BirthDate: c.GetDateOfBirth(), Gender: c.GetGender()},
		customer: appendCustomer(nil, h.Body, h.Measure, h.Version),
	}
	for _, a := range c.GetAddresses() {
		n.person.Places = append(n.person.Places, matching.NewPlace(a.GetLocality(), a.GetPostcode()))
	}
	var err error
	n.partner, err = appendPartner(nil, candidatePartnerPayments, candidatePartnerTold, h)
	return n, err
}
