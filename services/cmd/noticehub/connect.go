package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
	"github.com/noticehub/noticehub/pkg/identity"
	"github.com/noticehub/noticehub/pkg/rpc"
	"github.com/noticehub/noticehub/pkg/telemetry"
	"github.com/noticehub/noticehub/pkg/tlsfiles"
	"github.com/noticehub/noticehub/services/internal/hub"
)

// connection is how a client command finds the hub and who it says it is.
type connection struct {
	Server string `help:"gRPC address of the hub; found through --dir when empty." env:"NOTICEHUB_SERVER"`
	Dir    string `help:"Directory of a hub that runs on this machine." default:".noticehub" env:"NOTICEHUB_DIR"`
	Cert   string `help:"Certificate of the authority, PEM; by default one that the hub in --dir gives." env:"NOTICEHUB_CERT" placeholder:"FILE"`
	Key    string `name:"cert-key" help:"Key of --cert, PEM." env:"NOTICEHUB_CERT_KEY" placeholder:"FILE"`
	CA     string `name:"ca" help:"CA of the hub named by --server, PEM; without one it is talked to without encryption." env:"NOTICEHUB_CA" placeholder:"FILE"`
}

// found are the addresses of the hub that runs in the directory.
func (c connection) found() (hub.Addresses, error) {
	data, err := os.ReadFile(filepath.Join(c.Dir, hub.AddressFile))
	var found hub.Addresses
	if err == nil {
		err = json.Unmarshal(data, &found)
	}
	if err != nil {
		return found, fmt.Errorf("no hub is known in %s: start one with `noticehub up`, or name one with --server", c.Dir)
	}
	return found, nil
}

// dial connects as the given caller: an authority or service by a certificate of
// the development authority, a person by a development token. To a hub that
// serves gRPC without TLS everybody brings a development token.
func (c connection) dial(as identity.Caller) (*grpc.ClientConn, error) {
	address, secured, err := c.door(as.Kind)
	if err != nil {
		return nil, err
	}
	o := rpc.DialOptions{Telemetry: telemetry.Discard()}
	if secured && as.Kind != identity.Person {
		o.TLS, err = c.certificate(as)
		if err != nil {
			return nil, err
		}
		return rpc.DialWith(address, o)
	}
	token := identity.DevelopmentToken(as)
	o.Token = func() string { return token }
	return rpc.DialWith(address, o)
}

// door is where a caller of a kind gets in. Persons have no certificates, which
// the gRPC listener of a secured hub asks for: theirs is the HTTP listener, which
// takes gRPC too.
func (c connection) door(kind identity.Kind) (address string, secured bool, err error) {
	if c.Server != "" {
		return c.Server, c.CA != "", nil
	}
	found, err := c.found()
	if kind == identity.Person && !found.Insecure {
		return found.HTTP, true, err
	}
	return found.GRPC, !found.Insecure, err
}

// certificate is the TLS configuration of an authority or service: of the files
// named by flags, else of a certificate that the hub's development authority gives.
func (c connection) certificate(as identity.Caller) (func() (*tls.Config, error), error) {
	files := tlsfiles.Files{Certificate: c.Cert, Key: c.Key, Authorities: c.CA}
	if c.Server == "" && c.Cert == "" {
		ca, err := tlsfiles.DevelopmentCA(filepath.Join(c.Dir, hub.CertificateDir), nil)
		if err != nil {
			return nil, err
		}
		store, err := ca.Calling(as)
		if err != nil {
			return nil, err
		}
		return store.Client, nil
	}
	store, err := tlsfiles.Open(files, tlsfiles.Options{Name: as.ID, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("certificate of %s: %w", as.Actor(), err)
	}
	return store.Client, nil
}

// authority is a connection as a referring authority.
type authority struct {
	connection
	As string `help:"Id of the authority to act as." required:"" env:"NOTICEHUB_AUTHORITY" placeholder:"ID"`
}

func (a authority) dial() (*grpc.ClientConn, error) {
	return a.connection.dial(identity.Caller{Kind: identity.Authority, ID: a.As})
}

// signedIn is who signed in to this hub with `noticehub login`; false when nobody did.
func (c connection) signedIn() (signIn, bool, error) {
	if c.Dir == "" {
		return signIn{}, false, nil
	}
	s, ok, err := readSignIn(c.credentials())
	if !ok || err != nil {
		return s, false, err
	}
	address, _, err := c.door(identity.Person)
	return s, s.Server == address, err
}

// dialPerson connects as a person: as the development identity when flags name
// one, else as who is signed in, else as the development identity.
func (c connection) dialPerson(named bool, as identity.Caller) (*grpc.ClientConn, error) {
	if named {
		return c.dial(as)
	}
	s, ok, err := c.signedIn()
	if err != nil {
		return nil, err
	}
	if !ok {
		return c.dial(as)
	}
	o := rpc.DialOptions{Telemetry: telemetry.Discard(), Token: s.bearer(c.credentials())}
	if c.CA != "" {
		o.TLS = c.trusting
	} else if host, _, err := net.SplitHostPort(s.Server); err != nil || !egress.Loopback(host) {
		return nil, fmt.Errorf("the connection to %s is not encrypted: a sign-in is only sent to a hub on this machine; name the hub's CA with --ca", s.Server)
	}
	return rpc.DialWith(s.Server, o)
}

// trusting is the TLS configuration of somebody without a certificate, for a hub
// whose own is by the CA named.
func (c connection) trusting() (*tls.Config, error) {
	data, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s has no certificate", c.CA)
	}
	return &tls.Config{MinVersion: tls.VersionTLS13, RootCAs: roots}, nil
}

// officer is a connection as a person of the agency.
type officer struct {
	connection
	As    string   `help:"Id of the officer to act as, in development; by default who is signed in, or olive." env:"NOTICEHUB_OFFICER" placeholder:"ID"`
	Roles []string `help:"Roles of the officer, in development; by default those of who is signed in, or contact-officer,officer,supervisor."`
}

// caller is the development identity; named is whether flags say so.
func (o officer) caller() (c identity.Caller, named bool) {
	c = identity.Caller{Kind: identity.Person, ID: o.As, Roles: o.Roles}
	if c.ID == "" {
		c.ID = "olive"
	}
	if len(c.Roles) == 0 {
		c.Roles = []string{"contact-officer", "officer", "supervisor"}
	}
	return c, o.As != "" || len(o.Roles) > 0
}

// who is the id of the officer that commands act as.
func (o officer) who() string {
	c, named := o.caller()
	if s, ok, err := o.signedIn(); !named && ok && err == nil {
		return s.Person
	}
	return c.ID
}

func (o officer) dial() (*grpc.ClientConn, error) {
	c, named := o.caller()
	return o.dialPerson(named, c)
}

// administrator is a connection as somebody who looks after the hub.
type administrator struct{ connection }

func (a administrator) dial() (*grpc.ClientConn, error) {
	return a.dialPerson(false, identity.Caller{Kind: identity.Person, ID: "admin", Roles: []string{"administrator", "auditor"}})
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
