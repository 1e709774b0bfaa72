package rpc

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/noticehub/noticehub/pkg/fault"
)

// replyWriter holds back a reply with code 400 or 500 to a unary REST or Connect
// request until it is known whose it is. The services' own always have details;
// one without is the gateway's or the transport's, which found no way to
// translate the request (a query parameter that is no field, a path that is not
// UTF-8), calls that internal, and repeats what the caller sent.
type replyWriter struct {
	http.ResponseWriter
	code int
	held bool
	body bytes.Buffer
}

// Unwrap is for http.ResponseController.
func (w *replyWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *replyWriter) WriteHeader(code int) {
	w.code = code
	if w.held = code == http.StatusInternalServerError || code == http.StatusBadRequest; !w.held {
		w.ResponseWriter.WriteHeader(code)
	}
}

func (w *replyWriter) Write(p []byte) (int, error) {
	if w.held {
		return w.body.Write(p)
	}
	return w.ResponseWriter.Write(p)
}

func (w *replyWriter) Flush() {
	if !w.held {
		_ = http.NewResponseController(w.ResponseWriter).Flush() // the caller may have gone
	}
}

// named is the field that the gateway's words name; it is the caller's spelling.
var named = regexp.MustCompile(`(?:parameter|field path) "([A-Za-z0-9_.]{1,64})"`)

// end sends what was held back.
func (w *replyWriter) end(r *http.Request, log *slog.Logger) {
	if !w.held {
		return
	}
	var reply struct {
		Message string
		Details []json.RawMessage
	}
	if json.Unmarshal(w.body.Bytes(), &reply) != nil || len(reply.Details) > 0 {
		w.ResponseWriter.WriteHeader(w.code)
		_, _ = w.ResponseWriter.Write(w.body.Bytes())
		return
	}
	f := fault.New(fault.Invalid, "REQUEST_INVALID", "the request cannot be read").
		WithHelp("Check path and query parameters against the contract's proto files.")
	if field := named.FindStringSubmatch(reply.Message); field != nil {
		f.Message += ": " + field[1]
		f.Fields = []fault.Field{{Path: field[1], Description: "is not in the form the contract wants, or no field of it"}}
	} else if w.code == http.StatusInternalServerError {
		// Should the reply be what could not be translated, this line is how we learn of
		// it. What the gateway says would repeat the caller's values.
		log.WarnContext(r.Context(), "a request or its reply could not be translated")
	}
	w.code = http.StatusBadRequest
	w.Header().Del("Content-Length")
	writeError(w.ResponseWriter, r, w.code, f)
}

// writeError answers a unary request as a service would, in the form of its
// protocol; code is the HTTP status of REST.
func writeError(w http.ResponseWriter, r *http.Request, code int, f *fault.Error) {
	if r.Header.Get("Connect-Protocol-Version") != "" {
		writeConnect(w, r, f)
		return
	}
	text, _ := protojson.Marshal(status.Convert(Status(f)).Proto()) // cannot fail: the types are linked
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(text) // the caller may have gone
}
