package cells

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/identity"
	intakev1 "github.com/noticehub/noticehub/proto/noticehub/intake/v1"
)

// one walks a cell.
func (s *walk) one(ctx context.Context, c *cell) {
	if c.request == nil {
		s.problem("%s: there is no request", c)
		return
	}
	a, err := s.patient(ctx, c)
	if err != nil {
		s.problem("%s: %v", c, err)
		return
	}
	s.verdict(c, a)
	s.words(c, a)
	if c.caller.authority() {
		s.mu.Lock()
		s.seen[c.key(c.object)] = &seen{c.request, a}
		s.mu.Unlock()
	}
}

// patient makes the call, again when the hub asks to come back later.
func (s *walk) patient(ctx context.Context, c *cell) (*answer, error) {
	for try := 0; ; try++ {
		a, err := s.hub.call(ctx, c.transport, c.caller.authorization, c.method, c.request, c.caller.known && allows(c.row, c.caller))
		if err != nil || (a.code != codes.ResourceExhausted && a.code != codes.Unavailable) || try == 10 || ctx.Err() != nil {
			return a, err
		}
		time.Sleep(min(max(a.after, 20*time.Millisecond), 2*time.Second))
	}
}

// verdict holds an answer against what the table and the object say.
func (s *walk) verdict(c *cell, a *answer) {
	allowed := c.caller.known && allows(c.row, c.caller)
	switch {
	case !c.caller.known:
		s.want(c, a, codes.Unauthenticated, "")
	case !allowed:
		s.want(c, a, codes.PermissionDenied, "METHOD_DENIED")
	default:
		if fault := s.letIn(c, a); fault != "" {
			s.problem("%s: %s: %s %s %s", c, fault, a.code, a.reason, firstLine(a.text))
		}
	}
}

// want is a refusal; anything else that is no refusal of transport let somebody in.
func (s *walk) want(c *cell, a *answer, code codes.Code, reason string) {
	switch {
	case a.code == code && (reason == "" || a.reason == reason) && len(a.replies) == 0:
	case a.code == codes.Unimplemented:
		s.problem("%s: it is not served", c)
	case a.code == codes.Unauthenticated || a.code == codes.PermissionDenied && a.reason == "METHOD_DENIED":
		s.problem("%s: refused as %s %s, want %s %s", c, a.code, a.reason, code, reason)
	default:
		s.leak("%s: let in: %s %s %s", c, a.code, a.reason, firstLine(a.text))
	}
}

func firstLine(text string) string { line, _, _ := strings.Cut(text, "\n"); return line }

// letIn says what is wrong with the answer to a caller who has a mark; "" when
// nothing is.
func (s *walk) letIn(c *cell, a *answer) string {
	mine := c.object == own || c.object == foreign && c.caller.Kind != identity.Authority
	switch a.code {
	case codes.Unauthenticated, codes.Internal, codes.Unknown, codes.DataLoss, codes.Unimplemented, codes.ResourceExhausted, codes.Unavailable:
		return "not what somebody who is let in gets"
	case codes.PermissionDenied:
		return s.deniedInside(c, a, mine)
	case codes.OK:
		if c.object == malformed && c.row.Object != "" && len(a.replies) > 0 && proto.Size(a.replies[0]) > 0 && !c.row.Writes && c.method.Input().Fields().ByName("crn") == nil {
			return "what is malformed is answered"
		}
		return ""
	}
	// Whatever is there and may be seen must be shown: a walk in which nothing is
	// ever answered proves nothing.
	if mine && !c.row.Writes && c.method.Name() != "GetAccessCase" && c.method.Name() != "WatchSubmissions" && (c.caller.Kind != identity.Authority || c.caller.authority()) {
		return "what is there is not shown"
	}
	return ""
}

// deniedInside judges refusals by a service to somebody the table lets in.
func (s *walk) deniedInside(c *cell, a *answer, mine bool) string {
	switch {
	case a.reason == "METHOD_DENIED":
		return "the table lets the caller in"
	case c.row.Writes, c.caller.Kind == identity.Authority && !c.caller.authority():
		return "" // roles of an item, a disabled or unknown authority
	case a.reason == "AUTHORITY_MISMATCH" && (c.object == foreignName || c.object == absentName || c.object == malformed):
		return ""
	case c.object == restricted && c.caller.Kind == identity.Person && !opensRestricted(c.row, c.caller):
		return ""
	case mine:
		return "what may be seen is refused"
	}
	return "refused for another reason than the table's"
}

