//go:build attack

package attacktest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/clock"
	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
	processingv1 "github.com/noticehub/noticehub/proto/noticehub/processing/v1"
	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// texts are cases 23, 25 and 27: text that means something elsewhere is text here.
func texts() []attack {
	return []attack{
		{number: 23, name: "names full of signs", lodges: true, record: "submission.lodged", run: signs},
		{number: 25, name: "log injection", record: "call.refused TOKEN_INVALID", run: logInjection},
		{number: 27, name: "HTML and scripts in texts", lodges: true, record: "customer.document-placed", run: markup},
	}
}

func signs(a *attempt) {
	intake := intakev1.NewIntakeServiceClient(a.hostile(attacker))
	for i, name := range []string{"O'Brien", `Q"uote`, "Da--sh", "Semi;colon", "$$dollar$$", "100%", "under_score", `back\slash`, "E'\\x41'", "${jndi:ldap://x}", "{{7*7}}", "../..", "ʼ’‘", "Ni\u0303na", "%s%n%d", "NULL", "=cmd()"} {
		reference := fmt.Sprintf("signs-%d", i)
		if _, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor(reference, name, "1980-01-01")}); err != nil {
			a.Errorf("%q: %v", name, err)
			continue
		}
		got, err := intake.GetSubmission(a.ctx, &intakev1.GetSubmissionRequest{Reference: reference})
		if kept := got.GetSubmission().GetSubmission().GetFindMutualClient().GetName().GetFamilyName(); err != nil || kept != name {
			a.Errorf("%q became %q, %v", name, kept, err)
		}
	}
	// A pattern's signs in a search are no pattern.
	queue := processingv1.NewQueueServiceClient(a.hostile(contact))
	for _, pattern := range []string{"signs-%", "signs-_", `signs\`, "%", "_______"} {
		got, err := queue.SearchSubmissions(a.ctx, &processingv1.SearchSubmissionsRequest{Reference: pattern})
		if status.Code(err) != codes.InvalidArgument && (err != nil || len(got.GetSubmissions()) > 0) {
			a.Errorf("a search for %q finds %d, %v", pattern, len(got.GetSubmissions()), err)
		}
	}
}

// logInjection tries to write lines of its own into the log.
func logInjection(a *attempt) {
	const forged = "\r\n{\"time\":\"2026-01-01T00:00:00Z\",\"level\":\"ERROR\",\"msg\":\"ForgedLine\"}\n\x1b[31mForgedLine\x1b[0m\u2028ForgedLine"
	intake := intakev1.NewIntakeServiceClient(a.hostile(attacker))
	_, err := intake.Submit(a.ctx, &intakev1.SubmitRequest{Submission: lookFor("a"+forged, forged, forged)})
	a.refused("in fields", err, codes.InvalidArgument, "")
	_, err = intake.GetSubmission(metadata.AppendToOutgoingContext(a.ctx, "forged-bin", forged, "noticehub-case-worker", "ForgedLine.ForgedLine.ForgedLine"), &intakev1.GetSubmissionRequest{Reference: forged})
	if err == nil {
		a.Error("a forged case worker is taken")
	}
	_, err = processingv1.NewQueueServiceClient(a.hostile(contact)).SearchSubmissions(a.ctx, &processingv1.SearchSubmissionsRequest{AssignedTo: forged, Reference: forged})
	if code := status.Code(err); code == codes.Internal || code == codes.Unknown {
		a.Errorf("in a search: %v", err)
	}
	for _, header := range []string{"Authorization", "User-Agent", "X-Request-Id", "Traceparent", "Origin", "Cookie"} {
		value := "Bearer ForgedLine\t\u001b[31mForgedLine"
		r := a.request(http.MethodGet, "/v1/submissions/ForgedLine%0d%0aForgedLine", "")
		r.Header[header] = []string{strings.ReplaceAll(value, "\u001b", "")}
		a.send(r)
	}
	for line := range strings.Lines(a.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			a.Errorf("a line of the log is no record: %.200q", line)
			break
		}
		if strings.Contains(line, "ForgedLine") || strings.ContainsRune(line, '\x1b') {
			a.Errorf("the log holds what the attacker wrote: %.300q", line)
			break
		}
	}
}

// markup is what a browser would run. The API answers with JSON that no browser
// takes for a page; the sign-in pages repeat nothing.
func markup(a *attempt) {
	const script = `<script>alert(1)</script><img src=x onerror=alert(1)>`
	officers, err := a.as(officer)
	if err != nil {
		a.Fatal(err)
	}
	crn := a.customers()[5]
	if _, err := registryv1.NewCircumstanceServiceClient(officers).PlaceDocument(a.ctx, &registryv1.PlaceDocumentRequest{
		Crn: crn, DocumentId: clock.NewID(time.Now()).String(), Title: script, Text: script,
	}); err != nil {
		a.Fatal(err)
	}
	code, header, body := a.send(a.request(http.MethodGet, "/v1/customers/"+crn+"/documents", "", "Authorization", bearer(officer), "Accept", "text/html"))
	if code != http.StatusOK || !strings.Contains(body, "alert(1)") {
		a.Errorf("the document: %d %.200s", code, body)
	}
	if kind := header.Get("Content-Type"); !strings.HasPrefix(kind, "application/json") || header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Cache-Control") != "no-store" {
		a.Errorf("headers of JSON: %v", header)
	}
	if !json.Valid([]byte(body)) {
		a.Errorf("the answer is not JSON: %.200s", body)
	}
	for _, path := range []string{"/signin?to=" + script, "/signin/callback?state=" + script + "&code=x&error=" + script, "/signed-out?" + script, "/session?" + script, "/v1/" + script, "/" + script} {
		_, header, body := a.send(a.request(http.MethodGet, strings.NewReplacer("<", "%3C", ">", "%3E", " ", "%20").Replace(path), "", "Accept", "text/html"))
		if strings.Contains(body, "<script") || strings.Contains(body, "<img") {
			a.Errorf("%s repeats it: %.300s", path, body)
		}
		if strings.HasPrefix(header.Get("Content-Type"), "text/html") && !strings.Contains(header.Get("Content-Security-Policy"), "default-src 'none'") {
			a.Errorf("%s has no content policy: %v", path, header)
		}
	}
}

// customers are some CRNs of the registry.
func (a *attempt) customers() (crns []string) {
	a.Helper()
	rows, err := a.db.Query(a.ctx, "SELECT crn FROM registry.customer WHERE crn NOT IN ($1, $2) ORDER BY crn", a.victim.GetCrn(), a.hidden.GetCrn())
	if err != nil {
		a.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var crn string
		if err := rows.Scan(&crn); err != nil {
			a.Fatal(err)
		}
		crns = append(crns, crn)
	}
	if len(crns) < 50 {
		a.Fatalf("%d customers", len(crns))
	}
	return crns
}

// injections is case 24.
func injections() []attack {
	return []attack{{number: 24, name: "500 SQL injections in every field that reads", record: "record.read", run: injectSQL}}
}

// sqlStrings are 500 strings that mean something to PostgreSQL, in every quoting.
func sqlStrings() (list []string) {
	cores := []string{
		"OR 1=1", "OR 'a'='a'", "AND 1=0", "; DROP TABLE submission", "; DELETE FROM audit.record", "UNION SELECT NULL", "UNION ALL SELECT crn,name FROM registry.customer", "; SELECT pg_sleep(5)", "|| pg_sleep(5)", "OR pg_sleep(5) IS NULL",
		"; COPY (SELECT 1) TO PROGRAM 'id'", "; SET ROLE postgres", "; SET noticehub.scope = '*'", "; SELECT set_config('noticehub.scope','*',false)", "AND ascii(substr(current_user,1,1))>64", "AND (SELECT count(*) FROM registry.customer)>0", "; CREATE TABLE x()",
		"::int", "AND 1=CAST((SELECT version()) AS int)", "; LISTEN x", "ORDER BY 99", "LIMIT 0", "; COMMIT", "; ROLLBACK", "AND 1=(SELECT 1/0)",
	}
	quotes := []string{"'", "\"", "')", "'))", "''", "\\'", "$$", "$q$", "", "%'", "_'", "1 ", "x' ", "`", "E'", "U&'", "/**/", "'/*", "'--", "%00'"}
	for _, q := range quotes {
		for _, c := range cores {
			list = append(list, q+" "+c+" --")
		}
	}
	return list
}

