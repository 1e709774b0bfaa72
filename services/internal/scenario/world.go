package scenario

import (
	"fmt"
	"math/rand/v2"

	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/calendar"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// Options make a world.
type Options struct {
	// Seed chooses people, texts, lengths and the order of scenes.
	Seed uint64
	// First is the day of the first phase.
	First calendar.Date
	// Copies is how often every case is played for each of its authorities, at
	// least 1, with other people each time; about 1,200 submissions each.
	Copies int
}

// World is the table played out: who there is, what is lodged, what must come of it.
type World struct {
	Plan   Plan
	Scenes []*Scene
	// Records are to be put into the registry before each phase: everybody
	// before the first, later only those who changed.
	Records [phases][]*registryv1.Customer
	// Lodgings in the order of lodging: by phase, and within a scene as the case says.
	Lodgings []*Lodging
	// Sentinels are lodged last in each phase, one for each authority, when
	// everything else of the phase is decided: what was decided before them has
	// arrived wherever they have.
	Sentinels [phases][]*Lodging

	rounds int
}

// Make plays the table out. The same options give the same world.
func Make(o Options) (*World, error) {
	plan, err := NewPlan(o.First)
	if err != nil {
		return nil, err
	}
	w := &World{Plan: plan}
	number := 0
	scene := func(c *Case, by string, seed uint64) *Scene {
		s := &Scene{Case: c, Number: number, Home: authorities[by], plan: plan, seed: seed, random: rand.New(rand.NewPCG(seed, uint64(number)))}
		number++
		return s
	}
	cases := Cases()
	for range max(o.Copies, 1) {
		for i := range cases {
			for _, by := range cases[i].By {
				w.Scenes = append(w.Scenes, scene(&cases[i], by, o.Seed))
			}
		}
	}
	order := rand.New(rand.NewPCG(o.Seed, 0))
	order.Shuffle(len(w.Scenes), func(i, j int) { w.Scenes[i], w.Scenes[j] = w.Scenes[j], w.Scenes[i] })
	for _, s := range w.Scenes {
		w.play(s)
	}
	for phase := range phases {
		for _, by := range AuthorityIDs() {
			s := scene(&Case{Name: "sentinel", Rows: row("2.2 eligible: PROCESSED"), By: onlyOf(by), Steps: steps(disclose().on(phase).becomes(eligible))}, by, o.Seed)
			w.play(s)
			w.Scenes = append(w.Scenes, s)
			w.Sentinels[phase] = append(w.Sentinels[phase], s.Lodgings...)
		}
	}
	for phase := range phases {
		for _, s := range w.Scenes {
			for _, l := range s.Lodgings {
				if l.Phase == phase && s.Case.Name != "sentinel" {
					w.Lodgings = append(w.Lodgings, l)
				}
			}
		}
	}
	return w, w.check()
}

// play makes a scene's people, lodgings and expectations.
func (w *World) play(s *Scene) {
	s.today = w.Plan.Days[firstDay]
	s.by = s.Home
	s.Person = s.newPerson(0)
	if s.Case.Person != nil {
		s.Case.Person(s)
	}
	w.Records[firstDay] = append(w.Records[firstDay], proto.CloneOf(s.Person))
	w.Records[firstDay] = append(w.Records[firstDay], s.Others...)
	for i, step := range s.Case.Steps {
		s.today, s.by = w.Plan.Days[step.phase], s.Home
		if step.by != "" {
			s.by = authorities[step.by]
		}
		if step.change != nil {
			step.change(s)
			w.Records[step.phase] = append(w.Records[step.phase], proto.CloneOf(s.Person))
		}
		l := &Lodging{Scene: s, Phase: step.phase, Day: s.today, Authority: s.by, Submission: step.lodge(s), Early: step.early, Want: step.want}
		l.Submission.Reference, l.Submission.CaseWorker = fmt.Sprintf("s%d-%04d-%d", s.seed, s.Number, i+1), "Casey Worker"
		if i > 0 {
			if before := s.Lodgings[i-1]; before.Phase == l.Phase {
				l.Round = before.Round
				if before.Authority.ID != l.Authority.ID {
					l.Round++
				}
			}
		}
		w.rounds = max(w.rounds, l.Round+1)
		for _, effect := range step.effect {
			effect(s, l)
		}
		if step.then != nil {
			t := *step.then
			if t.withdraw && t.want.Status == 0 {
				t.want = l.Want
			}
			l.then = &t
		}
		s.Lodgings = append(s.Lodgings, l)
	}
}

// check finds mistakes of the table itself.
func (w *World) check() error {
	crns, names := map[string]int{}, map[string]int{}
	for _, s := range w.Scenes {
		for _, p := range append([]*registryv1.Customer{s.Person}, s.Others...) {
			if other, ok := crns[p.GetCrn()]; ok {
				return fmt.Errorf("scenes %d and %d share customer %s", other, s.Number, p.GetCrn())
			}
			crns[p.GetCrn()] = s.Number
			key := p.GetName().GetFamilyName() + "," + p.GetName().GetGivenName() + "," + p.GetDateOfBirth()
			if other, ok := names[key]; ok && other != s.Number {
				return fmt.Errorf("scenes %d and %d have namesakes born on the same day; take another seed", other, s.Number)
			}
			names[key] = s.Number
		}
		for i, l := range s.Lodgings {
			if l.Want.Refused == "" && l.Want.Status == 0 {
				return fmt.Errorf("%s, step %d expects nothing", s.Case.Name, i+1)
			}
			if i > 0 && l.Phase < s.Lodgings[i-1].Phase {
				return fmt.Errorf("%s goes back in time at step %d", s.Case.Name, i+1)
			}
		}
	}
	return nil
}

// bulk is what an authority lodges in one go.
type bulk struct {
	phase, round int
	authority    string
	lodgings     []*Lodging
}

// bulks of a phase and round, one for each authority that has any.
func (w *World) bulks(phase, round int) []bulk {
	var list []bulk
	for _, a := range AuthorityIDs() {
		b := bulk{phase: phase, round: round, authority: a}
		for _, l := range w.Lodgings {
			if l.Phase == phase && l.Round == round && l.Authority.ID == a {
				b.lodgings = append(b.lodgings, l)
			}
		}
		if len(b.lodgings) > 0 {
			list = append(list, b)
		}
	}
	return list
}

// all bulks in the order of lodging.
func (w *World) all() []bulk {
	var list []bulk
	for phase := range phases {
		for round := range w.rounds {
			list = append(list, w.bulks(phase, round)...)
		}
	}
	return list
}

// RowsCovered are the rule rows the world's cases name.
func (w *World) RowsCovered() map[string]bool {
	rows := map[string]bool{}
	for _, s := range w.Scenes {
		for _, r := range s.Case.Rows {
			rows[r] = true
		}
	}
	return rows
}
