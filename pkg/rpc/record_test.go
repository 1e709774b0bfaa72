package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
)

const records = `text: "Jane" items { item_id: "i-1" family_name: "Citizen" } items { item_id: "i-2" family_name: "Citizen" }`

// reading is a world whose methods are about an object and show items.
func reading(t *testing.T, l *ledger, e *echo, object string) *world {
	t.Helper()
	return start(t, e, func(o *rpc.Options) {
		l.into(o)
		o.Table = maps.Clone(o.Table)
		for _, m := range []string{echoMethod, watchMethod, chatMethod} {
			rule := o.Table[m]
			rule.Reads, rule.Object, rule.Shown = true, object, "items.item_id"
			o.Table[m] = rule
		}
	})
}

func TestReadsAreOnRecordBeforeTheyAreAnswered(t *testing.T) {
	t.Parallel()
	for object, c := range map[string]struct{ in, want, action string }{
		"crn":           {`crn: "204000007X"`, "customer/c-of-X", "customer.read"},
		"submission_id": {`submission_id: "0192-abc"`, "submission/0192-abc", "submission.read"},
		"report_date":   {`report_date: "2026-11-23"`, "report/2026-11-23", "report.read"},
		"item.item_id":  {`item { item_id: "i-7" }`, "item/i-7", "item.read"},
		"text":          {`text: "Jane"`, "text/c-of-e", "text.read"},
		"authority_id":  {``, "", "record.read"},
	} {
		l := &ledger{}
		w := reading(t, l, &echo{unary: func(context.Context, proto.Message) (proto.Message, error) { return answer(t, records), nil }}, object)
		if _, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, c.in)); f != nil {
			t.Fatalf("%s: %+v", object, f)
		}
		got := l.all()
		if len(got) != 1 || got[0].Action != c.action || got[0].Object != c.want || got[0].Result != audit.Done || got[0].actor != "authority:frc" ||
			"/"+got[0].method != echoMethod || !maps.Equal(got[0].Detail, map[string]string{"count": "2", "shown": "i-1,i-2"}) {
			t.Errorf("%s: %+v", object, got)
		}
		l.fail()
		out, f := call(t.Context(), w.dial(t, frc), echoMethod, request(t, c.in))
		if f == nil || f.Kind != fault.Unavailable || f.Reason != "AUDIT_UNAVAILABLE" || f.RetryAfter == 0 || field(out, "text") != "" || strings.Contains(f.Error(), "disk") {
			t.Errorf("%s, without a record: %v %+v", object, out, f)
		}
	}
}

func TestStreamsAreOnRecordBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	e := &echo{stream: func(_ proto.Message, ss grpc.ServerStream) error {
		for i := range 150 {
			left := ss.SendMsg(answer(t, fmt.Sprintf(`items { item_id: "i-%d" }`, i))) == nil
			if !left {
				break // a handler that swallows the error
			}
			if i == 0 && len(l.all()) != 1 || i == 100 && len(l.all()) != 2 {
				t.Errorf("message %d left before its entry", i)
			}
		}
		return nil
	}}
	w := reading(t, l, e, "crn")
	watch := func() (n int, err error) {
		s, err := w.dial(t, frc).NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, watchMethod)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.SendMsg(request(t, `crn: "204000007X"`)), s.CloseSend()); err != nil {
			t.Fatal(err)
		}
		for {
			switch err := s.RecvMsg(responseType.New().Interface()); {
			case errors.Is(err, io.EOF):
				return n, nil
			case err != nil:
				return n, err
			}
			n++
		}
	}
	if n, err := watch(); n != 150 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	got := l.all()
	if len(got) != 3 || got[0].Object != "customer/c-of-X" || got[0].Detail["shown"] != "i-0" ||
		got[1].Detail["count"] != "100" || strings.Count(got[1].Detail["shown"], ",") != 99 || got[2].Detail["count"] != "49" {
		t.Errorf("%+v", got)
	}
	l.fail()
	var f *fault.Error
	if n, err := watch(); n != 0 || !errors.As(rpc.Fault(err), &f) || f.Reason != "AUDIT_UNAVAILABLE" {
		t.Errorf("without a record: %d messages, %v", n, err)
	}
}

