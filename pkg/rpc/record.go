package rpc

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/noticehub/noticehub/pkg/audit"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
)

const (
	// maxShown bounds the ids of records that an entry names; the count is of all.
	maxShown = 100
	// refusalTime is how long a refusal waits to be on record.
	refusalTime = 2 * time.Second
)

// refusals are the reasons, besides being unauthenticated or denied, for which a
// refused call goes on record: somebody tried what they may not, or what only
// a broken or hostile client does.
var refusals = map[string]bool{
	"RESTRICTED_ACCESS":    true,
	"ACCESS_LIFTED":        true,
	"AUTHORITY_MISMATCH":   true,
	"CASE_WORKER_MISMATCH": true,
	"RATE_LIMITED":         true,
	"CUSTOMER_QUOTA":       true,
	"ENUMERATION_QUOTA":    true,
	"DAILY_QUOTA":          true,
	"REFERENCE_REUSED":     true,
	"MESSAGE_TOO_LARGE":    true,
	"MESSAGE_INVALID":      true,
	"JSON_INVALID":         true,
}

// refused says whether an error is a refusal that goes on record, and its reason.
// An authority that asks for an object it cannot see is one: it may be guessing.
func (m *method) refused(ctx context.Context, err error) (string, bool) {
	var f *fault.Error
	if !errors.As(err, &f) {
		if status.Code(err) == codes.ResourceExhausted { // gRPC's own: it found the message too large
			return "MESSAGE_TOO_LARGE", true
		}
		return "", false
	}
	caller, _ := identity.From(ctx)
	return or(f.Reason, reason[f.Kind]), f.Kind == fault.Unauthenticated || f.Kind == fault.Denied || refusals[f.Reason] ||
		f.Kind == fault.NotFound && m.object != nil && caller.Kind == identity.Authority
}

// recordRefusal puts a refused call on record. The refusal goes out in any case.
func (s *Server) recordRefusal(ctx context.Context, m *method, why, object string) {
	s.metrics.refusals.WithLabelValues(m.full, why).Inc()
	if s.options.Audit == nil {
		return
	}
	e := audit.Entry{Action: "call.refused", Result: audit.Refused, Reason: why}
	if object != "" {
		_, e.Object, e.Digest = s.object(m.object.kind(), object)
	}
	if _, known := identity.From(ctx); !known {
		if from := peerHost(ctx); from != "" {
			e.Detail = map[string]string{"peer": from}
		}
	}
	// Who hangs up must not keep the refusal from the record.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalTime)
	defer cancel()
	if err := s.options.Audit.Record(ctx, e); err != nil {
		s.metrics.unrecorded.Inc()
		s.log(ctx, slog.LevelError, "a refusal could not be recorded", m.full, slog.String("reason", why), slog.String("error", err.Error()))
	}
}

// recordRead puts what is about to be shown on record; when that fails nothing
// may leave.
func (s *Server) recordRead(ctx context.Context, m *method, object string, seen shown) error {
	if err := s.options.Audit.Record(ctx, s.readEntry(m, object, seen)); err != nil {
		s.metrics.unrecorded.Inc()
		s.log(ctx, slog.LevelError, "a read could not be recorded and was not answered", m.full, slog.String("error", err.Error()))
		return fault.New(fault.Unavailable, "AUDIT_UNAVAILABLE", "the call could not be recorded, so it is not answered").
			WithHelp("Try again.").WithRetry(retryUnsaid).Wrap(err)
	}
	return nil
}

func (s *Server) readEntry(m *method, object string, seen shown) audit.Entry {
	e := audit.Entry{Action: "record.read", Result: audit.Done}
	if object != "" {
		var kind string
		kind, e.Object, e.Digest = s.object(m.object.kind(), object)
		e.Action = kind + ".read"
	}
	if m.shown != nil {
		e.Detail = map[string]string{"count": strconv.Itoa(seen.count)}
		if len(seen.ids) > 0 {
			e.Detail["shown"] = strings.Join(seen.ids, ",")
		}
	}
	return e
}

// kind is what a path's last field names: "submission_id" and "submission.id"
// name a submission, "crn" and "customer.crn" a customer.
func (p path) kind() string {
	name := string(p.last().Name())
	switch {
	case name == "crn" || strings.HasSuffix(name, "_crn"):
		return customer
	case name == "id" && len(p) > 1:
		return string(p[len(p)-2].Name()) + "_id"
	default:
		return name
	}
}

const customer = "customer"

// safe is what an id looks like that may stand in a record as it is. Texts of
// other fields may be personal, whatever they look like.
var safe = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:~-]{0,99}$`)

// day is a date; a report is named by its own.
var day = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// object names what a call was about in a record. Values that could be personal
// are there by a keyed hash, the same as that of a customer of this CRN; if even
// that cannot be made, by their digest.
func (s *Server) object(field, value string) (kind, object string, digest []byte) {
	kind = field
	if id, is := strings.CutSuffix(field, "_id"); is || field == "id" {
		if is {
			kind = id
		}
		if safe.MatchString(value) {
			return kind, kind + "/" + value, nil
		}
	}
	if what, is := strings.CutSuffix(field, "_date"); is && !strings.Contains(field, "birth") && day.MatchString(value) {
		return what, what + "/" + value, nil // "report_date" names a report
	}
	if s.options.Customer == nil {
		sum := sha256.Sum256([]byte(value))
		return kind, "", sum[:]
	}
	name := s.options.Customer(value)
	if kind == customer {
		return kind, name, nil
	}
	return kind, kind + "/" + name[strings.LastIndexByte(name, '/')+1:], nil
}

// shown are the records in a reply: the first ids and how many there are.
type shown struct {
	ids   []string
	count int
}

// add counts the records of a reply.
func (s *Server) add(seen *shown, m *method, reply proto.Message) {
	if m.shown == nil {
		return
	}
	kind := m.shown.kind()
	one := func(v protoreflect.Value) {
		if seen.count++; len(seen.ids) >= maxShown {
			return
		}
		_, object, _ := s.object(kind, v.String())
		seen.ids = append(seen.ids, object[strings.IndexByte(object, '/')+1:])
	}
	m.shown.visit(reply.ProtoReflect(), func(in protoreflect.Message, f protoreflect.FieldDescriptor) {
		v := in.Get(f)
		if !f.IsList() {
			one(v)
			return
		}
		for i := range v.List().Len() {
			one(v.List().Get(i))
		}
	})
}

// about is the value of the request's field that names what the call is about.
func (m *method) about(request any) (value string) {
	in, ok := request.(proto.Message)
	if !ok || m.object == nil {
		return ""
	}
	m.object.visit(in.ProtoReflect(), func(in protoreflect.Message, f protoreflect.FieldDescriptor) { value = in.Get(f).String() })
	return value
}

func peerHost(ctx context.Context) string {
	if c, ok := webCallOf(ctx); ok {
		return host(c.remote)
	}
	if p, ok := peer.FromContext(ctx); ok {
		return host(p.Addr.String())
	}
	return ""
}

func host(address string) string {
	h, _, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	return h
}
