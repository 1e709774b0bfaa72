package console_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	workitemv1 "github.com/noticehub/noticehub/proto/noticehub/workitem/v1"
	"github.com/noticehub/noticehub/services/internal/access"
)

// watched is a service with a stream that tells nothing new.
type watched struct {
	workitemv1.UnimplementedWorkItemServiceServer
}

func (watched) WatchWorkItems(_ *workitemv1.WatchWorkItemsRequest, s grpc.ServerStreamingServer[workitemv1.WatchWorkItemsResponse]) error {
	if err := s.Send(&workitemv1.WatchWorkItemsResponse{}); err != nil {
		return err
	}
	<-s.Context().Done()
	return s.Context().Err()
}

const watchPath = "/noticehub.workitem.v1.WorkItemService/WatchWorkItems"

// streams serves a stream to whom the console lets in, and asks again about open
// ones as often as it can. It returns what opens one, which tells its end.
func (w *world) streams() func(b *browser) (body <-chan string) {
	w.t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	server, err := rpc.NewServer(rpc.Options{
		Telemetry: telemetry.Discard(), Table: access.Table(workitemv1.WorkItemService_ServiceDesc.ServiceName), Name: "hub",
		Authenticator: w.service.Authenticator(), Recheck: 5 * time.Millisecond,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	workitemv1.RegisterWorkItemServiceServer(server, watched{})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, rpc.Listeners{HTTP: listener}) }()
	w.t.Cleanup(func() { cancel(); <-done })
	return func(b *browser) <-chan string {
		w.t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listener.Addr().String()+watchPath, strings.NewReader("\x00\x00\x00\x00\x00"))
		if err != nil {
			w.t.Fatal(err)
		}
		for name, value := range map[string]string{
			"Content-Type": "application/connect+proto", "Connect-Protocol-Version": "1", "Cookie": b.header(), "Origin": w.origin, "Sec-Fetch-Site": "same-origin",
		} {
			r.Header.Set(name, value)
		}
		opened, end := make(chan error, 1), make(chan string, 1)
		go func() {
			got, err := http.DefaultClient.Do(r)
			if err != nil {
				opened <- err
				return
			}
			defer got.Body.Close()
			first := make([]byte, 5)
			if _, err := io.ReadFull(got.Body, first); err != nil || string(first) != "\x00\x00\x00\x00\x00" {
				opened <- fmt.Errorf("%s %q: %w", got.Status, first, err)
				return
			}
			opened <- nil
			rest, _ := io.ReadAll(got.Body)
			end <- string(rest)
		}()
		if err := <-opened; err != nil {
			w.t.Fatal(err)
		}
		return end
	}
}

// goesOn says that a stream is open after it was asked about again.
func goesOn(t *testing.T, what string, end <-chan string) {
	t.Helper()
	select {
	case rest := <-end:
		t.Errorf("%s: it ended with %q", what, rest)
	case <-time.After(100 * time.Millisecond):
	}
}

// ends says that a stream ends, and with which reason.
func ends(t *testing.T, what string, end <-chan string, reason string) {
	t.Helper()
	select {
	case rest := <-end:
		if !strings.Contains(rest, reason) {
			t.Errorf("%s: it ended with %q, not %s", what, rest, reason)
		}
	case <-time.After(20 * time.Second):
		t.Errorf("%s: it goes on", what)
	}
}

// A page that nobody looks at keeps its streams open, and opens them again; the
// session is over after 15 minutes all the same, and the streams with it.
func TestAStreamKeepsNoSessionAlive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.streams()
	left, used := w.browser(), w.browser()
	left.signIn(avery)
	used.signIn(gray)
	nobody, somebody := open(left), open(used)
	for minute := range 14 {
		// The provider is asked meanwhile: a role that is taken away ends the stream.
		for range 2 {
			w.clock.Advance(30 * time.Second)
			goesOn(t, "unused for less than 15 minutes", nobody)
			goesOn(t, "in use", somebody)
		}
		if minute%5 == 4 {
			open(left)
		}
		if _, err := w.who(used); err != nil {
			t.Fatal(err)
		}
	}
	var late bool
	if err := w.pool.QueryRow(t.Context(), "SELECT checked_at > used_at + interval '13 minutes' FROM session WHERE person = $1", avery).Scan(&late); err != nil || !late {
		t.Errorf("the stream counted as use, or the provider was not asked: %v", err)
	}
	w.clock.Advance(time.Minute)
	ends(t, "unused for 15 minutes", nobody, "SESSION_OVER")
	goesOn(t, "in use for 15 minutes", somebody)
	w.audited("service:console session.expired done IDLE")
	if _, err := w.who(left); err == nil {
		t.Error("the session goes on")
	}
}

// The use of a session right after its stream was asked about counts.
func TestAUseBesideAStreamCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.streams()
	b := w.browser()
	b.signIn(avery)
	stream := open(b)
	for range 2 {
		for range 20 {
			w.clock.Advance(30 * time.Second)
			time.Sleep(20 * time.Millisecond)
		}
		if _, err := w.who(b); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(10 * time.Minute)
	goesOn(t, "used 10 minutes ago", stream)
}

// Whatever ends a session ends its streams within a minute, in every process.
func TestAStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := w.streams()
	for reason, end := range map[string]func(b *browser, person string){
		"SESSION_OVER": func(b *browser, _ string) {
			b.send("POST", "/signout", nil, "Origin", w.origin, "Sec-Fetch-Site", "same-origin")
		},
		"CALLER_CHANGED": func(_ *browser, person string) {
			if err := w.provider.SetRoles(person, "officer", "supervisor"); err != nil {
				t.Fatal(err)
			}
		},
		"METHOD_DENIED": func(_ *browser, person string) {
			if err := w.provider.SetRoles(person, "administrator"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		b := w.browser()
		b.signIn(avery)
		stream := open(b)
		goesOn(t, reason, stream)
		end(b, avery)
		w.clock.Advance(31 * time.Second)
		ends(t, reason, stream, reason)
		if err := w.provider.SetRoles(avery, "contact-officer"); err != nil {
			t.Fatal(err)
		}
	}
	// Ended by another process, of which this one hears nothing.
	b := w.browser()
	b.signIn(gray)
	stream := open(b)
	if _, err := w.pool.Exec(t.Context(), "DELETE FROM session"); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(5 * time.Second)
	ends(t, "ended elsewhere", stream, "SESSION_OVER")
}
