package console_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

// over says that a session lets nobody in any more.
func over(t *testing.T, what string, err error) {
	t.Helper()
	if fault.KindOf(err) != fault.Unauthenticated {
		t.Errorf("%s: %v", what, err)
	}
}

func TestASessionEndsByTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	idle, busy := w.browser(), w.browser()
	idle.signIn(avery)
	busy.signIn(gray)
	for range 32 { // 8 hours
		for range 5 {
			w.clock.Advance(3*time.Minute - time.Second)
			if _, err := w.who(busy); err != nil {
				t.Fatalf("in use at %s: %v", w.clock.Now(), err)
			}
		}
		busy.send("GET", "/session", nil)
	}
	_, err := w.who(idle)
	over(t, "not used", err)
	w.audited("service:console session.expired done IDLE")
	w.clock.Advance(3 * time.Minute)
	_, err = w.who(busy)
	over(t, "after 8 hours of use", err)
	w.audited("service:console session.expired done ABSOLUTE")
	if got := busy.send("GET", "/session", nil); got.StatusCode != http.StatusUnauthorized || w.sessions() != 0 {
		t.Errorf("%s, %d sessions", got.Status, w.sessions())
	}
}

func TestAskingHowLongDoesNotKeepASessionAlive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(avery)
	for range 15 {
		w.clock.Advance(59 * time.Second)
		if got := b.send("GET", "/session", nil); got.StatusCode != http.StatusOK {
			t.Fatal(got.Status)
		}
	}
	w.clock.Advance(15 * time.Second)
	_, err := w.who(b)
	over(t, "only asked about", err)
}

func TestUseIsWrittenDownAtMostEvery30Seconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(avery)
	begun := w.clock.Now()
	used := func() (at time.Time) {
		if err := w.pool.QueryRow(t.Context(), "SELECT used_at FROM session").Scan(&at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	for range 5 { // looked up again each time
		w.clock.Advance(5 * time.Second)
		if _, err := w.who(b); err != nil {
			t.Fatal(err)
		}
	}
	if at := used(); !at.Equal(begun) {
		t.Errorf("written down after 25 s: %s", at)
	}
	asked := w.asked.Load()
	w.clock.Advance(5 * time.Second)
	for range 100 {
		if _, err := w.who(b); err != nil {
			t.Fatal(err)
		}
	}
	if at := used(); !at.Equal(w.clock.Now()) || w.asked.Load() != asked+1 {
		t.Errorf("after 30 s: %s, asked %d times", at, w.asked.Load()-asked)
	}
}

func TestSweepEndsWhatNobodyUses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.browser().signIn(avery)
	w.browser().send("GET", "/signin", nil)
	w.clock.Advance(16 * time.Minute)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.service.Run(ctx) }()
	for end := time.Now().Add(20 * time.Second); w.sessions() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the session stays")
		}
	}
	cancel()
	<-done
	var attempts int
	if err := w.pool.QueryRow(t.Context(), "SELECT count(*) FROM attempt").Scan(&attempts); err != nil || attempts != 0 {
		t.Errorf("%d sign-ins under way, %v", attempts, err)
	}
	w.audited("service:console session.expired done IDLE")
}

func TestSigningOutAndTheftAfterwards(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b, thief := w.browser(), w.browser()
	other := w.replica()
	b.signIn(avery)
	thief.cookies[identity.SessionCookie] = b.cookies[identity.SessionCookie]
	if _, err := w.whoAt(other, thief); err != nil {
		t.Fatal(err)
	}
	got := b.send("POST", "/signout", nil, "Origin", w.origin, "Sec-Fetch-Site", "same-origin", "Accept", "text/html")
	if to := got.location(t); got.StatusCode != http.StatusSeeOther || !strings.Contains(to, "/end_session?") || !strings.Contains(to, "signed-out") || strings.Contains(to, "id_token") {
		t.Errorf("%s %s", got.Status, to)
	}
	if cleared := got.Header.Get("Clear-Site-Data"); cleared != `"cache", "cookies", "storage"` || b.cookies[identity.SessionCookie] != nil {
		t.Errorf("Clear-Site-Data is %q", cleared)
	}
	_, err := w.who(thief)
	over(t, "stolen, the same process", err)
	w.clock.Advance(5 * time.Second)
	_, err = w.whoAt(other, thief)
	over(t, "stolen, another process", err)
	w.audited("officer:" + avery + " session.signed-out done")
	if got := b.send("POST", "/signout", nil, "Origin", w.origin); got.StatusCode != http.StatusOK || !strings.Contains(got.body, `"signed_in":false`) {
		t.Errorf("again: %s %s", got.Status, got.body)
	}
	back := b.send("GET", b.send("GET", got.location(t), nil).location(t), nil)
	if back.StatusCode != http.StatusOK || !strings.Contains(back.body, "signed out") {
		t.Errorf("after the provider: %s %s", back.Status, back.body)
	}
	// The provider took its tokens back with the session.
	if n := len(w.entries()); n != 2 {
		t.Errorf("%d entries", n)
	}
}

