package matching

import (
	"testing"

	"pgregory.net/rapid"
)

func ann() Person {
	return Person{
		CRN:       "100000001A",
		Names:     []Name{NewName("O'Brien", "Ánn"), NewName("Smith", "Ann")},
		BirthDate: "1990-02-28",
		Gender:    "F",
		Places:    []Place{NewPlace("Hope Vale", "4895")},
	}
}

func search(change func(*Person)) Person {
	p := Person{Names: []Name{NewName("OBRIEN", "ann")}, BirthDate: "1990-02-28"}
	if change != nil {
		change(&p)
	}
	return p
}

func TestRank(t *testing.T) {
	t.Parallel()
	twin := ann() // the same particulars on another record, elsewhere
	twin.CRN, twin.Places = "100000002B", []Place{NewPlace("Coen", "4892")}
	mononym := Person{CRN: "100000003C", Names: []Name{NewName("Sukarno", "")}, BirthDate: "1970-06-01"}

	for name, c := range map[string]struct {
		search    Person
		customers []Person
		truncated bool
		clear     string // CRN of the clear candidate, "" when none
		found     int
	}{
		"name and birth date":              {search(nil), []Person{ann()}, false, "100000001A", 1},
		"by an alias of the customer":      {search(func(p *Person) { p.Names = []Name{NewName("smith", "ann")} }), []Person{ann()}, false, "100000001A", 1},
		"by an alias of the search":        {search(func(p *Person) { p.Names = append([]Name{NewName("Zed", "Zoe")}, p.Names...) }), []Person{ann()}, false, "100000001A", 1},
		"names may not be mixed":           {search(func(p *Person) { p.Names = []Name{NewName("O'Brien", "Anna"), NewName("Nobody", "Ann")} }), []Person{ann()}, false, "", 0},
		"other birth date":                 {search(func(p *Person) { p.BirthDate = "1990-02-27" }), []Person{ann()}, false, "", 0},
		"no birth date":                    {search(func(p *Person) { p.BirthDate = "" }), []Person{ann()}, false, "", 0},
		"two namesakes":                    {search(nil), []Person{ann(), twin}, false, "", 2},
		"two, told apart by address":       {search(func(p *Person) { p.Places = []Place{NewPlace("HOPEVALE", "4895")} }), []Person{ann(), twin}, false, "100000001A", 2},
		"two, address of neither":          {search(func(p *Person) { p.Places = []Place{NewPlace("Weipa", "4874")} }), []Person{ann(), twin}, false, "", 2},
		"two, address without postcode":    {search(func(p *Person) { p.Places = []Place{NewPlace("Hope Vale", "")} }), []Person{ann(), twin}, false, "", 2},
		"one, address differs":             {search(func(p *Person) { p.Places = []Place{NewPlace("Weipa", "4874")} }), []Person{ann()}, false, "100000001A", 1},
		"CRN agrees":                       {search(func(p *Person) { p.CRN = "100000001A" }), []Person{ann()}, false, "100000001A", 1},
		"CRN tells two apart":              {search(func(p *Person) { p.CRN = "100000001A" }), []Person{ann(), twin}, false, "100000001A", 2},
		"CRN but another name":             {search(func(p *Person) { p.CRN, p.Names = "100000001A", []Name{NewName("Jones", "Ann")} }), []Person{ann()}, false, "", 1},
		"CRN but another birth date":       {search(func(p *Person) { p.CRN, p.BirthDate = "100000001A", "1991-02-28" }), []Person{ann()}, false, "", 1},
		"CRN of another, names of this":    {search(func(p *Person) { p.CRN = "999999999Z" }), []Person{ann()}, false, "", 1},
		"gender differs":                   {search(func(p *Person) { p.Gender = "M" }), []Person{ann()}, false, "", 1},
		"gender not on the record":         {search(func(p *Person) { p.Gender = "M" }), []Person{func() Person { p := ann(); p.Gender = ""; return p }()}, false, "100000001A", 1},
		"family name alone":                {Person{Names: []Name{NewName("Sukarno", "")}, BirthDate: "1970-06-01"}, []Person{mononym}, false, "", 1},
		"no letters never match":           {Person{Names: []Name{NewName("---", "")}, BirthDate: "1970-06-01"}, []Person{{CRN: "1", Names: []Name{NewName("...", "")}, BirthDate: "1970-06-01"}}, false, "", 0},
		"more than were fetched":           {search(nil), []Person{ann()}, true, "", 1},
		"nobody":                           {search(nil), nil, false, "", 0},
		"two on one CRN cannot be decided": {search(func(p *Person) { p.CRN = "100000001A" }), []Person{ann(), ann()}, false, "", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Rank(c.search, c.customers, c.truncated)
			if len(got) != c.found {
				t.Fatalf("%d candidates, want %d: %+v", len(got), c.found, got)
			}
			single := ""
			for i, g := range got {
				if g.Clear {
					if i != 0 {
						t.Errorf("the clear candidate is number %d, not the first", i)
					}
					single = c.customers[g.Index].CRN
				}
			}
			if single != c.clear {
				t.Errorf("clear candidate %q, want %q: %+v", single, c.clear, got)
			}
		})
	}
}

