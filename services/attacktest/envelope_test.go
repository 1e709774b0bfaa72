//go:build attack

package attacktest

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

const submit = "/noticehub.intake.v1.IntakeService/Submit"

// envelopes are cases 17 to 21 and 28: messages that are too large, too deep or
// no messages, by hand on the gRPC port with the attacker's own certificate.
func envelopes() []attack {
	compressed := func(s string) string { return "\x01" + envelope(s)[1:] }
	return []attack{
		{number: 17, name: "large messages", record: "call.refused MESSAGE_TOO_LARGE", run: func(a *attempt) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a.raw("1 GiB declared", "\x00\x40\x00\x00\x00x", "", "8")
			a.raw("4 GiB declared", "\x00\xff\xff\xff\xffx", "", "8")
			a.raw("the limit and one byte", envelope(strings.Repeat("x", 256<<10+1)), "", "8")
			a.raw("4 MiB", envelope(strings.Repeat("x", 4<<20)), "", "8")
			runtime.ReadMemStats(&after)
			if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 256<<20 {
				a.Errorf("memory grew by %d MiB", grown>>20)
			}
		}},
		{number: 18, name: "compression bombs", record: "call.refused MESSAGE_TOO_LARGE", run: func(a *attempt) {
			bomb := zipped(a, strings.Repeat("\x00", 64<<20))
			a.raw("1:1000", compressed(bomb), "gzip", "8")
			a.raw("nested", compressed(zipped(a, bomb)), "gzip", "3", "8")
			a.raw("zstd", compressed("\x28\xb5\x2f\xfd"), "zstd", "12")
			a.raw("not compressed at all", compressed("x"), "gzip", "13", "3")
			code, _, body := a.send(a.request(http.MethodPost, "/v1/submissions", bomb, "Authorization", bearer(attacker), "Content-Type", "application/json", "Content-Encoding", "gzip"))
			if code != http.StatusRequestEntityTooLarge && code != http.StatusBadRequest && code != http.StatusTooManyRequests {
				a.Errorf("by REST: %d %.200s", code, body)
			}
		}},
		{number: 19, name: "deep, endless and broken protobuf", record: "call.refused MESSAGE_INVALID", run: func(a *attempt) {
			many := protowire.AppendTag(nil, 2, protowire.BytesType)
			many = protowire.AppendBytes(many, bytes.Repeat([]byte{1}, 200_000))
			for name, body := range map[string]string{
				"groups 10,001 deep": strings.Repeat("\x13", 10_001), "messages 10,001 deep": nested(10_001), "packed where none belongs": string(many),
				"end of a group": "\x14", "overlong varint": "\x12\x0c\x10" + strings.Repeat("\x80", 10) + "\x01", "field number 0": "\x00\x01",
				"cut": "\x0a\x7f", "unknown fields": string(protowire.AppendBytes(protowire.AppendTag(nil, 999, protowire.BytesType), []byte("x"))),
				"submission 20,000 times": strings.Repeat("\x0a\x00", 20_000),
			} {
				began := time.Now()
				a.raw(name, envelope(body), "", "3")
				if took := time.Since(began); took > 3*time.Second {
					a.Errorf("%s took %s", name, took)
				}
			}
			// 10 million elements do not fit the limit of a message.
			a.raw("10 M elements", envelope(strings.Repeat("\x01", 10<<20)), "", "8")
		}},
		{number: 21, name: "text that is none", record: "call.refused MESSAGE_INVALID", run: badText},
		{number: 28, name: "costly patterns", noRecord: "malformed fields are answered, not refusals of a right", run: costly},
	}
}

// raw makes a gRPC call with a body as it is.
func (a *attempt) raw(what, body, encoding string, want ...string) {
	a.Helper()
	got, text := a.rawStatus(body, "grpc-encoding", encoding)
	for _, w := range want {
		if got == w {
			return
		}
	}
	a.Errorf("%s: status %s (%s), want %v", what, got, text, want)
}

