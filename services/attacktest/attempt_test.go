//go:build attack

package attacktest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
)

// attack is one case of the attack list.
type attack struct {
	number int
	name   string
	// record is the action and reason of the audit entry the case leaves, such as
	// "call.refused METHOD_DENIED"; noRecord says why there is none.
	record, noRecord string
	// lodges says that the attacker lodges submissions, as it may: then business
	// tables change, and the case itself asserts that nothing else does.
	lodges bool
	run    func(a *attempt)
}

// attempt is one attack under way.
type attempt struct {
	*testing.T
	*world
	ctx context.Context

	mu    sync.Mutex
	heard bytes.Buffer // everything the attacker was answered
}

// hear notes what the attacker was answered.
func (a *attempt) hear(p []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard.Write(p)
	a.heard.WriteByte('\n')
}

// hostile is a connection of the attacker's: what it is answered is looked at.
func (a *attempt) hostile(c identity.Caller) grpc.ClientConnInterface {
	conn, err := a.as(c)
	if err != nil {
		a.Fatal(err)
	}
	return &listening{conn, a}
}

// honest is a connection of somebody who may see what there is: answers are not
// looked at.
func (a *attempt) honest(c identity.Caller) grpc.ClientConnInterface {
	a.Helper()
	conn, err := a.as(c)
	if err != nil {
		a.Fatal(err)
	}
	return conn
}

type listening struct {
	grpc.ClientConnInterface
	a *attempt
}

func (l *listening) Invoke(ctx context.Context, method string, in, out any, o ...grpc.CallOption) error {
	err := l.ClientConnInterface.Invoke(ctx, method, in, out, o...)
	l.a.answered(out, err)
	return err
}

func (l *listening) NewStream(ctx context.Context, d *grpc.StreamDesc, method string, o ...grpc.CallOption) (grpc.ClientStream, error) {
	s, err := l.ClientConnInterface.NewStream(ctx, d, method, o...)
	if err != nil {
		l.a.answered(nil, err)
		return nil, err
	}
	return &listeningStream{s, l.a}, nil
}

type listeningStream struct {
	grpc.ClientStream
	a *attempt
}

func (s *listeningStream) RecvMsg(m any) error {
	err := s.ClientStream.RecvMsg(m)
	s.a.answered(m, err)
	return err
}

func (a *attempt) answered(out any, err error) {
	if err != nil {
		st := status.Convert(err)
		b, _ := proto.Marshal(st.Proto()) // of our own making
		a.hear(append(b, st.Message()...))
		return
	}
	if m, ok := out.(proto.Message); ok {
		b, _ := proto.Marshal(m)
		a.hear(b)
	}
}

// refused wants a call to be refused with a code and, unless "", a reason.
func (a *attempt) refused(what string, err error, code codes.Code, reason string) {
	a.Helper()
	if got := status.Code(err); got != code || reason != "" && reasonOf(err) != reason {
		a.Errorf("%s: %s %s (%v), want %s %s", what, got, reasonOf(err), err, code, reason)
	}
}

func reasonOf(err error) string {
	var f *fault.Error
	if e := rpc.Fault(err); e != nil && asFault(e, &f) {
		return f.Reason
	}
	return ""
}

func asFault(err error, into **fault.Error) bool {
	f, ok := err.(*fault.Error) //nolint:errorlint // rpc.Fault gives it bare
	*into = f
	return ok
}

// send makes a request by hand and returns status, headers and body.
func (a *attempt) send(r *http.Request) (int, http.Header, string) {
	a.Helper()
	client := &http.Client{Timeout: 10 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(r)
	if err != nil {
		return 0, http.Header{}, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
	if err != nil {
		a.Logf("the answer of %s was cut: %v", r.URL.Path, err)
	}
	a.hear(body)
	for name, values := range answer.Header {
		a.hear([]byte(name + ": " + strings.Join(values, ", ")))
	}
	return answer.StatusCode, answer.Header, string(body)
}

// request makes one, with headers in pairs.
func (a *attempt) request(method, path, body string, headers ...string) *http.Request {
	a.Helper()
	r, err := http.NewRequestWithContext(a.ctx, method, a.url("%s", path), strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func bearer(c identity.Caller) string { return "Bearer " + identity.DevelopmentToken(c) }

// business tables: everything but the courier's, the audit log and sessions.
const business = `SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname !~ '^(pg_|information_schema|audit$|public$|console$)'
	AND c.relname NOT IN ('outbox', 'inbox', 'parked', 'reconciled') AND c.relname !~ '^goose' ORDER BY 1`

// folded are counters whose rows are added up from time to time: their sums count.
var folded = map[string]string{
	"autoprocessing.queue_count": "(SELECT dimension, value, sum(n) FROM autoprocessing.queue_count GROUP BY 1, 2 HAVING sum(n) <> 0)",
	"workitems.work_item_count":  "(SELECT code, office, sum(open) FROM workitems.work_item_count GROUP BY 1, 2 HAVING sum(open) <> 0)",
	"workitems.assignee_count":   "(SELECT office, assignee, sum(open) FROM workitems.assignee_count GROUP BY 1, 2 HAVING sum(open) <> 0)",
	"workitems.day_count":        "(SELECT office, assigned, sum(open) FROM workitems.day_count GROUP BY 1, 2 HAVING sum(open) <> 0)",
}

// fingerprint is what the business tables hold: rows and a sum over their hashes.
func (w *world) fingerprint(ctx context.Context) (map[string]string, error) {
	rows, err := w.db.Query(ctx, business)
	if err != nil {
		return nil, err
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil || len(names) < 20 {
		return nil, fmt.Errorf("%d business tables: %w", len(names), err)
	}
	f := map[string]string{}
	for _, name := range names {
		var held string
		from := cmp.Or(folded[name], name)
		err := w.db.QueryRow(ctx, "SELECT count(*) || ' rows, ' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) FROM "+from+" t").Scan(&held)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		f[name] = held
	}
	return f, nil
}

func differs(a, b map[string]string) (tables []string) {
	for name, held := range a {
		if b[name] != held {
			tables = append(tables, fmt.Sprintf("%s (%s before, %s after)", name, held, b[name]))
		}
	}
	slices.Sort(tables)
	return tables
}

// rest waits until nothing changes any more and tells what the tables hold then.
func (w *world) rest(t testing.TB) map[string]string {
	t.Helper()
	var before map[string]string
	for range 150 {
		now, err := w.fingerprint(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && len(differs(before, now)) == 0 {
			return now
		}
		before = now
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatal("the hub does not come to rest")
	return nil
}

// moment is the database's time.
func (w *world) moment(t testing.TB) (at time.Time) {
	t.Helper()
	if err := w.db.QueryRow(context.Background(), "SELECT clock_timestamp()").Scan(&at); err != nil {
		t.Fatal(err)
	}
	return at
}

// entries counts the audit entries since then by action, and by action and reason.
func (w *world) entries(t testing.TB, since time.Time) map[string]int {
	t.Helper()
	rows, err := w.db.Query(context.Background(), "SELECT entries FROM audit.record WHERE recorded_at >= $1", since)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	counts := map[string]int{}
	for rows.Next() {
		var lines []byte
		if err := rows.Scan(&lines); err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(lines) {
			var e struct{ Action, Reason string }
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			counts[e.Action]++
			if e.Reason != "" {
				counts[e.Action+" "+e.Reason]++
			}
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return counts
}
