package rpc

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"strings"

	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/noticehub/noticehub/pkg/fault"
)

// replyWriter holds back a reply with code 500 to a unary REST or Connect
// request until it is known whose fault it is. The services' own always have
// details; one without is the gateway's or the transport's, which found no way
// to translate the request (a query parameter that is no field, a path that is
// not UTF-8) and calls that internal.
type replyWriter struct {
	http.ResponseWriter
	held bool
	body bytes.Buffer
}

func (w *replyWriter) WriteHeader(code int) {
	if w.held = code == http.StatusInternalServerError; !w.held {
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
		w.ResponseWriter.WriteHeader(http.StatusInternalServerError)
		_, _ = w.ResponseWriter.Write(w.body.Bytes())
		return
	}
	// Should the reply be what could not be translated, this line is how we learn of it.
	log.WarnContext(r.Context(), "request could not be translated", "error", shorten(reply.Message))
	w.Header().Del("Content-Length")
	writeError(w.ResponseWriter, r, http.StatusBadRequest,
		fault.New(fault.Invalid, "REQUEST_INVALID", "the request cannot be read: %s", strings.ToValidUTF8(reply.Message, "?")).
			WithHelp("Check path and query parameters against the contract's proto files."))
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
