package rpc_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/rpc"
)

// send makes one HTTP request with the token of frc; header lines are "Name: value".
func (w *world) send(t *testing.T, method, path, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, w.http+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+frc)
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(content), answer.Header
}

const asJSON = "Content-Type: application/json"

func TestREST(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	for _, c := range []struct {
		method, path, body string
		code               int
		want               string
	}{
		{"POST", "/v1/echo", `{"text":"hi","item":{"familyName":"Citizen"}}`, 200, `"text":"hi"`},
		{"POST", "/v1/echo", `{"text":"hi","item":{"family_name":"Citizen"}}`, 200, `"caller":"authority:frc"`},
		{"POST", "/v1/named/hello:echo", `{}`, 200, `"text":"hello"`},
		{"GET", "/v1/echo/hello?item.percent=3", "", 200, `"text":"hello"`},
		{"GET", "/v1/echo/hello", "a body without meaning", 200, `"text":"hello"`},
		{"GET", "/v1/echo/hello?item.percent=101", "", 400, `item.percent`},
		{"GET", "/v1/echo/hello?nonsense=1", "", 400, `nonsense`},
		{"GET", "/v1/echo/hello?item.percent=x", "", 400, `item.percent`},
		{"POST", "/v1/echo", `{"item":{"percent":101}}`, 400, `"field":"item.percent"`},
		{"POST", "/v1/echo", `{"item":{"inner":{"nope":1}}}`, 400, `"field":"item.inner.nope"`},
		{"POST", "/v1/echo", `{"more":[{},{"nope":1}]}`, 400, `"field":"more[1].nope"`},
		{"POST", "/v1/echo", `{"byName":{"k":{"nope":1}}}`, 400, `"field":"by_name[\"k\"].nope"`},
		{"POST", "/v1/named/hello:echo", `{"item":{"nope":1}}`, 400, `"field":"item.nope"`},
		{"POST", "/v1/echo", `{"item":{"percent":"Jane Citizen"}}`, 400, `line 1, column 20`},
		{"POST", "/v1/echo", `{"text":"\ud800"}`, 400, `MISTAKE`},
		{"POST", "/v1/echo", "\ufeff{}", 400, `MISTAKE`},
		{"POST", "/v1/echo", "{\"text\":\"\xff\"}", 400, `MISTAKE`},
		{"POST", "/v1/echo", `{"text":"a","text":"b"}`, 400, `MISTAKE`},
		{"POST", "/v1/echo", `not json`, 400, `MISTAKE`},
		{"POST", "/v1/echo", strings.Repeat(`{"item":`, 15000), 400, `MISTAKE`},
		{"GET", "/v1/echo/%ff", ``, 400, `REQUEST_INVALID`},
		{"GET", "/v1/echo/a?text=%ff", ``, 400, `REQUEST_INVALID`},
		{"DELETE", "/v1/echo", ``, 405, ``},
		{"GET", "/v1/nothing", ``, 404, ``},
	} {
		code, got, header := w.send(t, c.method, c.path, c.body, asJSON)
		got = strings.ReplaceAll(got, `": `, `":`)
		got = strings.ReplaceAll(got, "JSON_INVALID", "MISTAKE")
		if code != c.code || !strings.Contains(got, c.want) || strings.Contains(got, "Jane") {
			t.Errorf("%s %s %.40s: %d %s", c.method, c.path, c.body, code, got)
		}
		if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s %s: headers %v", c.method, c.path, header)
		}
	}
	if code, got, _ := w.send(t, "POST", "/v1/echo", "{}", asJSON, "Authorization: "); code != 401 || !strings.Contains(got, "CREDENTIALS_MISSING") {
		t.Errorf("without credentials: %d %s", code, got)
	}
	if code, got, _ := w.send(t, "POST", "/v1/echo", "{}", asJSON, "Authorization: Bearer dev.person.alice"); code != 403 || !strings.Contains(got, "METHOD_DENIED") {
		t.Errorf("denied: %d %s", code, got)
	}
}

