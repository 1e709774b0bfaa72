package egress

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// CheckURL judges the address of a web hook when it is set: its form, its port
// and, now, where its name leads. Each connection is judged again. A name that
// cannot be resolved now is an Unavailable error.
func (g *Guard) CheckURL(ctx context.Context, raw string) (*url.URL, error) {
	u, err := g.form(raw)
	if err != nil {
		return nil, err
	}
	host, _, err := g.split(hostPort(u))
	if err != nil {
		return nil, err
	}
	if _, err := g.resolve(ctx, host); err != nil {
		return nil, err
	}
	return u, nil
}

// form judges what can be seen of a URL.
func (g *Guard) form(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, refused("the address is longer than %d bytes", maxURL)
	}
	for _, r := range raw {
		if r <= ' ' || r >= 0x7f || r == '\\' {
			return nil, refused("the address holds a character that a URL cannot have")
		}
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, refused("the address is no URL") // the error would repeat it
	case u.Scheme != "https":
		return nil, refused("the address does not begin with https://")
	case u.Opaque != "" || u.Host == "":
		return nil, refused("the address names no host")
	case u.User != nil:
		return nil, refused("the address holds a user or password")
	case u.Fragment != "" || strings.HasSuffix(raw, "#"):
		return nil, refused("the address holds a fragment")
	}
	return u, nil
}

func hostPort(u *url.URL) string {
	if u.Port() == "" && !strings.HasSuffix(u.Host, ":") {
		return net.JoinHostPort(u.Hostname(), "443")
	}
	return u.Host
}

// CheckServer judges host:port of a server that is not reached by http, such as a
// mail server, as CheckURL does.
func (g *Guard) CheckServer(ctx context.Context, address string) error {
	host, _, err := g.split(address)
	if err != nil {
		return err
	}
	_, err = g.resolve(ctx, host)
	return err
}

// split judges host and port of an address.
func (g *Guard) split(address string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, refused("the address is not a host and a port")
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || strconv.FormatUint(n, 10) != text || !slices.Contains(g.options.Ports, uint16(n)) {
		return "", 0, refused("the port is not one that may be reached")
	}
	literal, err := netip.ParseAddr(host)
	if err == nil {
		if literal.String() != host {
			return "", 0, refused("the address is not written as it should be")
		}
	} else if err := checkName(host); err != nil {
		return "", 0, err
	}
	if len(g.options.Hosts) > 0 && !slices.Contains(g.options.Hosts, strings.ToLower(host)) {
		return "", 0, refused("the host is not one that may be reached")
	}
	return host, uint16(n), nil
}

var (
	name = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)
	// number is a last label by which libraries take the whole for an IPv4 address:
	// 127.1, 0x7f.1, 2130706433.
	number = regexp.MustCompile(`^([0-9]+|0[xX][0-9A-Fa-f]*)$`)
)

// inner are names that lead inside wherever they are looked up.
var inner = []string{"localhost", "local", "internal", "intranet", "lan", "home", "corp", "arpa", "onion", "invalid", "test"}

// checkName refuses what is no full name of a host on the public network.
func checkName(host string) error {
	if len(host) > 253 || !name.MatchString(host) {
		return refused("the host is not the full name of a server")
	}
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if number.MatchString(last) || slices.Contains(inner, last) {
		return refused("the host is not the name of a public server")
	}
	return nil
}
