package egress

import (
	"net/netip"
)

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

var (
	// closed4 are the IPv4 networks of IANA's special-purpose registry that are not
	// globally reachable, and addresses where clouds keep their metadata.
	closed4 = prefixes(
		"0.0.0.0/8",        // this network
		"10.0.0.0/8",       // private
		"100.64.0.0/10",    // shared with a carrier; one cloud's metadata
		"127.0.0.0/8",      // loopback
		"168.63.129.16/32", // a cloud's wire server
		"169.254.0.0/16",   // link-local; most clouds' metadata
		"172.16.0.0/12",    // private
		"192.0.0.0/24",     // protocol assignments; one cloud's metadata
		"192.0.2.0/24",     // documentation
		"192.88.99.0/24",   // 6to4 relays
		"192.168.0.0/16",   // private
		"198.18.0.0/15",    // benchmarks
		"198.51.100.0/24",  // documentation
		"203.0.113.0/24",   // documentation
		"224.0.0.0/4",      // multicast
		"240.0.0.0/4",      // reserved, broadcast
	)
	// open6 is all that is handed out of IPv6; everything else (loopback,
	// unspecified, mapped and compatible IPv4, NAT64, unique local, link-local,
	// site-local, multicast) is closed by that.
	open6 = netip.MustParsePrefix("2000::/3")
	// closed6 are the networks within it that are not globally reachable or carry
	// an IPv4 address.
	closed6 = prefixes(
		"2001::/23",     // protocol assignments: Teredo, ORCHID, benchmarks
		"2001:db8::/32", // documentation
		"2002::/16",     // 6to4
		"3fff::/20",     // documentation
	)
)

// Public reports whether an address is one of the public network. IPv4 addresses
// in IPv6 clothes are not: their form is only ever a way around.
func Public(a netip.Addr) bool {
	switch {
	case !a.IsValid(), a.Zone() != "", a.Is4In6():
		return false
	case a.Is4():
		return !within(closed4, a)
	default:
		return open6.Contains(a) && !within(closed6, a)
	}
}

func within(networks []netip.Prefix, a netip.Addr) bool {
	for _, n := range networks {
		if n.Contains(a) {
			return true
		}
	}
	return false
}

// judge refuses an address that is neither public nor allowed.
func (g *Guard) judge(a netip.Addr) error {
	if Public(a) || a.Zone() == "" && within(g.options.Networks, a) {
		return nil
	}
	return refused("the target's address is not one of the public network")
}