func TestConnect(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	for name, header := range map[string][]string{
		"as the protocol says": {asJSON, "Connect-Protocol-Version: 1"},
		"plain curl":           {"Content-Type: application/json; charset=utf-8"},
	} {
		if code, got, _ := w.send(t, "POST", echoMethod, `{"text":"hi"}`, header...); code != 200 || !strings.Contains(got, `"hi"`) {
			t.Errorf("%s: %d %s", name, code, got)
		}
		code, got, _ := w.send(t, "POST", echoMethod, `{"item":{"percent":101}}`, header...)
		var answer struct {
			Code    string
			Details []struct{ Type string }
		}
		if err := json.Unmarshal([]byte(got), &answer); err != nil || code != 400 || answer.Code != "invalid_argument" || len(answer.Details) != 3 || answer.Details[0].Type != "google.rpc.ErrorInfo" {
			t.Errorf("%s: %d %s", name, code, got)
		}
	}
	binaryBody, err := proto.Marshal(request(t, `text: "hi"`))
	if err != nil {
		t.Fatal(err)
	}
	if code, got, _ := w.send(t, "POST", echoMethod, string(binaryBody), "Content-Type: application/proto"); code != 200 || !strings.Contains(got, "hi") {
		t.Errorf("protobuf: %d %q", code, got)
	}
	// A server stream; its end is a last envelope with flag 2.
	code, got, _ := w.send(t, "POST", watchMethod, envelope(`{"text":"seen"}`), "Content-Type: application/connect+json")
	if code != 200 || !strings.Contains(got, `"seen"`) || !strings.Contains(got, "\x02\x00\x00\x00\x03{}") {
		t.Errorf("a stream: %d %q", code, got)
	}
	code, got, _ = w.send(t, "POST", watchMethod, envelope(`{"item":{"nope":1}}`), "Content-Type: application/connect+json")
	if code != 200 || !strings.Contains(got, `"invalid_argument"`) || !strings.Contains(got, "item.nope") {
		t.Errorf("a stream with a bad request: %d %q", code, got)
	}
}

// envelope is a message of a stream: flags, length, content.
func envelope(content string) string {
	return string(binary.BigEndian.AppendUint32([]byte{0}, uint32(len(content)))) + content
}

func TestGRPCWeb(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	in, err := proto.Marshal(request(t, `text: "hi"`))
	if err != nil {
		t.Fatal(err)
	}
	code, got, _ := w.send(t, "POST", echoMethod, envelope(string(in)), "Content-Type: application/grpc-web+proto", "X-Grpc-Web: 1")
	if code != 200 || !strings.Contains(got, "hi") || !strings.Contains(strings.ToLower(got), "grpc-status: 0") {
		t.Errorf("%d %q", code, got)
	}
	code, got, header := w.send(t, "POST", echoMethod, envelope("\x12\x02\x10\x65"), "Content-Type: application/grpc-web+proto") // item.percent: 101
	if all := got + header.Get("Grpc-Message"); code != 200 || !strings.Contains(all, "item.percent") {
		t.Errorf("%d %q %v", code, got, header)
	}
}

func TestGRPCOnTheHTTPPort(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	c := dial(t, strings.TrimPrefix(w.http, "http://"), frc, w.tel)
	if out, f := call(t.Context(), c, echoMethod, request(t, `text: "hi"`)); f != nil || field(out, "text") != "hi" {
		t.Errorf("%v %+v", out, f)
	}
	_, f := call(t.Context(), c, echoMethod, request(t, "item { percent: 101 }"))
	if f == nil || f.Kind != fault.Invalid || len(f.Fields) != 1 || f.Help == "" {
		t.Errorf("%+v", f)
	}
	if _, f := call(t.Context(), c, echoMethod, request(t, `text: "hi"`), grpc.UseCompressor("gzip")); f != nil {
		t.Errorf("compressed: %+v", f)
	}
	chat, err := c.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, chatMethod)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		out := responseType.New().Interface()
		if err := chat.SendMsg(request(t, `text: "x"`)); err != nil {
			t.Fatal(err)
		}
		if err := chat.RecvMsg(out); err != nil || field(out, "text") != "x" {
			t.Fatalf("%v %v", out, err)
		}
	}
}

