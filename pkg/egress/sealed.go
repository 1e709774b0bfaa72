package egress

import (
	"errors"
	"net"
	"net/url"
)

// Loopback reports whether a host, without its port, is this machine.
func Loopback(host string) bool {
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// Sealed refuses an address that secrets must not be sent to: only https URLs of
// a server are taken, and http ones of this machine. The error follows the name
// of what has the address.
func Sealed(address string) error {
	u, err := url.Parse(address)
	switch {
	case address == "":
		return errors.New("is missing")
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "":
		return errors.New("is not a URL of a server")
	case u.Scheme == "https" || u.Scheme == "http" && Loopback(u.Hostname()):
		return nil
	}
	return errors.New("must be https; http is allowed on this machine only")
}
