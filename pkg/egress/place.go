package egress

import (
	"net/mail"
	"os"
	"path"
	"regexp"
	"strings"

	"github.com/noticehub/noticehub/pkg/fault"
)

// Mailbox judges the address mail is to go to and gives it as it is to be used:
// one plain address, without a name, without anything by which a header or a
// second recipient could be slipped in, at a full name of a host.
func Mailbox(address string) (string, error) {
	no := fault.New(fault.Invalid, "TARGET_REFUSED", "this is not one plain mail address").WithHelp("Give an address such as reports@agency.example.gov.au.")
	if len(address) > 254 {
		return "", no
	}
	for _, r := range address {
		if r <= ' ' || r >= 0x7f || strings.ContainsRune(`"'()<>,;:\[]%!|`+"`", r) {
			return "", no
		}
	}
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Name != "" || parsed.Address != address || strings.Count(address, "@") != 1 {
		return "", no
	}
	local, domain, _ := strings.Cut(address, "@")
	if strings.HasPrefix(local, "-") || len(local) > 64 || checkName(domain) != nil {
		return "", no
	}
	return local + "@" + strings.ToLower(domain), nil
}

// piece of a file's name: no dots in front, nothing a shell or a terminal takes
// for more than a letter.
var piece = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

// File judges the name of a file target: relative, in plain pieces, no way up.
func File(name string) error {
	no := fault.New(fault.Invalid, "TARGET_REFUSED", "this is not a file's name below the folder for files").
		WithHelp("Use letters, digits, points, hyphens and underscores, with / between folders.")
	if name == "" || len(name) > 512 || path.Clean(name) != name || strings.HasPrefix(name, "/") {
		return no
	}
	for p := range strings.SplitSeq(name, "/") {
		if !piece.MatchString(p) {
			return no
		}
	}
	return nil
}

// Create makes a new file below dir, which the operator chose, for its owner only.
// Whatever links lie there, nothing outside dir is touched, and what is there
// already is not written over.
func Create(dir, name string) (*os.File, error) {
	if err := File(name); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // a handle on the folder, nothing to lose
	if folder := path.Dir(name); folder != "." {
		if err := root.MkdirAll(folder, 0o700); err != nil {
			return nil, err
		}
	}
	return root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
}