func TestTooLargeBodies(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	big := `{"text":"` + strings.Repeat("x", 256<<10) + `"}`
	if code, got, _ := w.send(t, "POST", "/v1/echo", big, asJSON); code != 413 || !strings.Contains(got, "MESSAGE_TOO_LARGE") {
		t.Errorf("REST: %d %s", code, got)
	}
	if code, got, _ := w.send(t, "POST", echoMethod, big, asJSON); code != 429 || !strings.Contains(got, "resource_exhausted") {
		t.Errorf("Connect: %d %s", code, got)
	}
	code, got, _ := w.send(t, "POST", watchMethod, envelope(big), "Content-Type: application/connect+json")
	if code != 200 || !strings.Contains(got, "resource_exhausted") {
		t.Errorf("Connect stream: %d %s", code, got)
	}
	if code, got, h := w.send(t, "POST", echoMethod, envelope(big), "Content-Type: application/grpc-web+proto"); code != 200 || !strings.Contains(got+h.Get("Grpc-Status"), "8") {
		t.Errorf("gRPC-Web: %d %s %v", code, got, h)
	}
	// Chunked, so that no length is declared.
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.http+"/v1/echo", io.MultiReader(strings.NewReader(big)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+frc)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("chunked: %s", answer.Status)
	}
}

func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{}, nil)
	for _, c := range []struct {
		body string
		code int
		want string
	}{
		{zip(t, `{"text":"hi"}`), 200, `"hi"`},
		{zip(t, `{"text":"`+strings.Repeat("x", 100<<20)+`"}`), 429, "MESSAGE_TOO_LARGE"},
		{"not gzip", 400, "COMPRESSION_INVALID"},
		{zip(t, `{"text":"hi"}`)[:20], 400, "COMPRESSION_INVALID"},
	} {
		code, got, _ := w.send(t, "POST", "/v1/echo", c.body, asJSON, "Content-Encoding: gzip")
		if code != c.code || !strings.Contains(got, c.want) {
			t.Errorf("%.10q: %d %s", c.body, code, got)
		}
	}
	if code, _, _ := w.send(t, "POST", "/v1/echo", "x", asJSON, "Content-Encoding: zstd"); code != 415 {
		t.Errorf("zstd: %d", code)
	}
}

func zip(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, s); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDetailsPassThroughREST(t *testing.T) {
	t.Parallel()
	w := start(t, &echo{unary: func(context.Context, proto.Message) (proto.Message, error) {
		return nil, fault.New(fault.Precondition, "REFERENCE_REUSED", "other content").WithMeta("id", "7").WithHelp("Use another reference.")
	}}, nil)
	code, got, _ := w.send(t, "POST", "/v1/echo", `{}`, asJSON)
	for _, want := range []string{"REFERENCE_REUSED", `"noticehub"`, `"7"`, "Use another reference."} {
		if code != 400 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s", want, code, got)
		}
	}
}

func TestExtraHandlers(t *testing.T) {
	t.Parallel()
	text := func(s string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, s) })
	}
	w := start(t, &echo{}, nil, func(s *rpc.Server) {
		s.Handle("/", text("the rest"))
		s.Handle("POST /v1/special", text("special"))
	})
	for path, want := range map[string]string{"/": "the rest", "/some/page.html": "the rest", "/v1/echo/x": `"text"`, "/readyz": "ready"} {
		if code, got, _ := w.send(t, "GET", path, ""); code != 200 || !strings.Contains(got, want) {
			t.Errorf("%s: %d %s", path, code, got)
		}
	}
	if _, got, _ := w.send(t, "POST", "/v1/special", strings.Repeat("x", 300<<10)); got != "special" {
		t.Errorf("special: %s", got)
	}
	if _, got, _ := w.send(t, "POST", "/form", "a=b", "Content-Type: application/x-www-form-urlencoded"); got != "the rest" {
		t.Errorf("a form: %s", got)
	}
}
