// Package matching decides which customers a search by particulars found and
// whether one of them is clear enough for a match by machine.
//
// Precision comes first: a false match would disclose a stranger's data, so
// every doubt goes to an officer. Exact comparison only; nothing here looks for
// misspelt names or swapped dates. The package is pure: the caller fetches the
// customers (by CRN, or by date of birth and normalised names) and Rank judges them.
package matching

import (
	"slices"
	"strings"
)

// Name is a normalised name (see Normalise).
type Name struct{ Family, Given string }

// NewName normalises a name.
func NewName(family, given string) Name {
	return Name{Family: Normalise(family), Given: Normalise(given)}
}

// Searchable reports whether the name can find anybody: it has a family name.
func (n Name) Searchable() bool { return n.Family != "" }

// Place is the part of an address that is compared: normalised locality and postcode.
type Place struct{ Locality, Postcode string }

// NewPlace normalises an address's locality.
func NewPlace(locality, postcode string) Place {
	return Place{Locality: Normalise(locality), Postcode: postcode}
}

func (p Place) complete() bool { return p.Locality != "" && p.Postcode != "" }

// Person is what is known of somebody: of the one searched for, or of a customer.
type Person struct {
	// CRN; of a search it may be empty.
	CRN string
	// Names, aliases included, in any order.
	Names []Name
	// BirthDate is yyyy-mm-dd.
	BirthDate string
	// Gender is "F", "M", "X" or empty when not stated.
	Gender string
	// Places are the addresses; of a search there is one at most.
	Places []Place
}

// Candidate is Rank's judgement of one customer.
type Candidate struct {
	// Index of the customer in Rank's argument.
	Index int
	// Score; higher is better. An exact match of name and date of birth is 100.
	Score float64
	// Clear is true when this candidate alone is clear enough for a match by machine.
	Clear bool
	// Contributions tell what each field contributed, such as "family_name: exact".
	Contributions []string
}

// Scores of what agrees. Name and date of birth together make the 100 the
// contract promises; the others only order candidates among themselves.
const (
	scoreName      = 60
	scoreBirthDate = 40
	scoreCRN       = 20
	scorePlace     = 10
	scoreGender    = 5 // taken off when it differs
)

// evidence is how one customer compares with the search.
type evidence struct {
	crn, name, given, birth, place bool
	contradicted                   bool
	score                          float64
	fields                         []string
}

// Rank judges the customers a search may mean, best first. A customer is a
// candidate when a name (any of either side) and the date of birth agree, or
// when the CRN does. Customers that are neither are left out.
//
// At most one candidate is clear. It must agree in family name, given name and
// date of birth; in CRN too when the search states one; no other customer may
// agree in name and date of birth, unless the address (locality and postcode)
// or the CRN singles this one out; and the stated gender may not contradict.
// When truncated is true there were more customers than given here, and nobody is clear.
func Rank(search Person, customers []Person, truncated bool) []Candidate {
	found := make([]Candidate, 0, len(customers))
	judged := make([]evidence, len(customers))
	for i, c := range customers {
		judged[i] = compare(search, c)
		e := &judged[i]
		if e.crn || (e.name && e.birth) {
			found = append(found, Candidate{Index: i, Score: e.score, Contributions: e.fields})
		}
	}
	if at := single(search, found, judged); at >= 0 && !truncated {
		found[at].Clear = !judged[found[at].Index].contradicted
	}
	slices.SortStableFunc(found, func(a, b Candidate) int {
		switch {
		case a.Clear != b.Clear:
			if a.Clear {
				return -1
			}
			return 1
		case a.Score != b.Score:
			if a.Score > b.Score {
				return -1
			}
			return 1
		}
		return strings.Compare(customers[a.Index].CRN, customers[b.Index].CRN)
	})
	return found
}

// single returns the one candidate that remains, or -1.
func single(search Person, found []Candidate, judged []evidence) int {
	var strong []int // positions in found that agree in name and date of birth
	for at, c := range found {
		e := judged[c.Index]
		if e.name && e.birth {
			strong = append(strong, at)
		}
	}
	if search.CRN != "" {
		// A stated CRN that disagrees contradicts even a sole namesake.
		strong = slices.DeleteFunc(strong, func(at int) bool { return !judged[found[at].Index].crn })
	}
	if len(strong) > 1 {
		strong = slices.DeleteFunc(strong, func(at int) bool { return !judged[found[at].Index].place })
	}
	if len(strong) != 1 || !judged[found[strong[0]].Index].given {
		return -1
	}
	return strong[0]
}

func compare(search, customer Person) evidence {
	var e evidence
	add := func(field, verdict string, points float64) {
		e.score += points
		e.fields = append(e.fields, field+": "+verdict)
	}
	if search.CRN != "" {
		if e.crn = search.CRN == customer.CRN; e.crn {
			add("crn", "exact", scoreCRN)
		} else {
			add("crn", "differs", 0)
		}
	}
	e.compareNames(search, customer, add)
	if e.birth = search.BirthDate != "" && search.BirthDate == customer.BirthDate; e.birth {
		add("date_of_birth", "exact", scoreBirthDate)
	} else {
		add("date_of_birth", "differs", 0)
	}
	if search.Gender != "" && customer.Gender != "" {
		if search.Gender == customer.Gender {
			add("gender", "exact", 0)
		} else {
			e.contradicted = true
			add("gender", "differs", -scoreGender)
		}
	}
	for _, p := range search.Places {
		if !p.complete() {
			continue
		}
		if e.place = slices.Contains(customer.Places, p); e.place {
			add("address", "exact", scorePlace)
		} else {
			add("address", "differs", 0)
		}
		break
	}
	return e
}

// compareNames finds a name both sides share. A shared name without a given
// name is a candidate's but never clear: "Lee, born that day" may be many.
func (e *evidence) compareNames(search, customer Person, add func(field, verdict string, points float64)) {
	family := false
	for _, n := range search.Names {
		if !n.Searchable() {
			continue
		}
		for _, m := range customer.Names {
			if n.Family != m.Family {
				continue
			}
			family = true
			if n.Given == m.Given {
				e.name = true
				e.given = e.given || n.Given != ""
			}
		}
	}
	switch {
	case e.name && e.given:
		add("family_name", "exact", scoreName/2)
		add("given_name", "exact", scoreName/2)
	case e.name:
		add("family_name", "exact", scoreName/2)
		add("given_name", "missing", scoreName/4)
	case family:
		add("family_name", "exact", scoreName/2)
		add("given_name", "differs", 0)
	default:
		add("family_name", "differs", 0)
	}
}
