//go:build attack

package attacktest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"

	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
)

// outgoing is case 53, against the guard by which settings that people change
// reach out. Nothing is delivered by it yet; case 54, the receiver's verifier,
// comes with the delivery.
func outgoing() []attack {
	return []attack{{number: 53, name: "targets inside: web hooks, mail, files", noRecord: "the guard is a kit piece: whoever changes a setting records the refusal", run: targetsInside}}
}

// changing is a resolver that gives one answer at set-up and another afterwards.
type changing struct {
	first, then string
	asked       atomic.Int64
}

func (c *changing) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	if c.asked.Add(1) == 1 {
		return []netip.Addr{netip.MustParseAddr(c.first)}, nil
	}
	return []netip.Addr{netip.MustParseAddr(c.then)}, nil
}

func targetsInside(a *attempt) {
	refused := func(err error) bool {
		var f *fault.Error
		return errors.As(err, &f) && f.Reason == "TARGET_REFUSED"
	}
	_, web, _ := net.SplitHostPort(a.hub.HTTP())
	_, native, _ := net.SplitHostPort(a.hub.GRPC())
	public := &changing{first: "93.184.216.34", then: "93.184.216.34"}
	g, err := egress.New(egress.Options{Resolver: public})
	if err != nil {
		a.Fatal(err)
	}
	for _, to := range []string{
		"https://127.0.0.1:" + web + "/v1/whoami", "https://localhost:" + native + "/", "https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "https://10.1.2.3/", "https://172.16.9.9/", "https://192.168.1.1/",
		"https://100.64.0.1/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[2001:0:1::1]/", "https://2130706433/", "https://0x7f.1/", "https://127.1/", "https://[fe80::1%25lo]/",
		"http://hooks.agency.example/", "https://hooks.agency.example:22/", "https://hooks.agency.example:5432/", "https://user:pw@hooks.agency.example/", "file:///etc/passwd", "unix:///var/run/postgresql/.s.PGSQL.5432", "gopher://127.0.0.1/", "https://metadata.google.internal/", "https://224.0.0.1/",
	} {
		if _, err := g.CheckURL(a.ctx, to); !refused(err) {
			a.Errorf("at set-up %s: %v", to, err)
		}
		if answer, err := g.Client().Post(to, "application/json", strings.NewReader("{}")); !refused(err) {
			a.Errorf("at dial %s: %v", to, err)
			if err == nil {
				_ = answer.Body.Close()
			}
		}
	}
	// A name that changes its mind between set-up and call.
	for _, inside := range []string{"127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1"} {
		rebinding, err := egress.New(egress.Options{Resolver: &changing{first: "93.184.216.34", then: inside}})
		if err != nil {
			a.Fatal(err)
		}
		if _, err := rebinding.CheckURL(a.ctx, "https://hooks.agency.example/"); err != nil {
			a.Errorf("set-up: %v", err)
		}
		answer, err := rebinding.Client().Get("https://hooks.agency.example/")
		if err == nil {
			_ = answer.Body.Close()
		}
		if !refused(err) {
			a.Errorf("rebound to %s: %v", inside, err)
		}
	}
	for _, server := range []string{"127.0.0.1:25", "localhost:587", "mail.agency.example:25", "[::1]:465"} {
		if err := g.CheckServer(a.ctx, server); !refused(err) {
			a.Errorf("mail by %s: %v", server, err)
		}
	}
	for _, mailbox := range []string{"a@127.0.0.1", "a@localhost", "a@agency.example\r\nBcc: b@evil.example", "|sh@agency.example", "a@agency.example,b@evil.example"} {
		if _, err := egress.Mailbox(mailbox); !refused(err) {
			a.Errorf("mail to %q: %v", mailbox, err)
		}
	}
	for _, file := range []string{"../../etc/cron.d/x", "/etc/passwd", "a/../../b", ".ssh/authorized_keys", "x\x00.json"} {
		if f, err := egress.Create(a.TempDir(), file); !refused(err) {
			a.Errorf("a file %q: %v", file, err)
			if err == nil {
				_ = f.Close()
			}
		}
	}
}