func (a *attempt) rawStatus(body string, headers ...string) (status, text string) {
	a.Helper()
	transport := &http.Transport{TLSClientConfig: a.config(), ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	r, err := http.NewRequestWithContext(a.ctx, http.MethodPost, "https://"+a.hub.GRPC()+submit, strings.NewReader(body))
	if err != nil {
		a.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	answer, err := (&http.Client{Transport: transport, Timeout: 10 * time.Second}).Do(r)
	if err != nil {
		return "none", err.Error()
	}
	defer answer.Body.Close()
	reply, err := io.ReadAll(answer.Body)
	a.hear(reply)
	status, text = answer.Trailer.Get("Grpc-Status"), answer.Trailer.Get("Grpc-Message")
	if status == "" {
		status, text = answer.Header.Get("Grpc-Status"), answer.Header.Get("Grpc-Message")
	}
	if status == "" && err != nil {
		return "none", err.Error()
	}
	a.hear([]byte(text))
	return status, text
}

func envelope(content string) string {
	n := len(content)
	return string([]byte{0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + content
}

func zipped(a *attempt, s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		a.Fatal(err)
	}
	if err := w.Close(); err != nil {
		a.Fatal(err)
	}
	return b.String()
}

// nested is a message with so many in it, each within the one before.
func nested(n int) string {
	var b []byte
	for range n {
		b = protowire.AppendBytes(protowire.AppendTag(nil, 10, protowire.BytesType), b)
		if len(b) > 200<<10 {
			break
		}
	}
	return string(protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), b))
}

// badText sends text that PostgreSQL or a reader would choke on; none may become an event.
func badText(a *attempt) {
	good, err := proto.Marshal(&intakev1.SubmitRequest{Submission: lookFor("bad-text", "PLACE", "1980-01-01")})
	if err != nil {
		a.Fatal(err)
	}
	for name, text := range map[string]string{"not UTF-8": "PL\xff\xfeE", "overlong": "PL\xc0\xafE", "surrogate": "P\xed\xa0\x80E", "NUL": "PL\x00CE", "CR and LF": "P\r\nCE", "escape": "PL\x1bCE"} {
		a.raw(name, envelope(strings.Replace(string(good), "PLACE", text, 1)), "", "3")
	}
	body := `{"submission":{"reference":"bad-text","findMutualClient":{"name":{"familyName":"%s"},"dateOfBirth":"1980-01-01"}}}`
	for name, text := range map[string]string{
		"lone surrogate": strings.Replace(body, "%s", `\ud800`, 1), "reversed surrogates": strings.Replace(body, "%s", `\udc00\ud800`, 1), "NUL": strings.Replace(body, "%s", `a\u0000b`, 1),
		"BOM": "\xef\xbb\xbf" + body, "UTF-16": "\xff\xfe{\x00}\x00", "not UTF-8": strings.Replace(body, "%s", "\xff", 1), "two values": body + body, "name two times": `{"submission":{},"submission":{}}`,
		"deep": strings.Repeat("[", 20_000), "deep objects": strings.Repeat(`{"submission":`, 5_000), "no JSON": "submission=1", "unknown field": `{"nope":1}`,
	} {
		code, _, reply := a.send(a.request(http.MethodPost, "/v1/submissions", text, "Authorization", bearer(attacker), "Content-Type", "application/json"))
		if code != http.StatusBadRequest {
			a.Errorf("%s as JSON: %d %.200s", name, code, reply)
		}
	}
}

// costly sends what makes backtracking engines slow: ours are linear, and the rule
// of length comes before any pattern.
func costly(a *attempt) {
	for name, text := range map[string]string{
		"nested quantifiers": strings.Repeat("(a+)+", 40) + "$", "many a": strings.Repeat("a", 200_000) + "!", "many digits": strings.Repeat("9", 200_000), "many points": strings.Repeat("./", 100_000),
		"many marks": strings.Repeat("e\u0301", 60_000), "evil alternation": strings.Repeat("(a|aa)+", 5_000), "CEL": `this.all(x, x.matches("(a+)+$"))`,
	} {
		s := lookFor(text, text, text)
		s.CaseWorker = text
		m, err := proto.Marshal(&intakev1.SubmitRequest{Submission: s})
		if err != nil {
			a.Fatal(err)
		}
		want := []string{"3"}
		if len(m) > 256<<10 {
			want = []string{"8"}
		}
		best := time.Hour
		for range 3 {
			began := time.Now()
			a.raw(name, envelope(string(m)), "", want...)
			best = min(best, time.Since(began))
		}
		if best > 100*time.Millisecond { // with a new connection and its handshake
			a.Errorf("%s took %s", name, best)
		}
	}
}