func TestRefusalsAreOnRecord(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	e := &echo{unary: func(ctx context.Context, m proto.Message) (proto.Message, error) {
		switch field(m, "text") {
		case "restricted":
			return nil, fault.New(fault.Precondition, "RESTRICTED_ACCESS", "no")
		case "foreign":
			return nil, fault.New(fault.NotFound, "SUBMISSION_NOT_FOUND", "no")
		case "late":
			return nil, fault.New(fault.Precondition, "ALREADY_DECIDED", "no")
		}
		return response(ctx, ""), nil
	}}
	w := reading(t, l, e, "submission_id")
	big := raw("\x0a\x80\x80\x14" + strings.Repeat("x", 320<<10))
	for _, c := range []struct {
		token  string
		in     proto.Message
		reason string
		object string
	}{
		{"", request(t, ""), "CREDENTIALS_MISSING", ""},
		{"rubbish", request(t, ""), "CREDENTIALS_INVALID", ""},
		{"dev.person.alice.officer", request(t, ""), "METHOD_DENIED", ""},
		{frc, request(t, `text: "restricted" submission_id: "s-1"`), "RESTRICTED_ACCESS", "submission/s-1"},
		{frc, request(t, `text: "foreign" submission_id: "s-2"`), "SUBMISSION_NOT_FOUND", "submission/s-2"},
		{frc, request(t, `authority_id: "nt-cp" submission_id: "s-3"`), "AUTHORITY_MISMATCH", "submission/s-3"},
		{frc, raw("\x0a\xff"), "MESSAGE_INVALID", ""},
		{frc, big, "MESSAGE_TOO_LARGE", ""},
		{frc, request(t, `text: "late"`), "", ""},
		{frc, request(t, `item { percent: 101 }`), "", ""},
	} {
		before := len(l.all())
		_, f := call(t.Context(), w.dial(t, c.token), echoMethod, c.in)
		if f == nil {
			t.Errorf("%s: not refused", c.reason)
			continue
		}
		got := l.all()[before:]
		if c.reason == "" {
			if len(got) != 0 {
				t.Errorf("%s is on record: %+v", f.Reason, got)
			}
			continue
		}
		if len(got) != 1 || got[0].Action != "call.refused" || got[0].Result != audit.Refused || got[0].Reason != c.reason || got[0].Object != c.object || "/"+got[0].method != echoMethod {
			t.Errorf("%s: %+v", c.reason, got)
			continue
		}
		if known := strings.HasPrefix(c.token, "dev."); known == (got[0].actor == "nobody:") || known == (got[0].Detail["peer"] == "127.0.0.1") {
			t.Errorf("%s: actor %s, %v", c.reason, got[0].actor, got[0].Detail)
		}
	}
	if n := value(t, w, "noticehub_rpc_refusals_total"); n != 8 {
		t.Errorf("%v refusals are counted", n)
	}
	l.fail()
	if _, f := call(t.Context(), w.dial(t, ""), echoMethod, request(t, "")); f == nil || f.Reason != "CREDENTIALS_MISSING" {
		t.Errorf("a refusal that cannot be recorded: %+v", f)
	}
	if !strings.Contains(w.log.String(), "could not be recorded") {
		t.Error("that a refusal is not on record is not in the log")
	}
}

// Somebody who hangs up at once is on record too.
func TestRefusalsOfThoseWhoHangUp(t *testing.T) {
	t.Parallel()
	l := &ledger{}
	entered := make(chan struct{})
	w := reading(t, l, &echo{unary: func(ctx context.Context, _ proto.Message) (proto.Message, error) {
		close(entered)
		<-ctx.Done()
		return nil, fault.New(fault.Denied, "NOT_YOURS", "no")
	}}, "crn")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-entered
		cancel()
	}()
	_, _ = call(ctx, w.dial(t, frc), echoMethod, request(t, ""))
	for deadline := time.Now().Add(30 * time.Second); !slices.Contains(l.refusals(), "NOT_YOURS"); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("not on record")
		}
	}
}

