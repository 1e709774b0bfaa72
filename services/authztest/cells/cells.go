// Package cells walks the table of who may call what: every method of the
// contract, as every sort of caller, about every sort of object, by native gRPC
// and by Connect over HTTP. Each such combination is a cell.
//
// The verdict a cell must have is computed from the access table and from what
// the object is to the caller:
//
//   - without accepted credentials UNAUTHENTICATED, without a mark in the table
//     PERMISSION_DENIED (METHOD_DENIED), and neither changes a business table;
//   - with a mark the call is let in, and what it does then is the service's: an
//     authority gets about another's object exactly what it gets about one that
//     is not there, a person who may not open a restricted record is not shown it;
//   - no reply holds a canary, a word planted in the records of others and in
//     restricted ones, and none a field that is masked for the caller's roles.
//
// It brings its own records into the hub it walks, so that hub must be one of
// synthetic people with a sandbox clock, at rest but for this.
package cells

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/access"
)

// Hub is the hub to walk.
type Hub struct {
	// Native is a gRPC connection that carries no credentials of its own.
	Native grpc.ClientConnInterface
	// HTTP is the base URL of the HTTP port, and Client how to reach it; the client
	// must speak HTTP/2, which streams in both directions need.
	HTTP   string
	Client *http.Client
	// Authorization is the authorization header of a caller; nil makes development tokens.
	Authorization func(identity.Caller) string
	// Database is the administrator's URL, to compare what business tables hold.
	Database string
	// Workers is how many calls are under way at a time; 0 means 24.
	Workers int
}

func (h *Hub) authorization(c identity.Caller) string {
	if h.Authorization != nil {
		return h.Authorization(c)
	}
	return "Bearer " + identity.DevelopmentToken(c)
}

// Run brings records into a hub and walks every cell of it, see World.Walk.
func Run(ctx context.Context, hub Hub) (cells, leaks int, problems []string) {
	w, err := Prepare(ctx, hub)
	if err != nil {
		return 0, 0, []string{err.Error()}
	}
	return w.Walk(ctx)
}

// Walk walks every cell, once. Leaks are cells that gave more than they may: let
// in somebody without a mark, showed a canary or a masked field, told foreign
// from absent, or changed something though refused. Problems name them and
// whatever else was not as it must be, the first 50 of each.
func (w *World) Walk(ctx context.Context) (cells, leaks int, problems []string) {
	book, err := access.Load()
	if err != nil {
		return 0, 0, []string{err.Error()}
	}
	s := &walk{World: w, seen: map[string]*seen{}}
	var denied, reads, writes []*cell
	for i := range book.Rows {
		row := &book.Rows[i]
		for _, c := range w.callers(book) {
			for _, o := range objects {
				for _, t := range []transport{native, connect} {
					each := w.cells(row, c, o, t)
					switch {
					case !c.known || !allows(row, c):
						denied = append(denied, each...)
					case row.Writes:
						writes = append(writes, each...)
					default:
						reads = append(reads, each...)
					}
				}
			}
		}
	}
	before, err := w.fingerprint(ctx)
	if err != nil {
		return 0, 0, []string{err.Error()}
	}
	s.all(ctx, denied)
	after, err := w.fingerprint(ctx)
	if err != nil {
		return 0, 0, []string{err.Error()}
	}
	for _, table := range before.differs(after) {
		s.leak("calls that were refused changed table %s", table)
	}
	s.all(ctx, reads)
	s.all(ctx, writes)
	s.compare()
	s.searches(ctx)
	return len(denied) + len(reads) + len(writes), len(s.leaks), s.told()
}

// walk is one walk under way.
type walk struct {
	*World
	mu       sync.Mutex
	leaks    []string
	problems []string
	// seen are the answers to authorities, to compare foreign with absent ones.
	seen map[string]*seen
}

// maxProblems bounds what is told of a walk, of leaks and of the rest.
const maxProblems = 50

func (s *walk) problem(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems = append(s.problems, fmt.Sprintf(format, a...))
}

func (s *walk) leak(format string, a ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leaks = append(s.leaks, "leak: "+fmt.Sprintf(format, a...))
}

// told is what Run tells of the walk.
func (s *walk) told() []string {
	var all []string
	for _, list := range [][]string{s.leaks, s.problems} {
		all = append(all, list[:min(len(list), maxProblems)]...)
		if more := len(list) - maxProblems; more > 0 {
			all = append(all, fmt.Sprintf("and %d more", more))
		}
	}
	return all
}

// all walks cells, several at a time.
func (s *walk) all(ctx context.Context, cells []*cell) {
	// Neighbours ask about the same records; mixing them spreads what is limited
	// for each caller.
	slices.SortStableFunc(cells, func(a, b *cell) int { return int(a.shuffle()) - int(b.shuffle()) })
	work := make(chan *cell)
	var wait sync.WaitGroup
	for range max(s.hub.Workers, 1) {
		wait.Go(func() {
			for c := range work {
				s.one(ctx, c)
			}
		})
	}
	for _, c := range cells {
		select {
		case work <- c:
		case <-ctx.Done():
			s.problem("the walk was broken off: %v", ctx.Err())
			close(work)
			wait.Wait()
			return
		}
	}
	close(work)
	wait.Wait()
}
