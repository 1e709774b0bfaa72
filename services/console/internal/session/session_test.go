package session_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/services/console/internal/session"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestWhenASessionIsOver(t *testing.T) {
	t.Parallel()
	l := session.Lifetimes{Idle: 15 * time.Minute, Absolute: 8 * time.Hour}
	for _, c := range []struct {
		used, now time.Duration
		want      session.Over
	}{
		{0, 0, session.Lives},
		{0, 15*time.Minute - 1, session.Lives},
		{0, 15 * time.Minute, session.Idle},
		{8*time.Hour - time.Minute, 8*time.Hour - 1, session.Lives},
		{8*time.Hour - time.Minute, 8 * time.Hour, session.Absolute},
		{0, 9 * time.Hour, session.Absolute},
	} {
		x := session.Session{Started: noon, Used: noon.Add(c.used)}
		if got := l.Over(x, noon.Add(c.now)); got != c.want {
			t.Errorf("used at %v, now %v: %q", c.used, c.now, got)
		}
	}
}

func TestOnlyTheHubsRolesAreKnown(t *testing.T) {
	t.Parallel()
	if got := session.Known([]string{"supervisor", "root", "auditor", "supervisor", "Officer"}); !slices.Equal(got, []string{"auditor", "supervisor"}) {
		t.Errorf("%q", got)
	}
}

func TestTokensAreSealedForTheirSession(t *testing.T) {
	t.Parallel()
	sealer, err := session.NewSealer([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	one, two := clock.NewID(noon), clock.NewID(noon)
	want := session.Tokens{Access: "a", Refresh: "r", Expires: noon}
	sealed, err := sealer.Seal(one, want)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := sealer.Open(one, sealed); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	again, _ := sealer.Seal(one, want)
	if slices.Equal(again, sealed) {
		t.Error("sealing twice gives the same")
	}
	if _, err := sealer.Open(two, sealed); err == nil {
		t.Error("they open in another session")
	}
	for i := range sealed {
		altered := slices.Clone(sealed)
		altered[i] ^= 1
		if _, err := sealer.Open(one, altered); err == nil {
			t.Fatalf("altered at %d they open", i)
		}
	}
	if _, err := session.NewSealer([]byte("short")); err == nil {
		t.Error("a short key was taken")
	}
	if _, err := sealer.Open(one, nil); err == nil {
		t.Error("nothing opens")
	}
}

func FuzzFind(f *testing.F) {
	token := session.NewToken().Encoded()
	for _, seed := range []string{
		"", ";", "=", session.Cookie, session.Cookie + "=", session.Cookie + "=" + token, "a=b; " + session.Cookie + "=" + token + "; c",
		session.Cookie + "=" + token + ";" + session.Cookie + "=" + token, session.Cookie + "=" + token + "=", session.Cookie + `="` + token + `"`,
		"x" + session.Cookie + "=" + token, session.Cookie + "=" + token[:42] + "\n", strings.Repeat("; ", 5000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, found, valid := session.Find(header, session.Cookie)
		if valid && !found || !valid && got != (session.Token{}) {
			t.Fatalf("%q: %v %v", header, found, valid)
		}
		if !valid {
			return
		}
		if strings.Count(header, got.Encoded()) < 1 || len(header) > 8<<10 {
			t.Fatalf("%q holds no such token", header)
		}
		// A second one, wherever it stands, makes it invalid.
		for _, two := range []string{header + ";" + session.Cookie + "=x", session.Cookie + "=" + token + ";" + header} {
			if _, _, valid := session.Find(two, session.Cookie); valid {
				t.Fatalf("%q has two and is valid", two)
			}
		}
	})
}

func TestLocalPaths(t *testing.T) {
	t.Parallel()
	for _, good := range []string{"/", "/queue", "/queue?reason=A&page=2", "/items/217Q1", "/a-b_c.d~e", "/q?x=%2F%2Fevil"} {
		if !session.LocalPath(good) {
			t.Errorf("%q is refused", good)
		}
	}
	for _, bad := range []string{
		"", "queue", "//evil.example", "///evil", `/\evil`, `/\/evil`, "/a//b", "/%2f%2fevil", "/%5cevil", "/../x", "/a/..", "/a/%2e%2e/b", "/./evil", "https://evil", "javascript:alert(1)",
		"/a\n", "/a\tb", "/a%0d%0aX", "/ü", "/a b", "/a#b", `/a"b`, "/a'b", "/<x>", "/signin", "/signin/callback", "/signout", "/" + strings.Repeat("a", 512), "/a;b", "/%zz",
	} {
		if session.LocalPath(bad) {
			t.Errorf("%q is taken", bad)
		}
	}
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "/queue?a=b", "//x", "/\\x", "/%2e%2e/x", "/a:b", "/:80/", "/@evil", "/.//x"} {
		f.Add(seed)
	}
	base, _ := url.Parse("https://console.example/signin/callback")
	f.Fuzz(func(t *testing.T, path string) {
		if !session.LocalPath(path) {
			return
		}
		// However it is read, as it is or after one more decoding or cleaning, it stays here.
		unescaped, _ := url.PathUnescape(strings.SplitN(path, "?", 2)[0])
		for _, read := range []string{path, strings.ReplaceAll(path, `\`, "/"), strings.SplitN(path, "?", 2)[0], (&url.URL{Path: unescaped}).String()} {
			u, err := base.Parse(read)
			if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || strings.HasPrefix(u.Path, "//") {
				t.Fatalf("%q as %q leads to %v, %v", path, read, u, err)
			}
		}
		if strings.ContainsAny(path, "\r\n\t\\\"'<>; ") {
			t.Fatalf("%q could leave its header", path)
		}
	})
}