func TestMasks(t *testing.T) {
	t.Parallel()
	const whole = `text: "Jane" items { item_id: "i-1" family_name: "Citizen" inner { family_name: "Doe" } } by_name { key: "k" value { family_name: "Roe" item_id: "i-3" } }`
	kept := answer(t, whole)
	e := &echo{
		unary: func(context.Context, proto.Message) (proto.Message, error) { return kept, nil },
		stream: func(_ proto.Message, ss grpc.ServerStream) error {
			return errors.Join(ss.SendMsg(kept), ss.SendMsg(kept))
		},
	}
	w := start(t, e, func(o *rpc.Options) {
		rule := identity.Rule{
			Kinds: []identity.Kind{identity.Person, identity.Authority}, Roles: []string{"officer", "auditor", "clerk", "supervisor"},
			Masks: map[string][]string{
				"auditor": {"text", "items.family_name", "items.inner.family_name", "by_name.family_name"},
				"clerk":   {"text", "by_name"},
				"stray":   {"caller"},
			},
		}
		o.Table = identity.Table{echoMethod: rule, watchMethod: rule}
	})
	for token, want := range map[string]string{
		frc:                        whole,
		"dev.person.alice.officer": whole,
		"dev.person.alice.auditor": `items { item_id: "i-1" inner {} } by_name { key: "k" value { item_id: "i-3" } }`,
		"dev.person.alice.clerk":   `items { item_id: "i-1" family_name: "Citizen" inner { family_name: "Doe" } }`,
		// What one of the roles shows is shown; a role that lets nobody in shows nothing more.
		"dev.person.alice.auditor+clerk":      `items { item_id: "i-1" family_name: "Citizen" inner { family_name: "Doe" } } by_name { key: "k" value { family_name: "Roe" item_id: "i-3" } }`,
		"dev.person.alice.auditor+stray":      `items { item_id: "i-1" inner {} } by_name { key: "k" value { item_id: "i-3" } }`,
		"dev.person.alice.auditor+supervisor": whole,
	} {
		c := w.dial(t, token)
		if out, f := call(t.Context(), c, echoMethod, request(t, "")); f != nil || !proto.Equal(out, answer(t, want)) {
			t.Errorf("%s: %v %+v", token, out, f)
		}
		s, err := c.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true}, watchMethod)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(s.SendMsg(request(t, "")), s.CloseSend()); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			out := responseType.New().Interface()
			if err := s.RecvMsg(out); err != nil || !proto.Equal(out, answer(t, want)) {
				t.Errorf("%s, stream: %v %v", token, out, err)
			}
		}
	}
	if !proto.Equal(kept, answer(t, whole)) {
		t.Error("the handler's own message was changed")
	}
}

func TestPathsOfRulesAreChecked(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]identity.Rule{
		"nonsense":       {Masks: map[string][]string{"auditor": {"items.nonsense"}}},
		"goes on below":  {Masks: map[string][]string{"auditor": {"text.x"}}},
		"has no field":   {Object: "customer"},
		"is not one":     {Object: "more.item_id"},
		"object item is": {Object: "item"},
		"shown items is": {Shown: "items"},
		"\"gone\"":       {Shown: "items.gone"},
	} {
		s, err := rpc.NewServer(rpc.Options{Telemetry: start(t, &echo{}, nil).tel, Authenticator: identity.Development(), Table: identity.Table{echoMethod: rule}})
		if err != nil {
			t.Fatal(err)
		}
		s.RegisterService(desc(), &echo{})
		if err := s.Serve(t.Context(), rpc.Listeners{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), echoMethod) {
			t.Errorf("%s: Serve = %v", want, err)
		}
	}
}