func TestAPersonHasFiveSessions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all []*browser
	for range 6 {
		b := w.browser()
		b.signIn(avery)
		w.clock.Advance(time.Second)
		all = append(all, b)
	}
	_, err := w.who(all[0])
	over(t, "the sixth ends the first", err)
	for _, b := range all[1:] {
		if _, err := w.who(b); err != nil {
			t.Errorf("another one: %v", err)
		}
	}
	w.audited("service:console session.ended done LIMIT")
}

func TestARemovedRoleEndsWithin60Seconds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	one, two := w.browser(), w.browser()
	other := w.replica()
	one.signIn(gray)
	two.signIn(gray)
	roles := func() []string {
		c, err := w.who(one)
		if err != nil {
			t.Fatal(err)
		}
		second, err := w.whoAt(other, two)
		if err != nil || !slices.Equal(c.Roles, second.Roles) {
			t.Errorf("the browsers differ: %q, %q, %v", c.Roles, second.Roles, err)
		}
		return c.Roles
	}
	roles()
	if err := w.provider.SetRoles(gray, "officer", "supervisor"); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(35 * time.Second)
	if got := roles(); !slices.Equal(got, []string{"officer", "supervisor"}) {
		t.Errorf("a role more: %q", got)
	}
	if err := w.provider.SetRoles(gray, "officer"); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(59 * time.Second)
	if got := roles(); !slices.Equal(got, []string{"officer"}) {
		t.Errorf("59 s after a role less: %q", got)
	}
	w.audited("service:console session.roles-changed done")
	if err := w.provider.SetRoles(gray); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(59 * time.Second)
	_, err := w.who(one)
	over(t, "without any role", err)
	w.audited("service:console session.ended done ROLES_REMOVED")
}

func TestAClosedAccountIsOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(gray)
	if err := w.provider.Disable(gray, true); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(59 * time.Second)
	_, err := w.who(b)
	over(t, "closed", err)
	w.audited("service:console session.ended done PROVIDER_REFUSED")
}

func TestWithoutTheProviderNobodyGoesOnForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(gray)
	w.down.Store(true)
	w.clock.Advance(59 * time.Second)
	if _, err := w.who(b); err != nil {
		t.Errorf("59 s after its last word: %v", err)
	}
	w.clock.Advance(time.Second)
	for range 3 {
		if _, err := w.who(b); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("60 s after: %v", err)
		}
		w.clock.Advance(time.Second)
	}
	w.down.Store(false)
	w.clock.Advance(3 * time.Second)
	if c, err := w.who(b); err != nil || c.ID != gray {
		t.Errorf("when it is back: %+v, %v", c, err)
	}
}

func TestTokensAreRefreshed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.browser()
	b.signIn(avery)
	tokens := func() (sealed string) {
		if err := w.pool.QueryRow(t.Context(), "SELECT encode(tokens, 'hex') FROM session").Scan(&sealed); err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	before := tokens()
	w.clock.Advance(6 * time.Minute) // access tokens live for five
	if _, err := w.who(b); err != nil || tokens() == before {
		t.Errorf("not refreshed: %v", err)
	}
	// Two processes at once do not both use the one refresh token.
	w.clock.Advance(6 * time.Minute)
	replicas := []func() error{}
	for range 4 {
		s := w.replica()
		replicas = append(replicas, func() error { _, err := w.whoAt(s, b); return err })
	}
	answers := make(chan error, len(replicas))
	for _, ask := range replicas {
		go func() { answers <- ask() }()
	}
	for range replicas {
		if err := <-answers; err != nil {
			t.Errorf("at once: %v", err)
		}
	}
	// Tokens of another row, or of another key, do not open.
	if _, err := w.pool.Exec(t.Context(), "UPDATE session SET tokens = decode($1, 'hex')", before[:len(before)-2]+"00"); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	_, err := w.who(b)
	over(t, "with altered tokens", err)
}
