package identity

import (
	"sync"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Floods of calls do not reach the provider, whatever it says, and do not wait
// for one that is away.
func TestTheProviderIsAskedSeldom(t *testing.T) {
	t.Parallel()
	i := newIssuer(t)
	a := i.tokens(t, nil)
	alice := carrying(i.sign(map[string]any{"sub": "alice", "roles": []string{"officer"}, "noticehub_authority": nil}))
	flood := func() (last error) {
		var all sync.WaitGroup
		var mu sync.Mutex
		for range 50 {
			all.Go(func() {
				_, err := a.Authenticate(t.Context(), alice)
				mu.Lock()
				defer mu.Unlock()
				last = err
			})
		}
		all.Wait()
		return last
	}
	expect := func(what string, asked int64, kind fault.Kind, err error) {
		t.Helper()
		if n := i.asked.Swap(0); n != asked || fault.KindOf(err) != kind {
			t.Errorf("%s: asked %d times, %v", what, n, err)
		}
	}
	if err := flood(); err != nil || i.asked.Swap(0) > 2 { // one may have begun when the other had just ended
		t.Fatalf("at first: %v", err)
	}
	i.at.Advance(31 * time.Second)
	i.refuses.Store(true)
	_, err := a.Authenticate(t.Context(), alice)
	expect("refused", 1, fault.Unauthenticated, err)
	expect("refused again and again", 0, fault.Unauthenticated, flood())
	i.at.Advance(6 * time.Second)
	i.refuses.Store(false)
	_, err = a.Authenticate(t.Context(), alice)
	expect("accepted again", 1, fault.Unknown, err)
	i.at.Advance(61 * time.Second)
	i.down.Store(true)
	_, err = a.Authenticate(t.Context(), alice)
	expect("out of reach", 0, fault.Unavailable, err)
	i.down.Store(false)
	expect("a moment later", 0, fault.Unavailable, flood())
	i.at.Advance(3 * time.Second)
	_, err = a.Authenticate(t.Context(), alice)
	expect("back", 1, fault.Unknown, err)
}
