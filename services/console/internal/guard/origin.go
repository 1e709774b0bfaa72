package guard

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/noticehub/noticehub/pkg/egress"
	"github.com/noticehub/noticehub/pkg/fault"
)

// Origin is where browsers reach the console. A cookie counts only for requests
// that pages of this very origin make: not for those of other sites, nor for
// those of a sibling on the same site.
type Origin struct {
	text, host string
	cross      *http.CrossOriginProtection
}

// ParseOrigin reads "https://host[:port]"; http only for this machine.
func ParseOrigin(text string) (Origin, error) {
	if err := egress.Sealed(text); err != nil {
		return Origin{}, err
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme+"://"+u.Host != text {
		return Origin{}, errors.New("must be scheme and host only, such as https://console.example")
	}
	return Origin{text: text, host: u.Host, cross: http.NewCrossOriginProtection()}, nil
}

// String is the origin as browsers write it.
func (o Origin) String() string { return o.text }

// Alias reports whether a host is another name of this machine, where the
// console is on it: localhost for 127.0.0.1. Cookies do not go from one to the
// other, so that signing in must begin at the right one.
func (o Origin) Alias(host string) bool {
	return host != o.host && local(host) && local(o.host)
}

// local reports whether a host with a port is this machine.
func local(host string) bool {
	u := url.URL{Host: host}
	return egress.Loopback(u.Hostname())
}

// Secure reports whether it is reached by TLS.
func (o Origin) Secure() bool { return o.text[:5] == "https" }

// Allows checks a request by its method and what the browser says about its
// source: the headers Origin and Sec-Fetch-Site. What may change something must
// say that it comes from here; only GET and HEAD may say nothing, as browsers
// leave it out there. A call without a method is no browser's and may not.
func (o Origin) Allows(method, origin, fetchSite string) error {
	safe := method == http.MethodGet || method == http.MethodHead
	if origin != o.text && (!safe || origin != "") {
		return foreign(errors.New("the Origin header is another's or missing"))
	}
	if !safe {
		method = http.MethodPost // whatever it is, it is not safe
	}
	r := &http.Request{Method: method, Host: o.host, Header: http.Header{}}
	r.Header.Set("Origin", origin)
	r.Header.Set("Sec-Fetch-Site", fetchSite)
	if err := o.cross.Check(r); err != nil {
		return foreign(err)
	}
	return nil
}

// AllowsRequest checks a request by its headers.
func (o Origin) AllowsRequest(r *http.Request) error {
	if len(r.Header.Values("Origin")) > 1 || len(r.Header.Values("Sec-Fetch-Site")) > 1 {
		return foreign(errors.New("a header about the source is there twice"))
	}
	return o.Allows(r.Method, r.Header.Get("Origin"), r.Header.Get("Sec-Fetch-Site"))
}

func foreign(cause error) error {
	return fault.New(fault.Unauthenticated, "ORIGIN_REFUSED", "the request does not come from a page of the console").
		WithHelp("Use the console's own pages; programs send a token instead of a cookie.").Wrap(cause)
}
