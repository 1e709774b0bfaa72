package cells

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/services/internal/access"

	registryv1 "github.com/noticehub/noticehub/proto/noticehub/registry/v1"
)

// object is what a cell asks about, as seen by its caller.
type object string

const (
	// own is the caller's; for people and services a record like any other.
	own object = "own"
	// foreign is another authority's; absent is nobody's.
	foreign object = "foreign"
	absent  object = "absent"
	// foreignName and absentName ask for what is the caller's, but name another
	// authority, or one that does not exist.
	foreignName object = "foreign name"
	absentName  object = "absent name"
	// restricted is about a restricted record.
	restricted object = "restricted"
	malformed  object = "malformed"
)

var objects = []object{own, foreign, absent, foreignName, absentName, restricted, malformed}

// counterpart is what an object's answer must be like, for an authority.
var counterpart = map[object]object{foreign: absent, foreignName: absentName}

// part is an authority with what is its own.
type part struct {
	authority *registryv1.Authority
	// word is the canary of this part.
	word     string
	customer *registryv1.Customer
	about    ids
	// hidden is about the restricted record.
	hidden ids
	// lookHidden and lookNobody are searches, for the restricted person and for one who does not exist.
	lookHidden, lookNobody string
}

// ids name the records of a part.
type ids struct {
	crn string
	// submission that is decided, and one that waits for an officer.
	decided, open string
	reference     string
	workItem      string
	activity      string
	document      string
	quarantined   string
	reportDate    string
	authority     string
}

// nothing is ids of what does not exist, as long as those of what does.
var nothing = ids{
	crn: "299999999A", decided: "0199aaaa-0000-7000-8000-00000000dead", open: "0199aaaa-0000-7000-8000-00000000dead", reference: "zzz-none",
	workItem: "0199aaaa-0000-7000-8000-00000000dead", activity: "0199aaaa-0000-7000-8000-00000000dead",
	document: "0199aaaa-0000-7000-8000-00000000dead", quarantined: "0199aaaa-0000-7000-8000-00000000dead", reportDate: "2031-03-03", authority: "no-such-one",
}

// broken is ids that are none.
var broken = ids{
	crn: "12345", decided: "not-a-uuid", open: "not-a-uuid", reference: "a b\x01c", workItem: "42", activity: "'; DROP TABLE activity; --",
	document: "{}", quarantined: "../..", reportDate: "2026-02-30", authority: "FRC OR 1=1",
}

// hiddenWord is the canary of the restricted record.
const hiddenWord = "Kanarhidden"

// World is a hub with records to walk over.
type World struct {
	hub    *Hub
	parts  []*part
	hidden *registryv1.Customer
	// hiddenIDs are the restricted record's, with the submission of the first part.
	hiddenIDs ids
}

// people who prepare the world.
var (
	admin      = identity.Caller{Kind: identity.Person, ID: "cell-admin", Roles: []string{"administrator"}}
	feeder     = identity.Caller{Kind: identity.Service, ID: "feeder"}
	olive      = identity.Caller{Kind: identity.Person, ID: "cell-olive", Roles: []string{"contact-officer", "officer", "supervisor"}}
	keyholder  = identity.Caller{Kind: identity.Person, ID: "cell-keyholder", Roles: []string{access.Restricted}}
	inspection = identity.Caller{Kind: identity.Person, ID: "cell-inspection", Roles: []string{"supervisor"}}
)

func (p *part) caller() identity.Caller {
	return identity.Caller{Kind: identity.Authority, ID: p.authority.GetAuthorityId()}
}

// method finds a method of the contract by its full name without the leading slash.
func method(full string) (protoreflect.MethodDescriptor, error) {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(full))
	if err != nil {
		return nil, err
	}
	m, ok := d.(protoreflect.MethodDescriptor)
	if !ok {
		return nil, fmt.Errorf("%s is no method", full)
	}
	return m, nil
}

// do makes one call that must succeed and returns its last reply.
func do[R proto.Message](ctx context.Context, w *World, as identity.Caller, full string, request proto.Message) (reply R, err error) {
	m, err := method(full)
	if err != nil {
		return reply, err
	}
	for try := 0; ; try++ {
		a, err := w.hub.call(ctx, native, w.hub.authorization(as), m, request, true)
		switch {
		case err != nil:
			return reply, err
		case a.code == codes.OK && len(a.replies) > 0:
			reply, ok := a.replies[len(a.replies)-1].(R)
			if !ok {
				return reply, fmt.Errorf("%s answered with another message", full)
			}
			return reply, nil
		case (a.code == codes.Unavailable || a.code == codes.ResourceExhausted || a.code == codes.Aborted) && try < 20 && ctx.Err() == nil:
			time.Sleep(100*time.Millisecond + a.after)
		default:
			return reply, fmt.Errorf("%s by %s: %s %s", full, as.Actor(), a.code, a.text)
		}
	}
}

// until waits until it is so, at most 30 s.
func until(ctx context.Context, what string, so func() (bool, error)) error {
	deadline := time.Now().Add(30 * time.Second)
	for {
		ok, err := so()
		if ok {
			return nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			return fmt.Errorf("waited in vain until %s: %w", what, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
