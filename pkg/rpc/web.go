package rpc

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/noticehub/noticehub/pkg/clock"
)

const (
	// bodyTime is how long the body of a unary request may take to arrive.
	bodyTime = 10 * time.Second
	// replyTime is how long a unary call may take in all, with a slow reader.
	replyTime = maxUnary + 20*time.Second
	// streamMessages of full size are what a stream on the HTTP port may send.
	streamMessages = 64
)

func (s *Server) operations(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.Handle("GET /readyz", s.ready)
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.options.Telemetry.Metrics, promhttp.HandlerOpts{}))
}

// dispatch sends requests to the extra handlers or to the services.
func (s *Server) dispatch(gateway http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.astray(r) {
			w.Header().Set("Connection", "close")
			http.Error(w, "this machine is not called that", http.StatusMisdirectedRequest)
			return
		}
		// A connection's earlier request may have left a deadline.
		_ = http.NewResponseController(w).SetWriteDeadline(time.Time{})
		if at, ok := r.Context().Value(connectedKey{}).(time.Time); ok && s.aged(at, 0) {
			w.Header().Set("Connection", "close") // with HTTP/2, too: what is under way ends first
		}
		if _, pattern := s.extra.Handler(r); pattern != "" && pattern != "/" && !strings.HasSuffix(pattern, " /") {
			s.extra.ServeHTTP(w, r)
			return
		}
		s.call(gateway, w, r)
	})
}

// call bounds one request in size and time and passes it to the services.
func (s *Server) call(gateway http.Handler, w http.ResponseWriter, r *http.Request) {
	c, r := withWebCall(r)
	contentType := r.Header.Get("Content-Type")
	if strings.HasPrefix(contentType, "application/connect+") || strings.HasPrefix(contentType, "application/grpc") {
		r.Body = http.MaxBytesReader(w, r.Body, int64(streamMessages*s.options.MaxMessageBytes))
		gateway.ServeHTTP(w, r)
		return
	}
	if media, _, err := mime.ParseMediaType(contentType); err == nil && media == "application/json" {
		r.Header.Set("Content-Type", media) // without its charset, which JSON does not have
	}
	if _, method := s.methods[r.URL.Path]; method && r.Method == http.MethodPost && strings.HasPrefix(contentType, "application/") {
		r.Header.Set("Connect-Protocol-Version", "1") // so that plain curl can call a method by its name
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_ = http.NewResponseController(w).SetWriteDeadline(clock.System().Now().Add(replyTime))
	// For whoever is not let in too: what is left of a body is not waited for.
	_ = http.NewResponseController(w).SetReadDeadline(clock.System().Now().Add(bodyTime))
	reply := &replyWriter{ResponseWriter: w}
	admitted := s.ask(c, r)
	if !admitted && r.ProtoMajor == 1 && r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // or net/http reads the body before it answers
	}
	if !admitted || s.readBody(reply, r) {
		gateway.ServeHTTP(reply, r)
		reply.end(r, s.options.Telemetry.Log)
	}
	s.recordFront(c, r, reply.code)
}

// readBody takes the whole body of a unary request, so that one that is too
// long or too slow is answered as such. False means it has been answered.
func (s *Server) readBody(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		r.Body, r.ContentLength = http.NoBody, 0 // has no meaning
		_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
		return true
	}
	limit := int64(s.options.MaxMessageBytes)
	if r.ContentLength > limit {
		s.refuseLarge(w, r)
		return false
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	switch {
	case err != nil:
		http.Error(w, "the request's body did not arrive", http.StatusRequestTimeout)
		return false
	case int64(len(body)) > limit:
		s.refuseLarge(w, r)
		return false
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return true
}

// refuseLarge answers as a service would.
func (s *Server) refuseLarge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Connection", "close") // rather than reading the rest
	writeError(w, r, http.StatusRequestEntityTooLarge, tooLarge(s.options.MaxMessageBytes))
}

// endingWith cancels the requests of h when streams must end.
func (s *Server) endingWith(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		defer context.AfterFunc(s.ending, func() { cancel(errors.New("the server is stopping")) })()
		h.ServeHTTP(w, r.WithContext(ctx))
	})
}
