//go:build attack

package attacktest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
)

// apiFuzzTime is how long `make attack` sends random messages; FuzzAPI does it for hours.
const apiFuzzTime = 12 * time.Second

// anybody calls the API with random messages, in turn with everybody let in.
func anybody(t testing.TB) []identity.Caller {
	t.Helper()
	all := []identity.Caller{authority("nt-spar"), attacker, service("autoprocessing"), service("feeder"), service("ghost"), {Kind: identity.Person, ID: "nobody"}}
	for _, role := range everyRole(t) {
		all = append(all, identity.Caller{Kind: identity.Person, ID: "any-" + role, Roles: []string{role}})
	}
	return all
}

// fuzzer sends random messages to every method.
type fuzzer struct {
	w      *world
	people []identity.Caller
	known  []string

	mu      sync.Mutex // guards what follows
	calls   int
	answers map[codes.Code]int
	valid   int
}

func (w *world) fuzzer(t testing.TB) *fuzzer {
	t.Helper()
	f := &fuzzer{w: w, people: anybody(t), answers: map[codes.Code]int{}}
	f.known = []string{
		"200000000A", w.victim.GetCrn(), w.theirs.GetSubmissionId(), w.theirs.GetReference(), w.secret.GetSubmissionId(), "hello", "frc", "nt-cp", "nt-spar", "no-such-one",
	}
	rows, err := w.db.Query(context.Background(), "(SELECT id::text FROM workitems.work_item LIMIT 20) UNION ALL (SELECT id::text FROM intake.submission LIMIT 20) UNION ALL (SELECT crn FROM registry.customer ORDER BY crn LIMIT 30)")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		f.known = append(f.known, id)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return f
}

// one makes a call: no panic, no INTERNAL, no UNKNOWN, nothing of the restricted
// record for those who may not see it.
func (f *fuzzer) one(ctx context.Context, t testing.TB, seed uint64) {
	t.Helper()
	g := &maker{Rand: rand.New(rand.NewPCG(seed, 1)), known: f.known}
	all := methods()
	m := all[g.IntN(len(all))]
	if m.Name() == "AdvanceClock" {
		return // would move a year in a second
	}
	c := f.people[g.IntN(len(f.people))]
	if !g.one(3) { // mostly somebody who is let in
		if in, _, ok := letIn(t, m, fmt.Sprint("fuzz-", g.IntN(120))); ok {
			c = in
		}
	}
	conn, err := f.w.as(c)
	if err != nil {
		t.Fatal(err)
	}
	requests := []proto.Message{g.message(m.Input())}
	for m.IsStreamingClient() && len(requests) < 4 {
		requests = append(requests, g.message(m.Input()))
	}
	valid := rpc.Validate(requests[0]) == nil
	limit := 4 * time.Second
	if m.IsStreamingServer() {
		limit = 150 * time.Millisecond
	}
	short, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	replies, err := call(short, conn, m, requests...)
	code := status.Code(err)
	f.count(code, valid)
	switch code {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		if ctx.Err() == nil {
			t.Errorf("seed %d: %s by %s: %v\n%s", seed, m.FullName(), c.Actor(), err, describe(requests[0]))
		}
	}
	if c.Has("restricted-access-officer") || c.Kind == identity.Service {
		return
	}
	asked := "" // a name that somebody sends is no news to them
	for _, r := range requests {
		b, _ := proto.Marshal(r)
		asked += string(b)
	}
	shows := func(b []byte, word string) bool {
		return strings.Contains(string(b), word) && !strings.Contains(asked, word)
	}
	for _, r := range replies {
		b, _ := proto.Marshal(r)
		if detail, ok := r.(*processingv1.GetSubmissionDetailResponse); ok && detail.Submission != nil {
			// What an authority itself lodged stays to be seen by who works on it.
			without := proto.CloneOf(detail)
			without.Submission = nil
			b, _ = proto.Marshal(without)
		}
		if shows(b, hiddenWord) || c.Kind == identity.Authority && shows(b, victimWord) {
			t.Errorf("seed %d: %s shows %s a canary", seed, m.FullName(), c.Actor())
		}
	}
}

func (f *fuzzer) count(code codes.Code, valid bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	f.answers[code]++
	if valid {
		f.valid++
	}
}

func describe(m proto.Message) string {
	b, err := protojson.Marshal(m)
	if err != nil {
		return err.Error()
	}
	return string(b[:min(len(b), 2000)])
}

// chance is case 60.
func chance() []attack {
	return []attack{{number: 60, name: "random messages of a valid shape on every method", lodges: true, record: "call.refused METHOD_DENIED", run: func(a *attempt) {
		f := a.world.fuzzer(a)
		seed := uint64(time.Now().UnixNano())
		before := strings.Count(a.log.String(), "handler panicked")
		var wait sync.WaitGroup
		for worker := range uint64(4) {
			wait.Go(func() {
				for end, n := time.Now().Add(apiFuzzTime), seed+worker<<32; time.Now().Before(end); n++ {
					f.one(a.ctx, a, n)
				}
			})
		}
		wait.Wait()
		if now := strings.Count(a.log.String(), "handler panicked"); now > before {
			a.Errorf("%d handlers panicked", now-before)
		}
		if f.answers[codes.OK] < f.calls/20 || f.valid < f.calls/4 {
			a.Errorf("few messages got through: %d of %d were valid, answers %v", f.valid, f.calls, f.answers)
		}
		a.Logf("%d calls from seed %d, %d valid, answers %v", f.calls, seed, f.valid, f.answers)
		// Random administrators may have switched authorities off that later cases need.
		a.world.people(a, 0)
	}}}
}

// FuzzAPI does the same for as long as it is let:
//
//	go test -tags attack -run '^$' -fuzz FuzzAPI -fuzztime 2h -parallel 1 ./services/attacktest
func FuzzAPI(f *testing.F) {
	w := open(f, nil)
	w.people(f, 60)
	w.plant(f)
	running := w.fuzzer(f)
	for seed := range uint64(4) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		running.one(t.Context(), t, seed)
		if strings.Contains(running.w.log.String(), "handler panicked") {
			t.Errorf("seed %d: a handler panicked", seed)
		}
	})
}
