package rpc

import (
	"errors"
	"fmt"
	"sync"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
)

// validator compiles the rules of a message type at its first use and keeps
// them; registering a service does that for its requests.
var validator = sync.OnceValues(func() (protovalidate.Validator, error) { return protovalidate.New() })

// Validate checks a message against the rules of its contract and refuses
// unknown fields anywhere in it: a field the hub does not know is one it would
// silently not obey. The error is Invalid and names every field; nil means the
// message is good. Unary and server-streaming requests are checked before their
// handler runs; handlers of client streams call Validate for each message.
func Validate(m proto.Message) error {
	fields := unknownFields(m.ProtoReflect(), nil)
	v, err := validator()
	if err != nil {
		return fault.New(fault.Internal, "RULES", "rules cannot be checked").Wrap(err)
	}
	if err := v.Validate(m); err != nil {
		var broken *protovalidate.ValidationError
		if !errors.As(err, &broken) {
			return fault.New(fault.Internal, "RULES", "the rules of %s cannot be checked", m.ProtoReflect().Descriptor().FullName()).Wrap(err)
		}
		for _, violation := range broken.Violations {
			fields = append(fields, fault.Field{
				Path:        protovalidate.FieldPathString(violation.Proto.GetField()),
				Description: describe(violation),
			})
		}
	}
	return invalid(fields)
}

func describe(v *protovalidate.Violation) string {
	if text := v.Proto.GetMessage(); text != "" {
		return text
	}
	return "breaks rule " + v.Proto.GetRuleId()
}

// invalid makes one error of all fields; nil when there are none.
func invalid(fields []fault.Field) error {
	if len(fields) == 0 {
		return nil
	}
	message := fields[0].Description
	if fields[0].Path != "" {
		message = fields[0].Path + ": " + message
	}
	if more := len(fields) - 1; more > 0 {
		message += fmt.Sprintf(" (and %d more)", more)
	}
	f := fault.New(fault.Invalid, "FIELD_INVALID", "%s", message).
		WithHelp("Correct the fields named and send the request again.")
	f.Fields = fields
	return f
}