// injectSQL puts each string into each text field of each method that reads.
func injectSQL(a *attempt) {
	type target struct {
		m protoreflect.MethodDescriptor
		f protoreflect.FieldDescriptor
	}
	var targets []target
	for _, m := range methods() {
		if _, writes, ok := letIn(a, m, "x"); !ok || writes || m.IsStreamingClient() || m.IsStreamingServer() {
			continue
		}
		for i := range m.Input().Fields().Len() {
			if f := m.Input().Fields().Get(i); f.Kind() == protoreflect.StringKind {
				targets = append(targets, target{m, f})
			}
		}
	}
	list := sqlStrings()
	if len(list) != 500 || len(targets) < 25 {
		a.Fatalf("%d strings, %d fields", len(list), len(targets))
	}
	work := make(chan int)
	var wait sync.WaitGroup
	var mu sync.Mutex
	calls, slow := 0, 0
	for range 8 {
		wait.Go(func() {
			for n := range work {
				// A person of its own for each string: calls are limited by caller.
				person := fmt.Sprintf("injector-%d", n)
				for _, x := range targets {
					c, _, _ := letIn(a, x.m, person)
					if c.Kind == identity.Authority && n%10 != 0 {
						continue // an authority's calls are few; every tenth string
					}
					r := fresh(x.m.Input())
					if v := protoreflect.ValueOfString(list[n]); x.f.IsList() {
						r.ProtoReflect().Mutable(x.f).List().Append(v)
					} else {
						r.ProtoReflect().Set(x.f, v)
					}
					began := time.Now()
					text, code := a.web(c, x.m, r)
					mu.Lock()
					calls++
					if time.Since(began) > 4*time.Second {
						slow++
					}
					mu.Unlock()
					if code == http.StatusInternalServerError || code == 0 {
						a.Errorf("%s of %s: %d %.300s", x.f.Name(), x.m.FullName(), code, text)
					}
					for _, told := range []string{"SQLSTATE", "syntax error", "pgx", "PostgreSQL", "relation \\\"", "42601"} {
						if strings.Contains(text, told) {
							a.Errorf("%s of %s tells %s: %.300s", x.f.Name(), x.m.FullName(), told, text)
						}
					}
				}
			}
		})
	}
	for n := range list {
		work <- n
	}
	close(work)
	wait.Wait()
	if slow > 0 {
		a.Errorf("%d of %d calls took longer than 4 s", slow, calls)
	}
	a.Logf("%d calls", calls)
}

// web calls a method by Connect with protobuf, on the HTTP port.
func (a *attempt) web(c identity.Caller, m protoreflect.MethodDescriptor, r proto.Message) (text string, code int) {
	body, err := proto.Marshal(r)
	if err != nil {
		a.Error(err)
		return "", 0
	}
	request, err := http.NewRequestWithContext(a.ctx, http.MethodPost, a.url("%s", pathOf(m)), strings.NewReader(string(body)))
	if err != nil {
		a.Error(err)
		return "", 0
	}
	request.Header.Set("Content-Type", "application/proto")
	request.Header.Set("Authorization", bearer(c))
	code, _, text = a.send(request)
	return text, code
}
