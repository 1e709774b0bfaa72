package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// connection is how a client command finds the hub and who it says it is.
type connection struct {
	Server string `help:"gRPC address of the hub; found through --dir when empty." env:"NOTICEHUB_SERVER"`
	Dir    string `help:"Directory of a hub that runs on this machine." default:".noticehub" env:"NOTICEHUB_DIR"`
}

// dial connects as the given caller.
func (c connection) dial(as identity.Caller) (*grpc.ClientConn, error) {
	address := c.Server
	if address == "" {
		data, err := os.ReadFile(filepath.Join(c.Dir, hub.AddressFile))
		var found hub.Addresses
		if err == nil {
			err = json.Unmarshal(data, &found)
		}
		if err != nil {
			return nil, fmt.Errorf("no hub is known in %s: start one with `noticehub up`, or name one with --server", c.Dir)
		}
		address = found.GRPC
	}
	token := identity.DevelopmentToken(as)
	return rpc.Dial(address, func() string { return token }, telemetry.Discard())
}

// authority is a connection as a referring authority.
type authority struct {
	connection
	As string `help:"Id of the authority to act as." required:"" env:"NOTICEHUB_AUTHORITY" placeholder:"ID"`
}

func (a authority) dial() (*grpc.ClientConn, error) {
	return a.connection.dial(identity.Caller{Kind: identity.Authority, ID: a.As})
}

// officer is a connection as a person of the agency.
type officer struct {
	connection
	As    string   `help:"Id of the officer to act as." default:"olive" env:"NOTICEHUB_OFFICER" placeholder:"ID"`
	Roles []string `help:"Roles of the officer." default:"contact-officer,officer,supervisor"`
}

func (o officer) dial() (*grpc.ClientConn, error) {
	return o.connection.dial(identity.Caller{Kind: identity.Person, ID: o.As, Roles: o.Roles})
}

// administrator is a connection as somebody who looks after the hub.
type administrator struct{ connection }

func (a administrator) dial() (*grpc.ClientConn, error) {
	return a.connection.dial(identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator", "auditor"}})
}

// explain turns an error from the hub into what a person needs: the message,
// each field concerned, and what to do.
func explain(err error) error {
	var f *fault.Error
	if err == nil || !errors.As(rpc.Fault(err), &f) {
		return err
	}
	var b strings.Builder
	b.WriteString(f.Message)
	for _, field := range f.Fields {
		if !strings.Contains(f.Message, field.Path) {
			fmt.Fprintf(&b, "\n  %s: %s", field.Path, field.Description)
		}
	}
	if f.Reason != "" {
		fmt.Fprintf(&b, " [%s]", f.Reason)
	}
	if f.Help != "" {
		fmt.Fprintf(&b, "\n  %s", f.Help)
	}
	return errors.New(b.String())
}

// asJSON is a message for people and scripts: indented JSON with the contract's names.
func asJSON(m proto.Message) string {
	return protojson.MarshalOptions{Multiline: true, UseProtoNames: true}.Format(m)
}

// short drops an enum's prefix: OUTCOME_MATCHED becomes MATCHED.
func short(value fmt.Stringer) string {
	s := value.String()
	for _, prefix := range []string{"OUTCOME_", "SUBMISSION_STATUS_", "REJECTION_REASON_", "INFORMATION_TYPE_", "NOTICE_STATE_", "MEASURE_", "BUSINESS_FUNCTION_", "WORK_ITEM_STATUS_", "GROUP_", "ACTIONED_BY_"} {
		if rest, ok := strings.CutPrefix(s, prefix); ok {
			if rest == "UNSPECIFIED" {
				return "-"
			}
			return rest
		}
	}
	return s
}

func shorts[T fmt.Stringer](values []T) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = short(v)
	}
	return strings.Join(words, ",")
}