func TestScoreOfExactMatchIs100(t *testing.T) {
	t.Parallel()
	got := Rank(search(nil), []Person{ann()}, false)
	if len(got) != 1 || got[0].Score != 100 {
		t.Fatalf("score: %+v", got)
	}
	want := []string{"family_name: exact", "given_name: exact", "date_of_birth: exact"}
	if len(got[0].Contributions) != len(want) {
		t.Fatalf("contributions %q", got[0].Contributions)
	}
	for i := range want {
		if got[0].Contributions[i] != want[i] {
			t.Errorf("contributions %q, want %q", got[0].Contributions, want)
		}
	}
}

// However customers and searches overlap: at most one is clear, it is never
// one that disagrees in date of birth, and the order of customers is irrelevant.
func TestRankProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		person := rapid.Custom(func(t *rapid.T) Person {
			p := Person{
				CRN:       rapid.SampledFrom([]string{"100000001A", "100000002B", "100000003C", ""}).Draw(t, "crn"),
				BirthDate: rapid.SampledFrom([]string{"1990-01-02", "1990-02-01"}).Draw(t, "born"),
				Gender:    rapid.SampledFrom([]string{"", "F", "M"}).Draw(t, "gender"),
				Places:    []Place{NewPlace(rapid.SampledFrom([]string{"Coen", "Weipa"}).Draw(t, "locality"), "4892")},
			}
			for range rapid.IntRange(1, 2).Draw(t, "names") {
				p.Names = append(p.Names, NewName(
					rapid.SampledFrom([]string{"Ng", "Lee", "-"}).Draw(t, "family"),
					rapid.SampledFrom([]string{"Ann", "Bo", ""}).Draw(t, "given")))
			}
			return p
		})
		wanted := person.Draw(t, "search")
		customers := rapid.SliceOfNDistinct(person, 0, 4, func(p Person) string { return p.CRN }).Draw(t, "customers")
		single := ""
		for _, c := range Rank(wanted, customers, false) {
			if !c.Clear {
				continue
			}
			if single != "" {
				t.Fatal("two clear candidates")
			}
			single = customers[c.Index].CRN + "!"
			if customers[c.Index].BirthDate != wanted.BirthDate {
				t.Fatal("clear in spite of another date of birth")
			}
		}
		again := rapid.Permutation(customers).Draw(t, "again")
		other := ""
		for _, c := range Rank(wanted, again, false) {
			if c.Clear {
				other = again[c.Index].CRN + "!"
			}
		}
		if single != other {
			t.Fatalf("clear is %q, in another order %q", single, other)
		}
	})
}