// words looks for what the answer may not say.
func (s *walk) words(c *cell, a *answer) {
	person := c.caller.Kind == identity.Person
	// What an authority lodged about the restricted person is its own.
	opens := c.caller.known && allows(c.row, c.caller) && opensRestricted(c.row, c.caller)
	if !opens && a.holds(hiddenWord) {
		s.leak("%s: it tells of the restricted record", c)
	}
	for _, p := range s.parts {
		if a.holds(p.word) && (c.caller.Kind == identity.Authority && c.caller.part != p || !allows(c.row, c.caller)) {
			s.leak("%s: it tells of a record of %s", c, p.authority.GetAuthorityId())
		}
	}
	if c.caller.Kind == identity.Authority && (a.holds("RESTRICTED_ACCESS") || told(a, "REJECTION_REASON_RESTRICTED_ACCESS")) {
		s.leak("%s: an authority learns that the record is restricted", c)
	}
	if !person {
		return
	}
	for _, path := range c.row.Unseen(c.caller.Caller) {
		for _, reply := range a.replies {
			if !unset(reply.ProtoReflect(), path) {
				s.leak("%s: it shows %s, which is masked", c, path)
				break
			}
		}
	}
}

// told reports whether a reply has a value of an enum by that name.
func told(a *answer, value string) bool {
	for _, r := range a.replies {
		if strings.Contains(fmt.Sprint(r), value) {
			return true
		}
	}
	return false
}

// seen is what an authority asked and got.
type seen struct {
	request proto.Message
	*answer
}

// compare holds what authorities got about another's objects against what they
// got about none.
func (s *walk) compare() {
	for key, a := range s.seen {
		part := strings.Split(key, "|")
		other, ok := counterpart[object(part[2])]
		if !ok || strings.HasPrefix(key, "/noticehub.intake.v1.IntakeService/Submit") {
			continue // a submission is lodged, not looked up
		}
		part[2] = string(other)
		b := s.seen[strings.Join(part, "|")]
		switch {
		case b == nil:
			s.problem("%s has no counterpart", key)
		case proto.Equal(a.request, b.request): // nothing of either was named
		case a.code != b.code || a.size != b.size || len(a.replies) != len(b.replies) || s.plain(a.text) != s.plain(b.text):
			s.leak("%s: another's is told from none: %s %q, %d bytes against %s %q, %d bytes", key, a.code, a.text, a.size, b.code, b.text, b.size)
		}
	}
}

// plain takes the names of objects out of a text.
func (s *walk) plain(text string) string {
	for _, p := range append([]*part{{about: nothing}}, s.parts...) {
		for _, id := range []string{p.about.crn, p.about.decided, p.about.open, p.about.reference, p.about.reportDate, p.about.authority} {
			if id != "" {
				text = strings.ReplaceAll(text, id, "·")
			}
		}
	}
	return text
}

// searches compares what authorities are told of a search that only a restricted
// record answers with what they are told of one that none does.
func (s *walk) searches(ctx context.Context) {
	for _, p := range s.parts {
		var got [2]*intakev1.GetSubmissionResponse
		for i, id := range []string{p.lookHidden, p.lookNobody} {
			reply, err := do[*intakev1.GetSubmissionResponse](ctx, s.World, p.caller(), intake+"GetSubmission", &intakev1.GetSubmissionRequest{SubmissionId: id})
			if err != nil {
				s.problem("search of %s: %v", p.authority.GetAuthorityId(), err)
				return
			}
			for _, d := range append([]*intakev1.Decision{reply.GetSubmission().GetDecision()}, reply.GetHistory()...) {
				d.At = nil
			}
			got[i] = reply
		}
		same := proto.Equal(got[0].GetSubmission().GetDecision(), got[1].GetSubmission().GetDecision()) && len(got[0].GetHistory()) == len(got[1].GetHistory())
		for i := range got[0].GetHistory() {
			same = same && proto.Equal(got[0].GetHistory()[i], got[1].GetHistory()[i])
		}
		if !same {
			s.leak("%s is told %v of a restricted person, %v of nobody", p.authority.GetAuthorityId(), got[0], got[1])
		}
	}
}
